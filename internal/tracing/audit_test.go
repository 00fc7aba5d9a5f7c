package tracing

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestAuditEvents: what decides a counter survives, the rest is added up.
func TestAuditEvents(t *testing.T) {
	f := newFakeSource()
	variant := closedPortEvidence
	variant.Facts |= event.FactWindow
	f.counts.ByEvidence = append(f.counts.ByEvidence,
		probe.Count{Evidence: closedPortEvidence, Events: 100}, probe.Count{Evidence: variant, Events: 5},
		probe.Count{Evidence: noReset, Events: 7}, probe.Count{Evidence: receivedEvidence, Events: 10})
	f.counts.Uncounted, f.counts.Unplaced, f.counts.Missed = 2, 4, 3
	f.namespaces = []probe.NetnsCount{
		{Inode: 1, Mix: 7, Evidence: closedPortEvidence, Events: 60},
		{Inode: 1, Mix: 7, Evidence: variant, Events: 5},
		{Inode: 1, Mix: 8, Evidence: closedPortEvidence, Events: 36},
		{Inode: 1, Mix: 9, Evidence: noReset, Events: 7},
		{Inode: 2, Mix: 9, Evidence: receivedEvidence, Events: 10},
	}
	events, err := (&Tracer{source: f}).auditEvents()
	if err != nil {
		t.Fatal(err)
	}
	closedPort := audit.Key{Dir: event.Sent, Cause: cause.ClosedPort, Hook: event.HookSendReply, Socket: event.SockNone}
	refused := audit.Key{Dir: event.Received, Cause: cause.Refused, Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent}
	if len(events.Counts) != 2 || events.Counts[closedPort] != 105 || events.Counts[refused] != 10 {
		t.Errorf("%+v", events.Counts)
	}
	if events.Uncounted != 2 || events.Unplaced != 4 || events.Missed != 3 {
		t.Errorf("%+v", events)
	}
	want := map[audit.Namespace]audit.Counts{
		{Inode: 1, Mix: 7}: {closedPort: 65}, {Inode: 1, Mix: 8}: {closedPort: 36}, {Inode: 2, Mix: 9}: {refused: 10},
	}
	if diff := cmp.Diff(want, events.Namespaces); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAuditSurplus: events of a namespace that nobody could read explain no more
// than themselves. What a namespace has too many that stays is a contradiction.
func TestAuditSurplus(t *testing.T) {
	const surplus, between = 1 << 40, 1 << 20 // more than this host has meanwhile
	f := newFakeSource(resets(closedPort(1)))
	tracer := tracing(f, "")
	tracer.reports.auditAtEnd = true
	var report event.Audit
	err := tracer.Run(t.Context(), &sinkFuncs{
		event: func(*event.Event) error {
			f.counts.ByEvidence = []probe.Count{{Evidence: closedPortEvidence, Events: surplus + between}}
			f.namespaces = []probe.NetnsCount{
				{Inode: ownNamespace(t, os.Getpid()), Mix: 1, Evidence: closedPortEvidence, Events: surplus},
				{Inode: 1, Mix: 2, Evidence: closedPortEvidence, Events: between},
			}
			return event.ErrEnough
		},
		audit: func(a *event.Audit) error { report = *a; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range report.Counters {
		if l.Name != "TcpOutRsts" {
			continue
		}
		if l.OK || l.Uncompared || report.OK || l.Counted != surplus+between {
			t.Errorf("%+v", l)
		}
		if want := fmt.Sprintf("besides %d events of 1 namespace", between); !strings.Contains(l.Note, want) {
			t.Errorf("the note does not say %q: %s", want, l.Note)
		}
		return
	}
	t.Fatalf("no TcpOutRsts in %+v", report)
}

// TestAuditBeforeDetach: the whole run is compared while the hooks are attached,
// and reported behind the last event, before the totals.
func TestAuditBeforeDetach(t *testing.T) {
	f := newFakeSource()
	tracer := tracing(f, "")
	tracer.reports.auditAtEnd = true
	f.afterDetach = []probe.Batch{resets(closedPort(1))}
	var order []string
	f.counted = func() {
		if !f.detached {
			order = append(order, "counted")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := tracer.Run(ctx, &sinkFuncs{
		event:  func(*event.Event) error { order = append(order, "event"); return nil },
		audit:  func(*event.Audit) error { order = append(order, "audit"); return nil },
		totals: func(*event.Totals) error { order = append(order, "totals"); return nil },
		flush:  func() error { order = append(order, "flush"); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"counted", "event", "audit", "totals", "flush"}
	if diff := cmp.Diff(want, slices.Compact(order)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestAskTotals: they come once for each time that they were asked for, and at
// the end.
func TestAskTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(closedPort(1)))
		tracer := tracing(f, "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var shown []uint64
		go func() {
			synctest.Wait() // until Read waits
			tracer.AskTotals()
			synctest.Wait()
			cancel()
		}()
		err := tracer.Run(ctx, &sinkFuncs{totals: func(t *event.Totals) error { shown = append(shown, t.Shown); return nil }})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(shown, []uint64{1, 1}) {
			t.Errorf("totals with %v events shown, want two of 1", shown)
		}
	})
}

// TestAuditKeyHasStateOfEvent: a request socket is SYN_RECV, as its event says.
func TestAuditKeyHasStateOfEvent(t *testing.T) {
	e := event.Evidence{Hook: event.HookSendReply, Socket: event.SockRequest, State: event.StateNewSynRecv}
	if got := auditKey(e).State; got != event.StateSynRecv {
		t.Errorf("state %v, want %v", got, event.StateSynRecv)
	}
}
