package finding

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// heldMax is how many events may wait behind one whose other end is still to come.
	heldMax = 256
	// endPatience is how long an event waits for its other end: a little longer than
	// that may wait for its owner.
	endPatience = 2500 * time.Millisecond
)

// held are events that wait, in their order, with one in front whose other end is
// known to come.
type held struct {
	events []*event.Event
	done   []bool // counted already, with the other end
	free   []*event.Event
}

func (h *held) push(e *event.Event) {
	var kept *event.Event
	if n := len(h.free); n > 0 {
		kept, h.free = h.free[n-1], h.free[:n-1]
	} else {
		kept = new(event.Event)
	}
	e.CopyTo(kept)
	h.events, h.done = append(h.events, kept), append(h.done, false)
}

// pop takes the first event out. It is valid until the next push.
func (h *held) pop() (e *event.Event, done bool) {
	e, done = h.events[0], h.done[0]
	n := copy(h.events, h.events[1:])
	copy(h.done, h.done[1:])
	h.events, h.done = h.events[:n], h.done[:n]
	h.free = append(h.free, e)
	return e, done
}

// other is the position of the event of the other end, -1 if it is not held.
func (h *held) other(first *event.Event) int {
	for i, e := range h.events {
		if isOther(first, e) {
			return i
		}
	}
	return -1
}

// isOther reports whether e is the other end of first, which came before it.
func isOther(first, e *event.Event) bool {
	return first.PeerEvent == e.ID || first.PeerFollows && e.PeerEvent == first.ID
}

// awaitsEnd reports whether the other end of e is still to come.
func awaitsEnd(e *event.Event) bool { return e.PeerEvent > e.ID || e.PeerFollows }

// link lets both ends name each other.
func link(first, other *event.Event) { first.PeerEvent, first.PeerFollows = other.ID, false }

// hold takes an event into the queue, and lets go what need not wait.
func (s *Stage) hold(e *event.Event) error {
	if len(s.held.events) == 1 && isOther(s.held.events[0], e) {
		first, _ := s.held.pop()
		link(first, e)
		g := s.count(resetOf(first, e))
		if err := s.forward(first, g); err != nil {
			return err
		}
		return s.pass(e, g)
	}
	s.held.push(e)
	return s.release(e.Time)
}

// release lets go every event that need not wait any longer.
func (s *Stage) release(now time.Time) error {
	for len(s.held.events) > 0 {
		first := s.held.events[0]
		if !s.held.done[0] && awaitsEnd(first) && len(s.held.events) < heldMax && now.Sub(first.Time).Abs() < endPatience &&
			s.held.other(first) < 0 {
			return nil
		}
		if err := s.letGo(); err != nil {
			return err
		}
	}
	return nil
}

// letGo counts the first held event, with its other end if that is held, too, and
// passes it on.
func (s *Stage) letGo() error {
	e, done := s.held.pop()
	if done {
		return s.pass(e, s.recent.find(e.ID))
	}
	var other *event.Event
	if awaitsEnd(e) {
		if at := s.held.other(e); at >= 0 {
			other = s.held.events[at]
			link(e, other)
			s.held.done[at] = true
		}
	}
	g := s.count(resetOf(e, other))
	if other == nil {
		return s.pass(e, g)
	}
	s.recent.add(other.ID, g)
	return s.forward(e, g) // the word on both comes behind the second
}
