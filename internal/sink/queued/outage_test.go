package queued

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// TestNothingIsLostInAShortOutage: the sink is away, and gets all in order later.
func TestNothingIsLostInAShortOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said reports
		back := time.Now().Add(20 * time.Second)
		to := &recorder{before: func(string) error {
			if time.Now().Before(back) {
				return &sink.RetryError{Err: errors.New("connection refused")}
			}
			return nil
		}}
		s := New(to, Options{Name: "sink here", Items: 100, Report: said.add})
		var want []string
		for id := range uint64(50) {
			must(t, s.Event(numbered(id)))
			want = append(want, fmt.Sprint("event ", id))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(2 * time.Minute)
		if diff := cmp.Diff(want, to.got()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(Stats{Written: 50}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		must(t, closeWithin(t, s, time.Second))
		if diff := cmp.Diff("sink here: connection refused\nsink here: works again", said.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestALongOutageIsCounted: what has no room is dropped, and said in the stream where it is
// missing.
func TestALongOutageIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said reports
		back := time.Now().Add(time.Hour)
		to := &recorder{before: func(string) error {
			if time.Now().Before(back) {
				return &sink.RetryError{Err: errors.New("no space left on device")}
			}
			return nil
		}}
		s := New(to, Options{Name: "sink here", Items: 3, Report: said.add})
		must(t, s.Event(numbered(0)))
		synctest.Wait() // the goroutine has it
		for id := uint64(1); id <= 10; id++ {
			must(t, s.Event(numbered(id)))
		}
		if diff := cmp.Diff(Stats{Dropped: 7, Queued: 4}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(2 * time.Hour)
		must(t, s.Event(numbered(11)))
		must(t, closeWithin(t, s, time.Second))
		want := []string{"event 0", "event 1", "event 2", "event 3", "loss 7", "event 11"}
		if diff := cmp.Diff(want, to.got()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(Stats{Written: 6, Dropped: 7}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		wantSaid := "sink here: no space left on device\nsink here: no space left on device; 7 lines dropped so far\nsink here: works again, without 7 lines"
		if diff := cmp.Diff(wantSaid, said.all()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAGapIsMarkedWhereItIs: between the events before and behind it.
func TestAGapIsMarkedWhereItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		to := &recorder{before: func(string) error { <-release; return nil }}
		s := New(to, Options{Items: 2})
		for id := range uint64(6) {
			must(t, s.Event(numbered(id)))
			synctest.Wait()
		}
		release <- struct{}{} // event 0 is written, and event 1 taken: there is room for one
		synctest.Wait()
		must(t, s.Event(numbered(6)))
		close(release)
		must(t, closeWithin(t, s, time.Minute))
		want := []string{"event 0", "event 1", "event 2", "loss 3", "event 6"}
		if diff := cmp.Diff(want, to.got()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCloseTriesOnceMore: a sink that works again gets all before the end, also if the next
// attempt was far away.
func TestCloseTriesOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var works bool
		var mu sync.Mutex
		to := &recorder{before: func(string) error {
			mu.Lock()
			defer mu.Unlock()
			if !works {
				return &sink.RetryError{Err: errors.New("away"), After: time.Minute}
			}
			return nil
		}}
		s := New(to, Options{})
		must(t, s.Event(numbered(1)))
		time.Sleep(10 * time.Second)
		mu.Lock()
		works = true
		mu.Unlock()
		must(t, closeWithin(t, s, time.Second))
		if diff := cmp.Diff([]string{"event 1"}, to.got()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestRetryAfter: the sink is left alone for as long as it asked.
func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []time.Duration
		start := time.Now()
		to := &recorder{before: func(string) error {
			attempts = append(attempts, time.Since(start))
			if len(attempts) == 1 {
				return &sink.RetryError{Err: errors.New("busy"), After: 42 * time.Second}
			}
			return nil
		}}
		s := New(to, Options{Delay: time.Hour})
		must(t, s.Event(numbered(1)))
		time.Sleep(time.Minute)
		must(t, closeWithin(t, s, time.Second))
		if diff := cmp.Diff([]time.Duration{0, 42 * time.Second}, attempts[:2]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestBackOff: attempts come in ever longer intervals, up to a bound.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gaps []time.Duration
		last := time.Now()
		to := &recorder{before: func(string) error {
			gaps = append(gaps, time.Since(last))
			last = time.Now()
			return &sink.RetryError{Err: errors.New("away")}
		}}
		s := New(to, Options{Retry: time.Second, RetryMax: 8 * time.Second})
		must(t, s.Event(numbered(1)))
		time.Sleep(time.Minute)
		if err := closeWithin(t, s, time.Second); err == nil {
			t.Error("Close: no error")
		}
		for at, most := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second} {
			if gap := gaps[at+1]; gap < most/2 || gap > most {
				t.Errorf("attempt %d came after %v, want %v to %v", at+1, gap, most/2, most)
			}
		}
	})
}

// TestWhatTheSinkGivesUp is counted as the sink says.
func TestWhatTheSinkGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said reports
		to := &recorder{before: func(call string) error {
			switch call {
			case "event 3":
				return &sink.LostError{Items: 2, Err: errors.New("server says 400")}
			case "event 5":
				return errors.New("cannot be written")
			}
			return nil
		}}
		s := New(to, Options{Name: "sink here", Report: said.add, Delay: time.Hour})
		for id := uint64(1); id <= 6; id++ {
			must(t, s.Event(numbered(id)))
			time.Sleep(2 * time.Minute)
		}
		must(t, closeWithin(t, s, time.Second))
		if diff := cmp.Diff(Stats{Written: 3, Dropped: 3}, s.Stats()); diff != "" {
			t.Error(diff)
		}
		want := `sink here: server says 400; 2 lines dropped so far
sink here: works again, without 2 lines
sink here: cannot be written; 1 line dropped so far
sink here: works again, without 1 line`
		if diff := cmp.Diff(want, said.all()); diff != "" {
			t.Error(diff)
		}
	})
}
