package queued

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// unflushedMax is how long a busy sink goes without a flush.
const unflushedMax = time.Second

// run gives the items to the sink.
func (s *Sink) run() {
	defer close(s.done)
	delay := s.options.Delay
	if delay == 0 {
		delay = unflushedMax
	}
	var since time.Time // of the first item that is not flushed
	for s.abandon.Err() == nil {
		if i, ok := s.take(); ok {
			if !s.deliver(i) {
				return
			}
			if s.held.Load() == 0 { // the sink did not take it: on with the next
				since = time.Time{}
				continue
			}
			if since.IsZero() {
				since = time.Now()
			}
			if time.Since(since) < delay {
				continue
			}
		}
		dirty := s.held.Load() > 0
		if dirty && (s.options.Delay == 0 || s.isClosing() || time.Since(since) >= delay) {
			if !s.flush() {
				return
			}
			since = time.Time{}
			continue
		}
		if !dirty {
			since = time.Time{}
			if s.isClosing() && s.isEmpty() {
				return
			}
		}
		s.pause(dirty, delay-time.Since(since))
	}
}

// pause waits for something to do. dirty: for so long at most.
func (s *Sink) pause(dirty bool, most time.Duration) {
	var due <-chan time.Time
	if dirty {
		timer := time.NewTimer(most)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-s.wake:
	case <-due:
	case <-s.closing:
	}
}

// take takes the next item. A gap behind the last one becomes an item.
func (s *Sink) take() (i item, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.queue.count > 0:
		i = s.queue.pop()
	case s.gap > 0:
		i = lossItem(s.host, s.gap)
		s.gap = 0
	default:
		return item{}, false
	}
	s.inHand = true
	return i, true
}

func (s *Sink) isEmpty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.count == 0 && s.gap == 0
}

func (s *Sink) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// deliver gives an item to the sink until that takes it. false: the stage is abandoned.
func (s *Sink) deliver(i item) bool {
	err := s.insist(func() error { return i.give(s.to) })
	if errors.Is(err, errAbandoned) {
		return false
	}
	s.mu.Lock()
	s.inHand = false
	if i.event != nil && len(s.free) < freeMax {
		s.free = append(s.free, i.event)
	}
	s.mu.Unlock()
	s.held.Add(1)
	s.settle(err, 1)
	return true
}

// flush flushes the sink. Then all that it holds is written.
func (s *Sink) flush() bool {
	err := s.insist(func() error { return s.to.Flush(time.Now()) })
	if errors.Is(err, errAbandoned) {
		return false
	}
	s.settle(err, s.held.Load())
	s.written.Add(s.held.Swap(0))
	return true
}

// settle counts what an error has cost: what it says itself, or else so many items.
func (s *Sink) settle(err error, items uint64) {
	if err == nil {
		return
	}
	var lost *sink.LostError
	if errors.As(err, &lost) {
		items, err = lost.Items, lost.Err
	}
	items = min(items, s.held.Load())
	s.held.Add(-items)
	s.report.failed(err)
	s.drop(items)
}

var errAbandoned = errors.New("abandoned")

// insist makes a call until its error is another one than to try it later. It returns
// errAbandoned if nobody waits for the sink any more.
func (s *Sink) insist(call func() error) error {
	closing := s.closing
	for wait := s.options.Retry; ; wait = min(2*wait, s.options.RetryMax) {
		err := call()
		if err == nil {
			s.report.works()
			return nil
		}
		var later *sink.RetryError
		switch {
		case s.abandon.Err() != nil:
			return errAbandoned
		case !errors.As(err, &later):
			return err
		}
		s.report.failed(err)
		timer := time.NewTimer(max(jitter(wait), min(later.After, retryAfterMax)))
		select {
		case <-timer.C:
		case <-closing: // once more at once
			closing, wait = nil, s.options.Retry
		case <-s.abandon.Done():
			timer.Stop()
			return errAbandoned
		}
		timer.Stop()
	}
}

// retryAfterMax is how long a server may ask for patience.
const retryAfterMax = 5 * time.Minute

// jitter spreads attempts of many hosts over time: half of a duration to all of it.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
