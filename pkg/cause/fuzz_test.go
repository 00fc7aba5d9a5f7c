package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// FuzzClassify: any evidence, possible or not, gets a defined cause of the
// right direction and a text, and nothing panics.
func FuzzClassify(f *testing.F) {
	for _, hook := range hooks {
		n := 0
		for e := range enumerate(hook) {
			if n++; n%40009 == 0 {
				f.Add(uint8(e.Hook), uint8(e.Socket), uint8(e.State), uint8(e.Prior), uint8(e.Packet), uint8(e.Caller),
					e.Reason, e.Dropped, uint8(e.Chain), uint32(e.Facts))
			}
		}
	}
	f.Add(uint8(255), uint8(255), uint8(255), uint8(255), uint8(255), uint8(255), "\xff", true, uint8(255), uint32(1<<32-1))
	f.Fuzz(func(t *testing.T, hook, socket, state, prior, packet, caller uint8, reason string, dropped bool, chain uint8, facts uint32) {
		e := event.Event{Evidence: event.Evidence{
			Hook: event.Hook(hook), Socket: event.SockKind(socket), State: event.State(state), Prior: event.State(prior),
			Packet: event.TCPFlags(packet), Caller: event.Caller(caller), Reason: reason, Dropped: dropped, Chain: event.Chain(chain),
			Facts: event.Facts(facts),
		}}
		v := Classify(e.Evidence)
		checkVerdict(t, e.Evidence, v)
		IsReset(e.Evidence)
		Explain(&e)
		if e.Cause != v.Cause || e.Dir != v.Dir || e.Summary == "" || e.Remedy == "" {
			t.Errorf("Explain gives %+v for verdict %+v", e, v)
		}
	})
}
