package tracing

import (
	"sort"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// shownIDsKept is how many IDs are remembered. The two ends of a RST are at
// most pairWindow apart.
const shownIDsKept = 8192

// shownIDs are those of the events that are shown: 1, 2, 3 and so on. Before an
// event is shown its ID is its number in the order of arrival, which has gaps
// where a filter hides events.
type shownIDs struct {
	last     uint64
	arrivals [shownIDsKept]uint64 // of the latest, each at its number modulo shownIDsKept
}

// assign gives the next event that is shown its number.
func (n *shownIDs) assign(arrival uint64) uint64 {
	n.last++
	n.arrivals[n.last%shownIDsKept] = arrival
	return n.last
}

// lookUp returns the number of the event with that place in the order of arrival. It
// is 0 if that event was not shown, or too long ago.
func (n *shownIDs) lookUp(arrival uint64) uint64 {
	count := min(n.last, shownIDsKept)
	first := n.last - count + 1
	i := sort.Search(int(count), func(i int) bool {
		return n.arrivals[(first+uint64(i))%shownIDsKept] >= arrival
	})
	number := first + uint64(i)
	if number > n.last || n.arrivals[number%shownIDsKept] != arrival {
		return 0
	}
	return number
}

// assignID gives e, which is about to be shown, its number, and that of the event
// of the other end. The number of an event that is yet to be shown is known only
// if nothing that waits can turn out to be hidden.
func (t *Tracer) assignID(e *event.Event) {
	next := t.shownIDs.assign(e.ID)
	switch {
	case e.PeerEvent == 0:
	case e.PeerEvent < e.ID:
		e.PeerEvent = t.shownIDs.lookUp(e.PeerEvent)
	case t.decidesLate():
		e.PeerEvent, e.PeerFollows = 0, true
	default:
		e.PeerEvent = next + t.queue.behindHead(e.PeerEvent)
	}
	e.ID = next
}

// decidesLate reports whether the filter decides on some events only when they
// are about to be shown.
func (t *Tracer) decidesLate() bool {
	return t.needs&(filter.KnowsOwner|filter.KnowsLocation|filter.KnowsRest) != 0
}
