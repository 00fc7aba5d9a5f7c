package tracing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFlush: after every batch comes the moment to write out.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(closedPort(1), closedPort(2)), resets(closedPort(3)))
		all, _ := collect(tracing(f, ""), 3)
		var ports []uint16
		for _, s := range all {
			ports = append(ports, s.port)
		}
		if diff := cmp.Diff([]uint16{1, 2, 0, 3}, ports); diff != "" {
			t.Errorf("0 is a flush (-want +got):\n%s", diff)
		}
	})
}

// TestNoReset: tcp_reset runs also where no RST came.
func TestNoReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := received(1, 0x100)
		data.Evidence = noReset
		all, events := collect(tracing(newFakeSource(resets(data, closedPort(2))), ""), 1)
		if got := onlyEvents(all); got[0].port != 2 || events[0].ID != 1 {
			t.Errorf("%+v, id %d", got, events[0].ID)
		}
	})
}

func TestErrorEndsStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(closedPort(1)))
		f.failure = errors.New("no more")
		var errs []error
		for _, err := range tracing(f, "").Events(t.Context()) {
			errs = append(errs, err)
		}
		if len(errs) != 2 || errs[0] != nil || !errors.Is(errs[1], f.failure) {
			t.Errorf("event and error expected: %v", errs)
		}
	})
}

// TestEnd: when the context ends the hooks go first, and what they had seen is
// still reported.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource()
		last := received(2, 0x100)
		f.afterDetach = []probe.Batch{resets(closedPort(1)), resets(last)}
		f.holders = func() []event.Holder { return []event.Holder{holderOf(last, 10)} }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []seen
		go func() {
			synctest.Wait() // until Read waits
			if f.detached {
				t.Error("detached before the end")
			}
			cancel()
		}()
		err := tracing(f, "").Run(ctx, &sinkFuncs{
			event: func(e *event.Event) error {
				got = append(got, seen{port: e.Local.Port, pid: e.Owner.PID})
				return nil
			},
			flush: func() error {
				got = append(got, seen{})
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 && got[0].port == 0 {
			got = got[1:] // the flush of the read that was interrupted
		}
		want := []seen{{port: 1}, {port: 2, pid: 10}, {}}
		if diff := cmp.Diff(want, got, compareSeen); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestEndWhileWaiting: the end does not wait for owners for ever.
func TestEndWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(received(1, 0x100)))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := 0
		err := tracing(f, "").Run(ctx, &sinkFuncs{
			event: func(*event.Event) error { events++; return nil },
			flush: func() error { cancel(); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if events != 1 {
			t.Errorf("%d events, want the one that waited", events)
		}
	})
}

// TestInterruptedBatch: a read that is interrupted half-way has taken records
// out of the ring already.
func TestInterruptedBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &halfRead{fakeSource: newFakeSource(), first: closedPort(1)}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f.cancel = cancel
		events := 0
		for _, err := range tracing(f, "").Events(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			events++
		}
		if events != 1 {
			t.Errorf("%d events, want 1", events)
		}
	})
}

type halfRead struct {
	*fakeSource
	first  event.Event
	cancel context.CancelFunc
}

func (h *halfRead) Read(ctx context.Context, batch *probe.Batch, _ time.Time) error {
	batch.Resets, batch.Holders = batch.Resets[:0], batch.Holders[:0]
	if h.detached {
		return nil
	}
	batch.Resets = append(batch.Resets, h.first)
	h.cancel()
	return ctx.Err()
}

// TestBreak: who stops asking gets nothing more, and the tracer stays usable.
func TestBreak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(closedPort(1), closedPort(2)), resets(closedPort(3)))
		f.counts.ByEvidence = []probe.Count{{Evidence: closedPortEvidence, Events: 3}}
		tracer := tracing(f, "")
		for _, err := range tracer.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		totals, err := tracer.Totals()
		if err != nil {
			t.Fatal(err)
		}
		if totals.Shown != 1 || totals.NotShown != 2 {
			t.Errorf("%+v", totals)
		}
		var rest []uint16
		for e, err := range tracer.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if rest = append(rest, e.Local.Port); len(rest) == 2 {
				break
			}
		}
		if diff := cmp.Diff([]uint16{2, 3}, rest); diff != "" {
			t.Errorf("asked again (-want +got):\n%s", diff)
		}
		if err := tracer.Close(); err != nil || !f.closed {
			t.Errorf("closed: %v, %v", f.closed, err)
		}
	})
}

func TestTotals(t *testing.T) {
	f := newFakeSource()
	sameCause := closedPortEvidence
	sameCause.Facts |= event.FactWindow
	f.counts = probe.Counts{
		ByEvidence: []probe.Count{
			{Evidence: closedPortEvidence, Events: 100},
			{Evidence: noReset, Events: 7},
			{Evidence: receivedEvidence, Events: 10},
			{Evidence: sameCause, Events: 5},
		},
		Lost: 20, Uncounted: 2, Missed: 3,
	}
	tracer := tracing(f, "")
	tracer.shownIDs.last = 60
	totals, err := tracer.Totals()
	if err != nil {
		t.Fatal(err)
	}
	receivedCause := cause.Classify(receivedEvidence).Cause
	want := event.Totals{
		Counts: []event.Count{
			{Dir: event.Sent, Cause: cause.ClosedPort, Events: 105},
			{Dir: event.Received, Cause: receivedCause, Events: 10},
			{Cause: cause.Unclassified, Events: 2},
		},
		Shown: 60, Lost: 20, NotShown: 37, Missed: 3,
	}
	if diff := cmp.Diff(want, totals, cmpopts.IgnoreFields(event.Totals{}, "Time")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if totals.Events() != totals.Shown+totals.NotShown+totals.Lost {
		t.Errorf("%d events, and %+v", totals.Events(), totals)
	}
}
