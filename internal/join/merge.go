package join

import (
	"container/heap"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Input is a file of one or more hosts, whose items are in the order of their time.
type Input struct {
	Name  string
	Start time.Time // of its first item; the file is opened then. Zero: at once
	// Run gives all items to a sink, as a source does.
	Run func(ctx context.Context, to event.Sink) error
}

// batchSize is how many items go from one goroutine to another at once, and batches how many
// such batches wait.
const (
	batchSize = 64
	batches   = 2
)

// Merge gives the items of all inputs to a sink, by time. It opens an input when its time has
// come. An input that fails does not keep the others from being read: the error has all of
// their errors.
func Merge(ctx context.Context, inputs []Input, to event.Sink) error {
	ctx, stop := context.WithCancel(ctx)
	m := merger{ctx: ctx, to: to, waiting: slices.Clone(inputs)}
	slices.SortStableFunc(m.waiting, func(a, b Input) int { return a.Start.Compare(b.Start) })
	err := m.run()
	stop()
	m.readers.Wait()
	return errors.Join(err, errors.Join(m.problems...))
}

type merger struct {
	ctx     context.Context
	to      event.Sink
	waiting []Input // not opened yet, the first one first
	open    cursors
	readers sync.WaitGroup

	mu       sync.Mutex
	problems []error
}

func (m *merger) run() error {
	for m.ctx.Err() == nil {
		m.openDue()
		if len(m.open) == 0 {
			return nil
		}
		first := m.open[0]
		if err := first.items[first.next].give(m.to); err != nil {
			return err
		}
		if first.advance() {
			heap.Fix(&m.open, 0)
		} else {
			heap.Pop(&m.open)
		}
	}
	return nil
}

// openDue opens the inputs that begin before the next item of those that are open.
func (m *merger) openDue() {
	for len(m.waiting) > 0 && (len(m.open) == 0 || !m.waiting[0].Start.After(m.open[0].at())) {
		c := &cursor{batches: make(chan []item, batches), free: make(chan []item, batches+1)}
		input := m.waiting[0]
		m.waiting = m.waiting[1:]
		m.readers.Go(func() { m.read(input, c) })
		if c.fill() {
			heap.Push(&m.open, c)
		}
	}
}

// read runs in a goroutine of its own.
func (m *merger) read(input Input, c *cursor) {
	defer close(c.batches)
	w := &writer{ctx: m.ctx, to: c}
	err := input.Run(m.ctx, w)
	if err == nil || errors.Is(err, errStopped) {
		err = w.send()
	}
	if err != nil && !errors.Is(err, errStopped) {
		_ = w.send() // what was read before
		m.mu.Lock()
		m.problems = append(m.problems, err)
		m.mu.Unlock()
	}
}

// cursor is where the merger is in one input.
type cursor struct {
	batches chan []item
	free    chan []item // that can be used again
	items   []item
	next    int
}

func (c *cursor) at() time.Time { return c.items[c.next].at }

// advance goes on to the next item. false: there is none.
func (c *cursor) advance() bool {
	if c.next++; c.next < len(c.items) {
		return true
	}
	return c.fill()
}

func (c *cursor) fill() bool {
	if c.items != nil {
		select {
		case c.free <- c.items:
		default: // the reader has ended
		}
	}
	c.items, c.next = <-c.batches, 0
	return len(c.items) > 0
}

// cursors is a heap by time.
type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return c[i].at().Before(c[j].at()) }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) }

func (c *cursors) Pop() any {
	last := len(*c) - 1
	x := (*c)[last]
	*c = (*c)[:last]
	return x
}

// item is one call of a sink. It owns its memory.
type item struct {
	at    time.Time
	event *event.Event
	other func(to event.Sink) error // nil: of the event
}

func (i *item) give(to event.Sink) error {
	if i.other != nil {
		return i.other(to)
	}
	return to.Event(i.event)
}

// errStopped is what a source gets when nobody reads any more.
var errStopped = errors.New("stopped")

// writer is the sink of an input.
type writer struct {
	ctx   context.Context
	to    *cursor
	batch []item
}

// slot is room for an item, in memory that was used before.
func (w *writer) slot(at time.Time) (*item, error) {
	if len(w.batch) == batchSize {
		if err := w.send(); err != nil {
			return nil, err
		}
	}
	if w.batch == nil {
		select {
		case used := <-w.to.free:
			w.batch = used[:0]
		default:
			w.batch = make([]item, 0, batchSize)
		}
	}
	w.batch = w.batch[:len(w.batch)+1]
	i := &w.batch[len(w.batch)-1]
	i.at, i.other = at, nil
	return i, nil
}

func (w *writer) send() error {
	if len(w.batch) == 0 {
		return nil
	}
	select {
	case w.to.batches <- w.batch:
		w.batch = nil
		return nil
	case <-w.ctx.Done():
		return errStopped
	}
}

func (w *writer) Event(e *event.Event) error {
	i, err := w.slot(e.Time)
	if err != nil {
		return err
	}
	if i.event == nil {
		i.event = new(event.Event)
	}
	e.CopyTo(i.event)
	return nil
}

func (w *writer) add(at time.Time, give func(event.Sink) error) error {
	i, err := w.slot(at)
	if err != nil {
		return err
	}
	i.other = give
	return nil
}

func (w *writer) Followup(f *event.Followup) error {
	c := *f
	return w.add(f.Time, func(to event.Sink) error { return to.Followup(&c) })
}

// Finding is not needed: see Stage.
func (w *writer) Finding(*event.Finding) error { return nil }

func (w *writer) Totals(t *event.Totals) error {
	c := t.Clone()
	return w.add(t.Time, func(to event.Sink) error { return to.Totals(c) })
}

func (w *writer) Loss(l *event.Loss) error {
	c := *l
	return w.add(l.Time, func(to event.Sink) error { return to.Loss(&c) })
}

func (w *writer) Coverage(v *event.Coverage) error {
	c := v.Clone()
	return w.add(v.Time, func(to event.Sink) error { return to.Coverage(c) })
}

// Audit is not needed: see Stage.
func (w *writer) Audit(*event.Audit) error { return nil }

// Flush waits for no batch to become full: a pipe may be quiet for long.
func (w *writer) Flush(time.Time) error { return w.send() }
