package tracing

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// broken is a shown event after which a write of process pid gets SIGPIPE.
func broken(id uint64, pid uint32, at time.Time) *event.Event {
	return &event.Event{
		ID: id, Time: at, Cause: cause.WroteAfterPeerClose, Owner: event.Owner{PID: pid},
		App: event.App{Errno: "EPIPE", SIGPIPE: true, ErrorCall: "write"},
	}
}

func sigpipe(pid uint32, at time.Time) event.Signal {
	return event.Signal{Time: at, Process: event.Process{PID: pid, TID: pid, Comm: "app"}}
}

func fatal(s event.Signal) event.Signal {
	s.Fatal = true
	return s
}

// TestFollowups says for each signal which event it follows from, 0 for none.
func TestFollowups(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for name, test := range map[string]struct {
		resets  []*event.Event
		signals []event.Signal
		want    []uint64
	}{
		"the process's reset":  {[]*event.Event{broken(1, 10, at(0))}, []event.Signal{sigpipe(10, at(4))}, []uint64{1}},
		"another process":      {[]*event.Event{broken(1, 10, at(0))}, []event.Signal{sigpipe(11, at(4))}, []uint64{0}},
		"before the reset":     {[]*event.Event{broken(1, 10, at(5))}, []event.Signal{sigpipe(10, at(4))}, []uint64{0}},
		"just in time":         {[]*event.Event{broken(1, 10, at(0))}, []event.Signal{sigpipe(10, at(5000))}, []uint64{1}},
		"too late":             {[]*event.Event{broken(1, 10, at(0))}, []event.Signal{sigpipe(10, at(5001))}, []uint64{0}},
		"the latest":           {[]*event.Event{broken(1, 10, at(0)), broken(2, 10, at(1)), broken(3, 10, at(9))}, []event.Signal{sigpipe(10, at(4))}, []uint64{2}},
		"it writes on":         {[]*event.Event{broken(1, 10, at(0)), broken(2, 10, at(1))}, []event.Signal{sigpipe(10, at(4)), sigpipe(10, at(5))}, []uint64{2, 0}},
		"until it dies":        {[]*event.Event{broken(1, 10, at(0))}, []event.Signal{sigpipe(10, at(4)), fatal(sigpipe(10, at(5)))}, []uint64{1, 1}},
		"no process":           {[]*event.Event{broken(1, 0, at(0))}, []event.Signal{sigpipe(0, at(4))}, []uint64{0}},
		"one of its holders":   {[]*event.Event{shared(broken(1, 10, at(0)), 12)}, []event.Signal{sigpipe(12, at(4))}, []uint64{1}},
		"after ECONNRESET":     {[]*event.Event{withApp(broken(1, 10, at(0)), event.App{Errno: "ECONNRESET", ErrorCall: "read"})}, []event.Signal{sigpipe(10, at(4))}, []uint64{1}},
		"a refused connection": {[]*event.Event{withApp(broken(1, 10, at(0)), event.App{Errno: "ECONNREFUSED", ErrorCall: "connect"})}, []event.Signal{sigpipe(10, at(4))}, []uint64{0}},
		"nobody to tell":       {[]*event.Event{withApp(broken(1, 10, at(0)), event.App{})}, []event.Signal{sigpipe(10, at(4))}, []uint64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			var f followups
			told := make(map[time.Time]uint64)
			to := &sinkFuncs{followup: func(u *event.Followup) error { told[u.Time] = u.Event; return nil }}
			for _, e := range test.resets {
				f.remember(e)
			}
			f.addSignals(test.signals)
			if err := f.emitBefore(time.Time{}, to); err != nil {
				t.Fatal(err)
			}
			for i, want := range test.want {
				if got := told[test.signals[i].Time]; got != want {
					t.Errorf("signal %d follows from event %d, want %d", i, got, want)
				}
			}
		})
	}
}

func shared(e *event.Event, pid uint32) *event.Event {
	e.Owner.Others = []event.ProcessRef{{PID: 11}, {PID: pid}}
	return e
}

func withApp(e *event.Event, app event.App) *event.Event {
	e.App = app
	return e
}

func TestFollowupValues(t *testing.T) {
	start := time.Now()
	e := broken(7, 10, start)
	e.Local = event.Endpoint{Port: 80}
	s := sigpipe(10, start.Add(4*time.Millisecond))
	s.Process.TID, s.Fatal = 12, true
	var f followups
	var got event.Followup
	to := &sinkFuncs{followup: func(u *event.Followup) error { got = *u; return nil }}
	f.remember(e)
	f.addSignals([]event.Signal{s})
	if err := f.emitBefore(time.Time{}, to); err != nil {
		t.Fatal(err)
	}
	want := event.Followup{
		Time: s.Time, Event: 7, Kind: event.GotSIGPIPE, PID: 10, TID: 12, Comm: "app",
		After: 4 * time.Millisecond, Ended: true, Cause: cause.WroteAfterPeerClose, Local: event.Endpoint{Port: 80},
	}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestFollowupsMemory: it is bounded whatever comes, and the latest stays.
func TestFollowupsMemory(t *testing.T) {
	start := time.Now()
	var f followups
	told := 0
	to := &sinkFuncs{followup: func(*event.Followup) error { told++; return nil }}
	for id := range uint64(3 * resetsMax) {
		f.remember(broken(id+1, uint32(id+1), start))
	}
	for range 3 {
		f.addSignals(make([]event.Signal, signalsMax-1))
	}
	if len(f.signals) != signalsMax {
		t.Errorf("%d signals wait, want %d", len(f.signals), signalsMax)
	}
	if err := f.emitBefore(time.Time{}, to); err != nil || len(f.signals) != 0 {
		t.Errorf("%d signals are left, %v", len(f.signals), err)
	}
	f.addSignals([]event.Signal{sigpipe(1, start), sigpipe(2*resetsMax+1, start), sigpipe(3*resetsMax, start)})
	if err := f.emitBefore(time.Time{}, to); err != nil || told != 2 {
		t.Errorf("%d follow-ups, want those of the two that are still known; %v", told, err)
	}
}

// TestFollowupInStream: a signal waits until its event was shown, and comes
// before what happened later.
func TestFollowupInStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := received(1, 0x100)
		first.Evidence.State, first.State = event.StateEstablished, event.StateEstablished
		first.Kernel.Listener = event.SocketRef{}
		later := closedPort(2)
		later.Time = later.Time.Add(2 * time.Second)
		batch := resets(first, later)
		batch.Signals = []event.Signal{sigpipe(10, first.Time.Add(time.Second))}
		holding := holderOf(first, 10)
		f := newFakeSource(batch, probe.Batch{Holders: []event.Holder{closedBy(holding)}})
		tracer := tracing(f, "")
		var order []string
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := tracer.Run(ctx, &sinkFuncs{
			event: func(e *event.Event) error {
				if order = append(order, string(e.Dir)); len(order) == 3 {
					cancel()
				}
				return nil
			},
			followup: func(*event.Followup) error { order = append(order, "follow-up"); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"received", "follow-up", "sent"}, order); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func closedBy(h event.Holder) event.Holder {
	h.Closed = true
	return h
}

// TestFollowupError ends the stream.
func TestFollowupError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("disk full")
		tracer := tracing(newFakeSource(probe.Batch{Signals: []event.Signal{sigpipe(10, time.Now())}}), "")
		tracer.followups.remember(broken(1, 10, time.Now()))
		err := tracer.Run(t.Context(), &sinkFuncs{followup: func(*event.Followup) error { return full }})
		if !errors.Is(err, full) {
			t.Errorf("the stream ended with %v", err)
		}
	})
}
