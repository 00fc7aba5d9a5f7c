package join

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// ordered checks the order of what it gets.
type ordered struct {
	event.NopSink
	t      *testing.T
	last   time.Time
	events int
	fail   error // behind so many events
	after  int
}

func (o *ordered) Event(e *event.Event) error {
	if e.Time.Before(o.last) {
		o.t.Errorf("%v behind %v", e.Time, o.last)
	}
	o.last = e.Time
	if o.events++; o.events == o.after {
		return o.fail
	}
	return nil
}

// recorded keeps the items of one host, in the order of their times.
type recorded struct {
	event.NopSink
	events []event.Event
}

func (r *recorded) Event(e *event.Event) error {
	r.events = append(r.events, *e.Clone())
	return nil
}

func inputsOf(t *testing.T, hosts, events int) (inputs []Input, total int) {
	t.Helper()
	var all []*recorded
	err := fleet.RunEach(fleet.Options{Hosts: hosts, Events: events, Rate: 1000, Seed: 5, Start: start}, func(string) event.Sink {
		all = append(all, &recorded{})
		return all[len(all)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		total += len(r.events)
		if len(r.events) == 0 {
			continue
		}
		slices.SortStableFunc(r.events, func(a, b event.Event) int { return a.Time.Compare(b.Time) })
		inputs = append(inputs, Input{Name: "host", Start: r.events[0].Time, Run: func(_ context.Context, to event.Sink) error {
			for i := range r.events {
				if err := to.Event(&r.events[i]); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	return inputs, total
}

func TestMerge(t *testing.T) {
	inputs, total := inputsOf(t, 12, 20_000)
	broken := errors.New("broken")
	run := inputs[3].Run
	inputs[3].Run = func(ctx context.Context, to event.Sink) error { return errors.Join(run(ctx, to), broken) }
	to := &ordered{t: t}
	if err := Merge(t.Context(), inputs, to); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if to.events != total {
		t.Errorf("%d of %d events", to.events, total)
	}
}

// TestMergeEnds: when the sink fails, or the context ends, no goroutine is left behind.
func TestMergeEnds(t *testing.T) {
	inputs, _ := inputsOf(t, 8, 20_000)
	enough := errors.New("enough")
	if err := Merge(t.Context(), inputs, &ordered{t: t, fail: enough, after: 100}); !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Merge(ctx, inputs, &ordered{t: t}); err != nil {
		t.Errorf("error %v", err)
	}
}

// TestMergeOpensLate: a file that begins later takes no memory before.
func TestMergeOpensLate(t *testing.T) {
	open := 0
	at := func(n int) Input {
		return Input{Start: start.Add(time.Duration(n) * time.Hour), Run: func(_ context.Context, to event.Sink) error {
			open++
			return to.Event(&event.Event{Time: start.Add(time.Duration(n) * time.Hour)})
		}}
	}
	to := &ordered{t: t, after: 1, fail: errors.New("enough")}
	err := Merge(t.Context(), []Input{at(5), at(0), at(3)}, to)
	if err == nil || open != 1 {
		t.Errorf("%d are open at the first event: %v", open, err)
	}
}
