package tracing_test

import (
	"context"
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// TestNoFlowMemory: without notes of connections the causes that rest on them
// are what packets and sockets alone tell, nobody is named after a close, and no
// age is known.
func TestNoFlowMemory(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for _, name := range []string{"closed-earlier", "closed-earlier-in-order", "broken-pipe", "peer-gone", "power-loss"} {
		t.Run(name, func(t *testing.T) {
			scenario, ok := lab.Find(name)
			if !ok {
				t.Fatalf("no scenario %q", name)
			}
			tr, err := tracing.Open(tracing.Options{NoFlowMemory: true})
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			outcome, err := lab.Run(t.Context(), scenario, event.IPv4, lab.Options{})
			if err != nil {
				t.Fatal(err)
			}
			events := drained(t, tr)
			for _, x := range outcome.Expect {
				want := x.WithoutMemory
				if want == "" {
					want = x.Expected(tr.Session().Visibility().ReceivedPacket)
				}
				e := ofExpectation(events, outcome, x, want)
				if e == nil {
					t.Errorf("%s %s is not reported as %s", x.Dir, x.Cause, want)
					continue
				}
				if gone := e.Evidence.Socket != event.SockFull || e.Evidence.Has(event.FactDead); gone && !e.Owner.IsZero() {
					t.Errorf("%s has an owner from %s, where there is no socket", e.Cause, e.Owner.Source)
				}
				if e.Conn.AgeMillis != 0 {
					t.Errorf("%s is of a connection of %d ms", e.Cause, e.Conn.AgeMillis)
				}
				if e.Conn.Role != "" && e.Conn.Role != x.Role {
					t.Errorf("%s says that this end is the %s, it is the %s", e.Cause, e.Conn.Role, x.Role)
				}
				// What listen has left on a socket stays for as long as it is there.
				if e.Conn.Known && x.Role == event.Server && e.Conn.Role == "" {
					t.Errorf("%s does not say that this end is the server", e.Cause)
				}
			}
		})
	}
}

// drained is what tr has seen so far: with its context at an end it detaches, and
// yields what is left.
func drained(t *testing.T, tr *tracing.Tracer) (events []event.Event) {
	t.Helper()
	ended, end := context.WithCancel(t.Context())
	end()
	for e, err := range tr.Events(ended) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, *e)
	}
	return events
}

// ofExpectation takes the event of x with that cause out of events, or returns
// nil.
func ofExpectation(events []event.Event, outcome *lab.Outcome, x lab.Expectation, cause event.CauseID) *event.Event {
	at := slices.IndexFunc(events, func(e event.Event) bool {
		inode := slices.ContainsFunc(outcome.Namespaces, func(n lab.NamespaceInfo) bool {
			return n.Name == x.Namespace && n.Inode == e.Netns.Inode
		})
		return inode && e.Dir == x.Dir && e.Local == x.Local && e.Peer == x.Peer && e.Cause == cause
	})
	if at < 0 {
		return nil
	}
	found := events[at]
	events[at] = event.Event{}
	return &found
}
