package serve

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Output is a sink that events are written to, behind a queue.
type Output struct {
	Name   string // its label in the metrics; no other output has it
	Spec   string // all that was configured: two with one spec are the same
	Sink   event.Sink
	Filter *filter.Filter // nil: everything
	Delay  time.Duration  // for how long an item may wait for others to be written with it
}

// Reopener is a sink that opens its file again, when somebody has moved it away. It is
// called beside the sink's other methods.
type Reopener interface{ Reopen() error }

// output is one that runs.
type output struct {
	Output
	queue *queued.Sink
	stage event.Sink
}

// closePatience is how long an output may take to write what waits for it.
const closePatience = 5 * time.Second

func (o *output) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	return o.queue.Close(ctx)
}

// outputs are all that run. They are a sink for the tracer, which never waits for them.
type outputs struct {
	report func(line string)

	turn  sync.Mutex // of replace and close
	ended bool       // there will be no others

	mu     sync.Mutex
	list   []*output
	ending []*output               // they write what waits for them, and get no more
	past   map[string]queued.Stats // of outputs that are gone, by name
}

// replace begins to use other outputs. open makes those that do not run yet. If one cannot
// be opened, nothing changes. Those that go on open their files again.
func (o *outputs) replace(specs []string, open func(spec string) (Output, error)) error {
	o.turn.Lock()
	defer o.turn.Unlock()
	if o.ended {
		return errors.New("rsttrace is ending")
	}
	running := make(map[string]*output)
	for _, out := range o.snapshot() {
		running[out.Spec] = out
	}
	var next, kept, fresh []*output
	for _, spec := range specs {
		if out := running[spec]; out != nil {
			next, kept = append(next, out), append(kept, out)
			delete(running, spec)
			continue
		}
		opened, err := open(spec)
		if err != nil {
			for _, out := range fresh {
				err = errors.Join(err, out.close())
			}
			return err
		}
		out := o.begin(opened)
		next, fresh = append(next, out), append(fresh, out)
	}
	o.mu.Lock()
	o.list = next
	for _, out := range running {
		o.ending = append(o.ending, out)
	}
	o.mu.Unlock()
	for _, out := range kept {
		if reopener, ok := out.Sink.(Reopener); ok {
			o.say(out, reopener.Reopen())
		}
	}
	for _, out := range running {
		o.say(out, o.end(out))
	}
	return nil
}

// say reports what did not work and stops nothing.
func (o *outputs) say(out *output, err error) {
	if err != nil {
		o.report(out.Name + ": " + err.Error())
	}
}

func (o *outputs) begin(opened Output) *output {
	out := &output{Output: opened, queue: queued.New(opened.Sink, queued.Options{Name: opened.Name, Delay: opened.Delay, Report: o.report})}
	out.stage = matching(opened.Filter, out.queue)
	return out
}

// end closes an output that nobody gives anything to any more. Its numbers stay.
func (o *outputs) end(out *output) error {
	err := out.close()
	stats := out.queue.Stats()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.past == nil {
		o.past = make(map[string]queued.Stats)
	}
	o.ending = slices.DeleteFunc(o.ending, func(e *output) bool { return e == out })
	before := o.past[out.Name]
	o.past[out.Name] = queued.Stats{Written: before.Written + stats.Written, Dropped: before.Dropped + stats.Dropped}
	return err
}

// close ends all, at the same time. Before that it waits for those that a replacement is
// ending.
func (o *outputs) close() error {
	o.turn.Lock()
	defer o.turn.Unlock()
	o.ended = true
	o.mu.Lock()
	list := o.list
	o.list, o.ending = nil, list
	o.mu.Unlock()
	results := make([]error, len(list))
	var closing sync.WaitGroup
	for i, out := range list {
		closing.Go(func() { results[i] = o.end(out) })
	}
	closing.Wait()
	return errors.Join(results...)
}

func (o *outputs) snapshot() []*output {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.list
}

// stats are the numbers of all outputs that run, with those of their past.
func (o *outputs) stats() map[string]queued.Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make(map[string]queued.Stats, len(o.list))
	for _, out := range o.list {
		stats, past := out.queue.Stats(), o.past[out.Name]
		stats.Written += past.Written
		stats.Dropped += past.Dropped
		all[out.Name] = stats
	}
	for _, out := range o.ending {
		if stats, named := all[out.Name]; named {
			ending := out.queue.Stats()
			stats.Written += ending.Written
			stats.Dropped += ending.Dropped
			all[out.Name] = stats
		}
	}
	return all
}

// each gives to all: a queue never fails, and never waits.
func (o *outputs) each(give func(event.Sink) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, out := range o.list {
		_ = give(out.stage)
	}
	return nil
}

func (o *outputs) Event(e *event.Event) error {
	return o.each(func(s event.Sink) error { return s.Event(e) })
}
func (o *outputs) Followup(f *event.Followup) error {
	return o.each(func(s event.Sink) error { return s.Followup(f) })
}
func (o *outputs) Finding(f *event.Finding) error {
	return o.each(func(s event.Sink) error { return s.Finding(f) })
}
func (o *outputs) Totals(t *event.Totals) error {
	return o.each(func(s event.Sink) error { return s.Totals(t) })
}
func (o *outputs) Loss(l *event.Loss) error {
	return o.each(func(s event.Sink) error { return s.Loss(l) })
}
func (o *outputs) Audit(a *event.Audit) error {
	return o.each(func(s event.Sink) error { return s.Audit(a) })
}
func (o *outputs) Coverage(c *event.Coverage) error {
	return o.each(func(s event.Sink) error { return s.Coverage(c) })
}
func (o *outputs) Flush(now time.Time) error {
	return o.each(func(s event.Sink) error { return s.Flush(now) })
}
