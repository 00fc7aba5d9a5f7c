package cause

import (
	"sync"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestManyGoroutines classifies and explains everywhere at once, each with an event
// of its own. The race detector watches.
func TestManyGoroutines(t *testing.T) {
	evidence := event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent, Family: event.IPv4}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				e := event.Event{Evidence: evidence, Dir: event.Received, Cause: Classify(evidence).Cause}
				Explain(&e)
				if entry, _ := Lookup(e.Cause); e.Cause != Refused || e.Summary == "" || entry.Remedy == "" {
					t.Errorf("%s: %q", e.Cause, e.Summary)
				}
			}
		})
	}
	all.Wait()
}

// TestExplainedStaysValid: an Explainer writes each summary to memory that it does
// not use again.
func TestExplainedStaysValid(t *testing.T) {
	evidence := event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent, Family: event.IPv4}
	var x Explainer
	var kept []event.Event
	for port := range uint16(5000) {
		e := event.Event{Evidence: evidence, Peer: event.Endpoint{Port: 1 + port}}
		x.Explain(&e)
		kept = append(kept, e)
	}
	for _, e := range kept {
		again := event.Event{Evidence: evidence, Peer: e.Peer}
		new(Explainer).Explain(&again)
		if e.Summary != again.Summary {
			t.Fatalf("%q, was %q", e.Summary, again.Summary)
		}
	}
}
