package wire

import "github.com/rsttrace/rsttrace/pkg/event"

// signature is how the packets of a client look to those who search for tampering: how
// far it had come, and which RSTs in its name followed. It is one of the signatures of
// "Global, Passive Detection of Connection Tampering" (SIGCOMM 2023) that have a RST; ""
// where none fits. Programs that close in an ordinary way have them, too, so it is a
// label and no verdict.
func signature(v *sight) string {
	if !v.s.syn || v.s.fin || v.s.first != nil {
		return ""
	}
	stage := v.stage()
	var bare, acks int
	rsts := append([]mark{{seq: v.Seq, ack: v.Ack, flags: v.Flags}}, v.next...)
	for _, r := range rsts {
		if r.flags.Has(event.ACK) {
			acks++
		} else {
			bare++
		}
	}
	what := kindsOf(bare, acks)
	if stage == "PSH" && bare > 1 && acks == 0 {
		what = acksOf(rsts)
	}
	if !signatures[stage+" → "+what] {
		return ""
	}
	return stage + " → " + what
}

// stage is what the client had sent before the RST.
func (v *sight) stage() string {
	switch {
	case v.s.data > 1:
		return "data"
	case v.s.data == 1:
		return "PSH"
	case v.s.nAcks > 0:
		return "ACK"
	}
	return "SYN"
}

func kindsOf(bare, acks int) string {
	switch {
	case bare > 0 && acks > 0:
		return "RST;RST+ACK"
	case acks > 1:
		return "RST+ACK;RST+ACK"
	case acks == 1:
		return "RST+ACK"
	case bare > 1:
		return "RST;RST"
	}
	return "RST"
}

// acksOf distinguishes several RSTs without ACK flag by their numbers of acknowledgement.
func acksOf(rsts []mark) string {
	equal, zero, other := true, false, false
	for _, r := range rsts {
		equal = equal && r.ack == rsts[0].ack
		zero = zero || r.ack == 0
		other = other || r.ack != 0
	}
	switch {
	case equal:
		return "RST=RST"
	case zero && other:
		return "RST;RST0"
	}
	return "RST≠RST"
}

// signatures are those with a RST. The others of the 19 have none: silence after SYN, ACK
// or PSH.
var signatures = map[string]bool{
	"SYN → RST": true, "SYN → RST+ACK": true, "SYN → RST;RST+ACK": true,
	"ACK → RST": true, "ACK → RST;RST": true, "ACK → RST+ACK": true, "ACK → RST+ACK;RST+ACK": true,
	"PSH → RST": true, "PSH → RST+ACK": true, "PSH → RST;RST+ACK": true, "PSH → RST+ACK;RST+ACK": true,
	"PSH → RST=RST": true, "PSH → RST≠RST": true, "PSH → RST;RST0": true,
	"data → RST": true, "data → RST+ACK": true,
}
