package probe

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func wantsDir(dirs ...event.Dir) func(cause.Verdict) bool {
	return func(v cause.Verdict) bool { return slices.Contains(dirs, v.Dir) }
}

func wantsRefused(v cause.Verdict) bool { return v.Cause == cause.Refused }

// TestWantWhileResetsRun: hooks come and go while resets are sent and received. Those
// that are wanted all the time miss nothing, by no attach method.
func TestWantWhileResetsRun(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for _, method := range event.Methods {
		t.Run(string(method), func(t *testing.T) {
			namespace := newNamespace(t)
			s, err := Open(Options{Attach: method, Ignored: true, RingSize: 16 << 20, Wants: wantsRefused})
			if errors.Is(err, ErrExhausted) {
				t.Fatal(err)
			}
			if err != nil {
				t.Skip(err)
			}
			defer s.Close()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			defer context.AfterFunc(ctx, s.Interrupt)()
			var events []event.Event
			read := make(chan error, 1)
			go func() {
				var batch Batch
				for {
					if err := s.Read(ctx, &batch, time.Time{}); err != nil {
						read <- err
						return
					}
					events = append(events, batch.Resets...)
				}
			}()

			wanted := []func(cause.Verdict) bool{nil, wantsRefused, wantsDir(event.Received, event.Sent), wantsRefused}
			connects := 0
			refuse := func() {
				refuseConnects(t, namespace, 20)
				connects += 20
			}
			for i := range 2 * len(wanted) {
				changed := make(chan error, 1)
				go func() { changed <- s.Want(wanted[i%len(wanted)]) }()
				for running := true; running; {
					select {
					case err := <-changed:
						if err != nil {
							t.Fatal(err)
						}
						running = false
					case <-time.After(5 * time.Millisecond):
					}
					refuse()
				}
			}
			stop()
			if err := <-read; !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			events = append(events, readAll(t, s)...)

			count := make(map[event.Hook]int)
			for _, e := range events {
				if e.Netns.Inode == namespace.Inode() {
					count[e.Evidence.Hook]++
				}
				if e.Via == "" || e.Hook == "" {
					t.Fatalf("nobody knows where this came from: %+v", e.Evidence)
				}
			}
			counts, err := s.Counts()
			if err != nil {
				t.Fatal(err)
			}
			if received := count[event.HookReceive]; received != connects {
				t.Errorf("%d received resets, want %d; lost %d, missed %d", received, connects, counts.Lost, counts.Missed)
			}
			sent := count[event.HookSendReply]
			if s.Visibility().Socketless && (sent == 0 || sent >= connects) {
				t.Errorf("%d sent resets while their hooks came and went", sent)
			}
			t.Logf("%d of %d sent", sent, connects)
		})
	}
}

// TestWantLeavesOut: what no wanted event needs is not attached, says so, and is
// attached as soon as it is wanted.
func TestWantLeavesOut(t *testing.T) {
	closedPort := func(v cause.Verdict) bool { return v.Cause == cause.ClosedPort }
	s := openSession(t, Options{Ignored: true, Wants: closedPort})
	unwanted := func(function string) bool {
		for _, h := range s.Hooks() {
			if h.Function == function {
				return h.Unwanted && h.Method == ""
			}
		}
		t.Errorf("%s is not listed", function)
		return false
	}
	left := []string{"signal:signal_generate", "sock:inet_sk_error_report", "tcp_reset", "nf_send_reset", "nf_reject_skb_v6_tcp_reset", "skb:kfree_skb", "tcp_check_req"}
	kept := []string{"sock:inet_sock_set_state", "tcp_v4_send_reset", "iterator task"}
	check := func(when string, leaves bool) {
		t.Helper()
		for _, function := range left {
			if unwanted(function) != leaves {
				t.Errorf("%s: %s is left out: %t", when, function, !leaves)
			}
		}
		for _, function := range kept {
			if unwanted(function) {
				t.Errorf("%s: %s is left out", when, function)
			}
		}
		counts, err := s.Counts()
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{countsRejects, countsIgnored, hooks[receiveHook].counts} {
			if slices.Contains(counts.NotCounted, kind) != leaves {
				t.Errorf("%s: not counted: %q", when, counts.NotCounted)
			}
		}
	}
	check("closed-port", true)
	for _, wants := range []struct {
		what   string
		wants  func(cause.Verdict) bool
		leaves bool
	}{{"all", nil, false}, {"closed-port again", closedPort, true}, {"all again", nil, false}} {
		if err := s.Want(wants.wants); err != nil {
			t.Fatal(err)
		}
		check(wants.what, wants.leaves)
	}
	s.Detach()
	if err := s.Want(nil); err == nil {
		t.Error("hooks can be wanted of a session that has ended")
	}
}

// TestWantNothing: nothing is attached for nobody, and all is there again afterwards.
func TestWantNothing(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{Wants: func(cause.Verdict) bool { return false }})
	for a := range s.programs {
		t.Errorf("%s is attached", a.name)
	}
	refuseConnects(t, namespace, 3)
	if err := s.Want(nil); err != nil {
		t.Fatal(err)
	}
	refuseConnects(t, namespace, 5)
	received := 0
	for _, e := range readAll(t, s) {
		if e.Netns.Inode == namespace.Inode() && e.Evidence.Hook == event.HookReceive {
			received++
		}
	}
	if received != 5 {
		t.Errorf("%d received resets, want 5", received)
	}
}
