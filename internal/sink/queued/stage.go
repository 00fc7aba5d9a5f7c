package queued

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options are the bounds of a queue. What is zero has a default.
type Options struct {
	Name  string // of the sink, in messages
	Items int    // that wait at most: 8192
	Bytes int64  // that they take at most: 32 MiB
	// Delay is how long the sink may hold an item back to write it together with others.
	// 0: it flushes as soon as nothing waits.
	Delay time.Duration
	// Retry is the time before the first attempt after a failure: 500 ms. It doubles, up to
	// RetryMax: 30 s.
	Retry, RetryMax time.Duration
	// Report is called with lines for people, from a goroutine of the stage. nil: nobody
	// reads them.
	Report func(line string)
}

func (o *Options) setDefaults() {
	o.Items = cmp.Or(o.Items, 8192)
	o.Bytes = cmp.Or(o.Bytes, 32<<20)
	o.Retry = cmp.Or(o.Retry, 500*time.Millisecond)
	o.RetryMax = max(cmp.Or(o.RetryMax, 30*time.Second), o.Retry)
	if o.Report == nil {
		o.Report = func(string) {}
	}
}

// Interrupter is a sink whose calls can be ended from another goroutine: they then return
// an error soon.
type Interrupter interface{ Interrupt() }

// Stats are the numbers of a stage. All but Queued only grow.
type Stats struct {
	Written uint64 // items that the sink has taken and flushed
	Dropped uint64 // items that found no room, or that the sink gave up
	Queued  uint64 // items that wait now, with those that the sink has not flushed
}

// freeMax is how many events are kept to be used again.
const freeMax = 256

// Sink is the stage.
type Sink struct {
	to      event.Sink
	options Options
	report  reporter

	written, dropped, held atomic.Uint64 // held: taken by the sink, and not flushed

	mu     sync.Mutex
	queue  queue
	free   []*event.Event
	host   event.Host // of the last event
	gap    uint64     // events that were dropped since the last item that found room
	inHand bool       // the goroutine has an item that is in no queue
	closed bool

	wake    chan struct{} // something waits, or the stage was closed
	closing chan struct{}
	done    chan struct{} // the goroutine has ended
	abandon context.Context
	giveUp  context.CancelFunc
}

// New returns a stage in front of a sink, and starts its goroutine. Close ends it.
func New(to event.Sink, o Options) *Sink {
	o.setDefaults()
	s := &Sink{
		to: to, options: o,
		wake: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}),
	}
	s.report.init(o)
	s.abandon, s.giveUp = context.WithCancel(context.Background())
	go s.run()
	return s
}

// Event copies the event into the queue.
func (s *Sink) Event(e *event.Event) error {
	bytes := weighEvent(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.host = e.Host
	if !s.room(bytes) {
		s.gap++
		s.drop(1)
		return nil
	}
	s.mark()
	var copied *event.Event
	if last := len(s.free) - 1; last >= 0 {
		copied, s.free = s.free[last], s.free[:last]
	} else {
		copied = new(event.Event)
	}
	e.CopyTo(copied)
	s.push(item{event: copied, bytes: bytes})
	return nil
}

// Followup copies it into the queue.
func (s *Sink) Followup(f *event.Followup) error {
	c := *f
	return s.add(smallBytes, func(to event.Sink) error { return to.Followup(&c) })
}

// Finding copies it into the queue.
func (s *Sink) Finding(f *event.Finding) error {
	c := f.Clone()
	return s.add(weighFinding(f), func(to event.Sink) error { return to.Finding(c) })
}

// Totals copies them into the queue.
func (s *Sink) Totals(t *event.Totals) error {
	c := t.Clone()
	return s.add(weighTotals(t), func(to event.Sink) error { return to.Totals(c) })
}

// Loss copies it into the queue.
func (s *Sink) Loss(l *event.Loss) error {
	c := *l
	return s.add(smallBytes, func(to event.Sink) error { return to.Loss(&c) })
}

// Audit copies it into the queue.
func (s *Sink) Audit(a *event.Audit) error {
	c := a.Clone()
	return s.add(weighAudit(a), func(to event.Sink) error { return to.Audit(c) })
}

// Coverage copies it into the queue.
func (s *Sink) Coverage(c *event.Coverage) error {
	copied := c.Clone()
	return s.add(weighCoverage(c), func(to event.Sink) error { return to.Coverage(copied) })
}

// Flush does nothing: the goroutine flushes the sink as soon as nothing waits.
func (s *Sink) Flush(time.Time) error { return nil }

func (s *Sink) add(bytes int64, call func(event.Sink) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.room(bytes) {
		s.drop(1)
		return nil
	}
	s.mark()
	s.push(item{call: call, bytes: bytes})
	return nil
}

// room reports whether an item fits in. One that is larger than all bounds fits into an
// empty queue.
func (s *Sink) room(bytes int64) bool {
	return !s.closed && (s.queue.count == 0 || s.queue.count < s.options.Items && s.queue.bytes+bytes <= s.options.Bytes)
}

func (s *Sink) push(i item) {
	s.queue.push(i)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// mark says in the stream that events are missing at this place.
func (s *Sink) mark() {
	if s.gap > 0 {
		s.push(lossItem(s.host, s.gap))
		s.gap = 0
	}
}

func lossItem(host event.Host, events uint64) item {
	loss := event.Loss{Host: host, Time: time.Now(), Events: events}
	return item{bytes: smallBytes, call: func(to event.Sink) error { return to.Loss(&loss) }}
}

func (s *Sink) drop(items uint64) {
	s.dropped.Add(items)
	s.report.dropped(items)
}

// Stats may be called from any goroutine.
func (s *Sink) Stats() Stats {
	s.mu.Lock()
	waiting := uint64(s.queue.count)
	if s.inHand {
		waiting++
	}
	s.mu.Unlock()
	return Stats{Written: s.written.Load(), Dropped: s.dropped.Load(), Queued: waiting + s.held.Load()}
}

// stuckMax is how long Close waits for a sink that was interrupted.
const stuckMax = 2 * time.Second

// Close takes no more items, and waits until the sink has all that wait. If the context
// ends first, the others are dropped, and the error has their number. At the end it closes
// the sink, if that can be closed. It is to be called once.
func (s *Sink) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	close(s.closing)
	ended := s.wait(ctx)
	s.giveUp()
	s.report.stop()

	s.mu.Lock()
	left := uint64(s.queue.count) + s.held.Load()
	if s.inHand {
		left++
	}
	s.queue, s.inHand = queue{}, false
	s.mu.Unlock()
	s.held.Store(0)
	s.dropped.Add(left)
	var err error
	if closer, ok := s.to.(io.Closer); ok && ended {
		err = closer.Close()
	}
	if left > 0 {
		return fmt.Errorf("%s: %d lines were not written in time", s.options.Name, left)
	}
	return err
}

// wait reports whether the goroutine has ended.
func (s *Sink) wait(ctx context.Context) bool {
	select {
	case <-s.done:
		return true
	case <-ctx.Done():
	}
	s.giveUp()
	if to, ok := s.to.(Interrupter); ok {
		to.Interrupt()
	}
	stuck := time.NewTimer(stuckMax)
	defer stuck.Stop()
	select {
	case <-s.done:
		return true
	case <-stuck.C:
		return false
	}
}
