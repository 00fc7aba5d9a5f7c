package probe

import (
	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	afINET  = 2
	afINET6 = 10
)

// decodeEvidence turns the kernel's evidence into that of package event. The enums have
// the same values on both sides (see evidence_test.go).
func decodeEvidence(v *bpf.ContextEvidence, k *kernel) event.Evidence {
	evidence := event.Evidence{
		Hook:    event.Hook(v.Hook),
		Socket:  event.SockKind(v.Socket),
		State:   event.State(v.State),
		Prior:   event.State(v.Prior),
		Packet:  event.TCPFlags(v.Packet),
		Caller:  event.Caller(v.Caller),
		Reason:  k.reason(v.Reason, v.Dropped != 0),
		Dropped: v.Dropped != 0,
		Chain:   event.Chain(v.Chain),
		Family:  event.IPv4,
		Facts:   event.Facts(v.Facts),
	}
	if v.Family == afINET6 {
		evidence.Family = event.IPv6
	}
	return evidence
}
