package queued

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// recorder is a sink that notes its calls.
type recorder struct {
	event.NopSink
	mu      sync.Mutex
	calls   []string
	before  func(call string) error // what happens in each call, nil: nothing
	flushes int
	closed  bool
}

func (r *recorder) note(call string) error {
	if r.before != nil {
		if err := r.before(call); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	return nil
}

func (r *recorder) Event(e *event.Event) error { return r.note(fmt.Sprint("event ", e.ID)) }
func (r *recorder) Followup(f *event.Followup) error {
	return r.note(fmt.Sprint("followup ", f.Event))
}
func (r *recorder) Finding(f *event.Finding) error { return r.note(fmt.Sprint("finding ", f.ID)) }
func (r *recorder) Totals(t *event.Totals) error   { return r.note(fmt.Sprint("totals ", t.Shown)) }
func (r *recorder) Loss(l *event.Loss) error       { return r.note(fmt.Sprint("loss ", l.Events)) }
func (r *recorder) Audit(a *event.Audit) error     { return r.note(fmt.Sprint("audit ", a.Namespaces)) }
func (r *recorder) Close() error                   { r.closed = true; return nil }

func (r *recorder) Flush(time.Time) error {
	if r.before != nil {
		if err := r.before("flush"); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushes++
	return nil
}

func (r *recorder) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.calls...)
}

// reports are the lines for people.
type reports struct {
	mu    sync.Mutex
	lines []string
}

func (r *reports) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *reports) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func numbered(id uint64) *event.Event { return &event.Event{ID: id} }

func closeWithin(t *testing.T, s *Sink, d time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	return s.Close(ctx)
}

func TestEverythingInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to recorder
		s := New(&to, Options{})
		must(t, s.Event(numbered(1)))
		must(t, s.Followup(&event.Followup{Event: 1}))
		must(t, s.Finding(&event.Finding{ID: 2}))
		must(t, s.Loss(&event.Loss{Events: 3}))
		must(t, s.Audit(&event.Audit{Namespaces: 4}))
		must(t, s.Totals(&event.Totals{Shown: 5}))
		must(t, s.Event(numbered(6)))
		synctest.Wait()
		want := []string{"event 1", "followup 1", "finding 2", "loss 3", "audit 4", "totals 5", "event 6"}
		if diff := cmp.Diff(want, to.got()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(Stats{Written: 7}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		must(t, closeWithin(t, s, time.Second))
		if !to.closed {
			t.Error("the sink was not closed")
		}
	})
}

// TestItemsAreCopies: what the caller does with an item later changes nothing.
func TestItemsAreCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var seen []*event.Event
		to := &keeper{release: release, seen: &seen}
		s := New(to, Options{})
		want := fixture.Events()
		for _, e := range fixture.Events() {
			must(t, s.Event(e))
			for i := range e.Because {
				e.Because[i] = "overwritten"
			}
			if e.Owner.UID != nil {
				*e.Owner.UID = 4711
			}
			*e = event.Event{}
		}
		close(release)
		must(t, closeWithin(t, s, time.Minute))
		if diff := cmp.Diff(want, seen, cmp.Comparer(func(a, b *event.Event) bool { return cmp.Equal(*a, *b, equal) })); diff != "" {
			t.Error(diff)
		}
	})
}

// keeper waits, and keeps copies.
type keeper struct {
	event.NopSink
	release chan struct{}
	seen    *[]*event.Event
}

func (k *keeper) Event(e *event.Event) error {
	<-k.release
	*k.seen = append(*k.seen, e.Clone())
	return nil
}

