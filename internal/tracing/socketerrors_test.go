package tracing

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestConfirm: an event says that its errno was reported only where the kernel
// said just that.
func TestConfirm(t *testing.T) {
	const receive, reply = event.HookReceive, event.HookSendReply
	for name, test := range map[string]struct {
		errno             string
		hook              event.Hook
		pending, reported string
		want              bool
	}{
		"said":                       {"EPIPE", receive, "", "EPIPE", true},
		"not said":                   {"EPIPE", receive, "", "", false},
		"otherwise":                  {"EPIPE", receive, "", "ECONNRESET", false},
		"of an earlier matter":       {"EPIPE", receive, "EPIPE", "", false},
		"before the answer was sent": {"ECONNRESET", reply, "ECONNRESET", "", true},
		"the later word counts":      {"ECONNRESET", reply, "ECONNRESET", "ETIMEDOUT", false},
		"nobody gets one":            {"", receive, "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			e := event.Event{App: event.App{Errno: test.errno}, Evidence: event.Evidence{Hook: test.hook}}
			e.Kernel.PendingErrno, e.Kernel.ReportedError.Errno = test.pending, test.reported
			if markReported(&e); e.App.Reported != test.want {
				t.Errorf("reported: %t, want %t", e.App.Reported, test.want)
			}
		})
	}
}

// TestErrorIsAwaited: an event that was read before its error waits a moment for it. One
// that has it, or gets none, does not.
func TestErrorIsAwaited(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Tracer, *event.Event)
		want   bool
	}{
		"read before it":         {func(*Tracer, *event.Event) {}, true},
		"has it":                 {func(_ *Tracer, e *event.Event) { e.Kernel.ReportedError.Errno = "EPIPE" }, false},
		"nobody gets one":        {func(_ *Tracer, e *event.Event) { e.Evidence.Facts |= event.FactDead }, false},
		"sent":                   {func(_ *Tracer, e *event.Event) { e.Evidence.Hook = event.HookSendActive }, false},
		"read late":              {func(_ *Tracer, e *event.Event) { e.Time = e.Time.Add(-errorPatience) }, false},
		"the clock was set back": {func(_ *Tracer, e *event.Event) { e.Time = e.Time.Add(time.Hour) }, false},
		"the kernel says none":   {func(t *Tracer, _ *event.Event) { t.visibility.sees.Errors = false }, false},
	} {
		now := time.Unix(7, 0)
		e := event.Event{Dir: event.Received, Time: now, App: event.App{Errno: "EPIPE"}, Evidence: event.Evidence{Hook: event.HookReceive}}
		tracer := tracing(newFakeSource(), "")
		tracer.visibility = visibility{known: true, sees: probe.Visibility{Errors: true}}
		test.change(tracer, &e)
		if got := tracer.awaitsError(&e, now); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

const (
	itsSocket = 0x40
	itsHook   = 7e9

	atOnce, later = "with the event", "later"
)

// hit is a shown event with a socket whose error the kernel may report.
func hit(errno string, facts event.Facts) *event.Event {
	e := &event.Event{
		ID: 7, Time: time.Unix(7, 0), Cause: cause.PeerAborted, App: event.App{Errno: errno},
		Owner: event.Owner{PID: 10, TID: 12, Comm: "app"}, Local: event.Endpoint{Port: 80},
		Evidence: event.Evidence{Hook: event.HookReceive, Facts: facts},
	}
	e.Kernel.Socket.Address, e.Kernel.HookNanos = itsSocket, itsHook
	return e
}

func late(errno string, e *event.Event) event.LateError {
	said := event.SocketError{Errno: errno, After: 75 * time.Microsecond}
	return event.LateError{SocketError: said, Time: e.Time.Add(said.After), Socket: itsSocket, HookNanos: itsHook}
}

// TestErrorFollowups: an error is told where the event does not say that it was
// reported.
func TestErrorFollowups(t *testing.T) {
	for name, test := range map[string]struct {
		event *event.Event
		errno string
		told  []string // when that is
	}{
		"the same":                 {hit("EPIPE", 0), "EPIPE", []string{later}},
		"another":                  {hit("EPIPE", 0), "ECONNRESET", []string{atOnce, later}},
		"a subflow does not know":  {hit("", event.FactMPTCP), "ECONNRESET", []string{atOnce, later}},
		"nobody has the subflow":   {hit("", event.FactMPTCP|event.FactDead), "ECONNRESET", nil},
		"nobody is left to get it": {hit("", 0), "ECONNRESET", nil},
	} {
		for when, bring := range map[string]func(*followups){
			atOnce: func(f *followups) {
				test.event.Kernel.ReportedError = late(test.errno, test.event).SocketError
				markReported(test.event)
				f.remember(test.event)
			},
			later: func(f *followups) {
				test.event.Kernel.ReportedError = event.SocketError{}
				markReported(test.event)
				f.remember(test.event)
				f.addErrors(late(test.errno, test.event))
			},
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				var f followups
				var got []event.Followup
				to := &sinkFuncs{followup: func(u *event.Followup) error { got = append(got, *u); return nil }}
				bring(&f)
				if err := f.emitBefore(test.event.Time, to); err != nil || len(got) != 0 {
					t.Errorf("%d told before it happened, %v", len(got), err)
				}
				if err := f.emitBefore(time.Time{}, to); err != nil {
					t.Fatal(err)
				}
				var want []event.Followup
				if slices.Contains(test.told, when) {
					want = []event.Followup{{
						Time: test.event.Time.Add(75 * time.Microsecond), Event: 7, Kind: event.GotError, Errno: test.errno, Expected: test.errno == test.event.App.Errno,
						PID: 10, TID: 12, Comm: "app", After: 75 * time.Microsecond, Cause: cause.PeerAborted, Local: event.Endpoint{Port: 80},
					}}
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestErrorOfOther: socket and moment must both be the event's.
func TestErrorOfOther(t *testing.T) {
	e := hit("EPIPE", 0)
	otherSocket, otherMoment := late("ECONNRESET", e), late("ECONNRESET", e)
	otherSocket.Socket++
	otherMoment.HookNanos++
	var f followups
	to := &sinkFuncs{followup: func(u *event.Followup) error { t.Errorf("told: %+v", *u); return nil }}
	f.remember(e)
	f.addErrors(otherSocket, otherMoment)
	if err := f.emitBefore(time.Time{}, to); err != nil {
		t.Fatal(err)
	}
}

// TestLateErrorInStream: an event that still waits gets an error of a later
// batch; one of which nothing came says nothing.
func TestLateErrorInStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []event.Event
		for i := range uint64(2) {
			e := received(uint16(i+1), itsSocket+i)
			e.Kernel.HookNanos = itsHook
			events = append(events, e)
		}
		saidOfFirst := event.LateError{
			SocketError: event.SocketError{Errno: "ECONNREFUSED", After: time.Microsecond},
			Time:        events[0].Time, Socket: itsSocket, HookNanos: itsHook,
		}
		f := newFakeSource(resets(events...), probe.Batch{Errors: []event.LateError{saidOfFirst}})
		tracer := tracing(f, "")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var got []bool
		err := tracer.Run(ctx, &sinkFuncs{
			event: func(e *event.Event) error {
				if got = append(got, e.App.Reported); len(got) == 2 {
					cancel()
				}
				return nil
			},
			followup: func(f *event.Followup) error { return fmt.Errorf("a follow-up: %+v", *f) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]bool{true, false}, got); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	})
}
