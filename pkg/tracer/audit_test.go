package tracer

import (
	"context"
	"errors"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/audit"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// TestAuditEvents: what decides a counter survives, the rest is added up.
func TestAuditEvents(t *testing.T) {
	f := newFakeSource()
	variant := closedPortEvidence
	variant.Facts |= event.FactWindow
	f.counts.ByEvidence = append(f.counts.ByEvidence,
		probe.Count{Evidence: closedPortEvidence, Events: 100}, probe.Count{Evidence: variant, Events: 5},
		probe.Count{Evidence: noReset, Events: 7}, probe.Count{Evidence: receivedEvidence, Events: 10})
	f.counts.Uncounted, f.counts.Missed = 2, 3
	events, err := (&Tracer{source: f}).AuditEvents()
	if err != nil {
		t.Fatal(err)
	}
	closedPort := audit.Key{Dir: event.Sent, Cause: "closed-port", Hook: event.HookSendReply, Socket: event.SockNone}
	refused := audit.Key{Dir: event.Received, Cause: "refused", Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent}
	if len(events.Counts) != 2 || events.Counts[closedPort] != 105 || events.Counts[refused] != 10 {
		t.Errorf("%+v", events.Counts)
	}
	if events.Uncounted != 2 || events.Missed != 3 {
		t.Errorf("%+v", events)
	}
}

// TestBeforeEnd: it runs while the hooks are attached, and its error ends the
// stream.
func TestBeforeEnd(t *testing.T) {
	f := newFakeSource()
	tracer := &Tracer{source: f}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failure := errors.New("no counters")
	calls := 0
	tracer.BeforeEnd(func() error {
		if calls++; f.detached {
			t.Error("the hooks are detached already")
		}
		return failure
	})
	var got []error
	for _, err := range tracer.Events(ctx) {
		got = append(got, err)
	}
	if calls != 1 || len(got) != 1 || !errors.Is(got[0], failure) {
		t.Errorf("%d calls, errors %v", calls, got)
	}
}