// TestBytesAreBounded: few large items fill the queue, too.
func TestBytesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		to := &recorder{before: func(string) error { <-release; return nil }}
		s := New(to, Options{Bytes: 1 << 20})
		large := &event.Event{Summary: strings.Repeat("x", 300_000)}
		must(t, s.Event(large))
		synctest.Wait()
		for range 10 {
			must(t, s.Event(large))
		}
		if got := s.Stats(); got.Queued != 4 || got.Dropped != 7 {
			t.Errorf("%+v, want 3 that wait beside the one in hand", got)
		}
		close(release)
		must(t, closeWithin(t, s, time.Minute))
	})
}

// TestCloseGivesUp: a sink that hangs holds up the end no longer than the deadline.
func TestCloseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &hanging{released: make(chan struct{})}
		s := New(to, Options{Name: "sink here"})
		for id := range uint64(5) {
			must(t, s.Event(numbered(id)))
		}
		start := time.Now()
		err := closeWithin(t, s, 10*time.Second)
		if err == nil || err.Error() != "sink here: 5 lines were not written in time" {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("Close took %v of fake time", took)
		}
		if diff := cmp.Diff(Stats{Dropped: 5}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		must(t, s.Event(numbered(9))) // too late, and no panic
		if got := s.Stats().Dropped; got != 6 {
			t.Errorf("dropped %d, want 6", got)
		}
	})
}

// hanging is a sink whose calls end only by Interrupt.
type hanging struct {
	event.NopSink
	released chan struct{}
}

func (h *hanging) Event(*event.Event) error { <-h.released; return errors.New("interrupted") }
func (h *hanging) Interrupt()               { close(h.released) }

// TestDelay: the sink is flushed once for items that come close together.
func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to recorder
		s := New(&to, Options{Delay: time.Second})
		for id := range uint64(5) {
			must(t, s.Event(numbered(id)))
			time.Sleep(10 * time.Millisecond)
		}
		if got := s.Stats(); got.Written != 0 || got.Queued != 5 {
			t.Errorf("%+v before the delay is over", got)
		}
		time.Sleep(time.Second)
		if got := s.Stats(); got.Written != 5 {
			t.Errorf("%+v, want 5 written", got)
		}
		must(t, closeWithin(t, s, time.Second))
		if to.flushes != 1 {
			t.Errorf("%d flushes", to.flushes)
		}
	})
}

// TestManyGoroutines: the counters are read while the tracer writes.
func TestManyGoroutines(t *testing.T) {
	const events = 20_000
	var to counter
	s := New(&to, Options{Items: 100})
	stop := make(chan struct{})
	var readers sync.WaitGroup
	readers.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = s.Stats()
			}
		}
	})
	e := fixture.Events()[2]
	for range events {
		must(t, s.Event(e))
	}
	must(t, closeWithin(t, s, time.Minute))
	close(stop)
	readers.Wait()
	if to.events+to.lost != events {
		t.Errorf("%d events and %d in lost lines, want %d together", to.events, to.lost, events)
	}
	if got := s.Stats(); got.Dropped != to.lost || got.Queued != 0 || got.Written < to.events {
		t.Errorf("%+v with %d events and %d in lost lines", got, to.events, to.lost)
	}
}

type counter struct {
	event.NopSink
	events, lost uint64
}

func (c *counter) Event(*event.Event) error     { c.events++; return nil }
func (c *counter) Loss(l *event.Loss) error     { c.lost += l.Events; return nil }
func (c *counter) Finding(*event.Finding) error { return nil }

// TestNoAllocation: where the sink keeps up, an event costs a copy and nothing else.
func TestNoAllocation(t *testing.T) {
	var to counter
	s := New(&to, Options{})
	e := fixture.Events()[0]
	wait := func() {
		for s.Stats().Queued > 0 {
			time.Sleep(10 * time.Microsecond)
		}
	}
	must(t, s.Event(e))
	wait()
	allocations := testing.AllocsPerRun(200, func() {
		must(t, s.Event(e))
		wait()
	})
	if allocations >= 1 {
		t.Errorf("%.1f allocations for an event", allocations)
	}
	must(t, closeWithin(t, s, time.Minute))
}
