package wire

import "github.com/rsttrace/rsttrace/pkg/event"

// rst is the RST itself, copied out of the reader's memory.
type rst struct {
	Packet
	payload  [payloadKept]byte
	nPayload uint8
	whole    [event.FrameMax]byte
	nWhole   uint16
	sum      checksum
}

// payloadKept is what the live tracer shows of the payload of a RST.
const payloadKept = 63

// sight is a RST with what was known when it came, and what came after it. S is the end
// in whose name it was sent, T the other one.
type sight struct {
	rst
	s, t    side // before the RST
	flow    int32
	life    uint32
	sender  int
	id      uint64 // of its event
	fulfils uint64 // number of the RST that T challenged, if this one is the answer
	inside  bool   // the SYN came while another connection with these ports was open
	before  int64  // number in the queue of the RST before it in its connection; -1: none

	after
}

// after is what packets after the RST show.
type after struct {
	wentOn     uint64 // S sent something new past the RST: number of the packet
	challenged uint64 // T answered with an ACK
	challenge  uint32 // its number
	obeyed     uint64 // then S sent the RST that fits exactly
	tWentOn    uint64 // T sent something new
	tSigned    uint64 // T sent a segment with a signature
	// beyond: another RST of S had a higher number than this one, and than S had sent.
	beyond uint64
	// otherAck: another RST of S acknowledged something that nothing explains.
	otherAck uint64
	later    trigger // S's first packet after it
	next     []mark  // further RSTs of S, for the signature
}

// nextKept is how many further RSTs a signature looks at.
const nextKept = 3

// bare: it has no ACK flag, so it was built from the packet that it answers.
func (v *sight) bare() bool { return !v.Flags.Has(event.ACK) }

// synchronized: the handshake had succeeded, or both ends were in the middle of it all
// when the capture began.
func (v *sight) synchronized() bool {
	valid := func(x, y *side) bool { // what y acknowledges is what x has sent
		return y.acked && (!x.syn && !x.synAck || before(x.isn, y.ack) && !before(x.next, y.ack))
	}
	return valid(&v.s, &v.t) && valid(&v.t, &v.s)
}

// exact: it has the number that S sends next, or that of its FIN, which some systems
// leave out.
func (v *sight) exact() bool {
	next, known := v.s.sent(&v.t)
	return known && v.Seq == next || v.s.fin && v.Seq == v.s.finSeq
}

// plain: it has what an answer to an unknown packet has, and nothing else.
func (v *sight) plain() bool {
	return v.bare() && v.Window == 0 && v.Options.Bytes == 0
}

// answers: a packet of T acknowledged exactly this number.
func (v *sight) answers() bool { return v.bare() && v.t.has(v.Seq) }

// stampFits: it carries a timestamp of S that goes on from the last one.
func (v *sight) stampFits() bool {
	return v.Options.Timestamps && (!v.s.stamped || !before(v.Options.TSval, v.s.tsval))
}

// negotiated: both ends use timestamps.
func (v *sight) negotiated() bool { return v.s.stamped && v.t.stamped }

// living: it was built from the state of a connection, as Linux does it.
func (v *sight) living() bool {
	if v.bare() || v.negotiated() && !v.Options.Timestamps {
		return false
	}
	return v.Window > 0 || v.stampFits() || v.s.packets > 0 && v.s.window == 0
}

// inFlight: the number is one of S's that T has not acknowledged, so it may be the end
// of T's window.
func (v *sight) inFlight() bool {
	return v.t.acked && v.s.known && !before(v.Seq, v.t.ack) && !before(v.s.next, v.Seq)
}

// unread: T had sent data that S had not acknowledged before its RST.
func (v *sight) unread() bool {
	return v.t.data > 0 && v.s.acked && before(v.s.ack, v.t.dataEnd())
}

// unacked: S had sent data that T has not acknowledged.
func (v *sight) unacked() bool {
	return v.s.data > 0 && v.t.acked && before(v.t.ack, v.s.dataEnd())
}

// again: it is the same RST as the first.
func (v *sight) again() bool {
	f := v.s.first
	return f != nil && f.seq == v.Seq && f.ack == v.Ack && f.flags == v.Flags
}

// provoked is the packet of T that the RST answers, nil if none fits. The answer to a
// packet with an ACK has its number, and the answer to one without acknowledges it.
func (v *sight) provoked() *trigger {
	t := &v.t.last
	switch {
	case t.number == 0:
		return nil
	case v.bare() && t.flags.Has(event.ACK) && t.ack == v.Seq:
		return t
	case !v.bare() && v.Ack == t.end() && (v.Seq == 0 || t.fresh):
		return t
	}
	return nil
}
