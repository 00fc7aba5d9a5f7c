package screen

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// EventsMax is how many events are known.
const EventsMax = 4096

// ring holds the last events. What it has lent stays as it is: only its own memory is
// used again.
type ring struct {
	slots []slot
	next  int // where the next event goes
}

type slot struct {
	event *event.Event
	lent  bool
}

func (r *ring) add(e *event.Event) {
	if len(r.slots) < EventsMax {
		r.slots = append(r.slots, slot{event: e.Clone()})
		return
	}
	s := &r.slots[r.next]
	r.next = (r.next + 1) % EventsMax
	if s.lent {
		*s = slot{event: e.Clone()}
		return
	}
	e.CopyTo(s.event)
}

// lend returns the events, the oldest first.
func (r *ring) lend() []*event.Event {
	events := make([]*event.Event, 0, len(r.slots))
	for i := range r.slots {
		s := &r.slots[(r.next+i)%len(r.slots)]
		s.lent = true
		events = append(events, s.event)
	}
	return events
}

// refill takes the events of another ring that are wanted.
func (r *ring) refill(from *ring, wanted func(*event.Event) bool) {
	*r = ring{}
	for _, e := range from.lend() {
		if wanted(e) {
			r.slots = append(r.slots, slot{event: e, lent: true})
		}
	}
	r.slots = slices.Clip(r.slots)
}
