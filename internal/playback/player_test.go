package playback

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/screen"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var start = time.Unix(1_800_000_000, 0).UTC()

// recordingOf has an event per second, each a reset of its own port.
func recordingOf(events int, passes *atomic.Int32) Read {
	return func(_ context.Context, to event.Sink) error {
		passes.Add(1)
		for i := range events {
			e := &event.Event{Time: start.Add(time.Duration(i) * time.Second), ID: uint64(i + 1), Dir: event.Sent, Cause: cause.ClosedPort}
			e.Local.Port = uint16(i%7 + 1)
			if err := to.Event(e); errors.Is(err, event.ErrEnough) {
				return nil
			} else if err != nil {
				return err
			}
		}
		return to.Totals(&event.Totals{Time: start.Add(time.Duration(events) * time.Second)})
	}
}

// waitFor waits until the player shows the moment that it was sent to.
func waitFor(t *testing.T, p *Player) State {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if s := p.State(); !s.Reading {
			return s
		}
	}
	t.Fatal("the player does not arrive")
	return State{}
}

// shown is what the screen knows, without what tells moments of the same content apart.
func shown(known *screen.Sink) *screen.Snapshot {
	shot := known.Snapshot()
	shot.Version = 0
	return shot
}

// TestEveryWayLeadsToTheSameMoment: what a moment looks like does not depend on where the
// player comes from.
func TestEveryWayLeadsToTheSameMoment(t *testing.T) {
	const events = 40
	var passes atomic.Int32
	known := screen.New(screen.Options{})
	p := New(t.Context(), recordingOf(events, &passes), known)
	if s := waitFor(t, p); !s.First.Equal(start) || !s.Last.Equal(start.Add((events-1)*time.Second)) || !s.At.Equal(s.Last) {
		t.Fatalf("at the end: %+v", s)
	}
	if n := known.Snapshot().Resets; n != events {
		t.Fatalf("%d resets at the end, want %d", n, events)
	}
	fresh := func(second int) *screen.Snapshot {
		known := screen.New(screen.Options{})
		p := New(t.Context(), recordingOf(second+1, new(atomic.Int32)), known)
		waitFor(t, p)
		p.To(start.Add(time.Duration(second) * time.Second))
		waitFor(t, p)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		return shown(known)
	}
	ids := func(s *screen.Snapshot) (ids []uint64) {
		for _, e := range s.Events {
			ids = append(ids, e.ID)
		}
		return ids
	}
	for _, second := range []int{20, 5, 6, 7, 30, 29, 0, 39, 12} {
		p.To(start.Add(time.Duration(second) * time.Second))
		s := waitFor(t, p)
		if want := start.Add(time.Duration(second+1) * time.Second); second < events-1 && !s.Next.Equal(want) {
			t.Errorf("second %d: the next event is at %v, want %v", second, s.Next, want)
		}
		got, want := shown(known), fresh(second)
		if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
			t.Errorf("second %d: events (-want +got):\n%s", second, diff)
		}
		if got.Resets != want.Resets || got.Resets != uint64(second+1) || len(got.Findings) != len(want.Findings) {
			t.Errorf("second %d: %d resets in %d findings, want %d in %d", second, got.Resets, len(got.Findings), want.Resets, len(want.Findings))
		}
	}
	before := passes.Load()
	for _, second := range []int{13, 20, events - 1, events, events + 1} {
		p.To(start.Add(time.Duration(second) * time.Second))
		waitFor(t, p)
	}
	if passes.Load() != before {
		t.Error("to go on, the recording was read again")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloseInTheMiddle: a player that rests somewhere ends at once.
func TestCloseInTheMiddle(t *testing.T) {
	var passes atomic.Int32
	p := New(t.Context(), recordingOf(10, &passes), screen.New(screen.Options{}))
	waitFor(t, p)
	p.To(start)
	waitFor(t, p)
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
}

// TestErrorOfRecording: what is wrong with it is said at the end, and once.
func TestErrorOfRecording(t *testing.T) {
	broken := errors.New("cut off")
	read := func(_ context.Context, to event.Sink) error {
		if err := to.Event(&event.Event{Time: start, ID: 1}); err != nil {
			return err
		}
		return broken
	}
	known := screen.New(screen.Options{})
	p := New(t.Context(), read, known)
	waitFor(t, p)
	if n := known.Snapshot().Resets; n != 1 {
		t.Errorf("%d resets, want what was read before", n)
	}
	if err := p.Close(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
