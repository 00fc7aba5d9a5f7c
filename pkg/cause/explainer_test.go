package cause

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestExplainerRemembers: what an Explainer knows of the events before changes
// nothing, in whatever order they come.
func TestExplainerRemembers(t *testing.T) {
	var x Explainer
	same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	all := stories()
	for distance := range 3 {
		for i := range all {
			for _, s := range []story{all[i], all[(i+distance)%len(all)]} {
				alone, decided := *s.e, *s.e
				Explain(&alone)
				x.Decide(&decided)
				if decided.Cause != alone.Cause || decided.Dir != alone.Dir || decided.Certainty != alone.Certainty {
					t.Errorf("%s: decided as %s %s (%s)", s.name, decided.Dir, decided.Cause, decided.Certainty)
				}
				x.Explain(&decided)
				if diff := cmp.Diff(alone, decided, same); diff != "" {
					t.Errorf("%s (-alone +after others):\n%s", s.name, diff)
				}
			}
		}
	}
}

// TestExplainerForgetsConnections: the evidence of a broken handshake does not
// say what its application gets.
func TestExplainerForgetsConnections(t *testing.T) {
	first := event.Event{Evidence: event.Evidence{
		Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynRecv, Packet: rst,
		Facts: event.FactSeesPacket | event.FactInFlight | event.FactHasSocket,
	}}
	second := first
	second.Conn.BytesReceived = 1
	alone := second
	Explain(&alone)
	var x Explainer
	x.Explain(&first)
	x.Explain(&second)
	if first.App == second.App || second.App != alone.App {
		t.Errorf("%+v, then %+v, want %+v", first.App, second.App, alone.App)
	}
}
