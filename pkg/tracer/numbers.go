package tracer

import (
	"sort"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// numbersKept is how many numbers are remembered. The two ends of a RST are at
// most peerWindow apart.
const numbersKept = 8192

// numbers are those of the events that are shown: 1, 2, 3 and so on. Before an
// event is shown its ID is its place in the order of arrival, which has gaps
// where a filter hides events.
type numbers struct {
	last     uint64
	arrivals [numbersKept]uint64 // of the latest, each at its number modulo numbersKept
}

// next gives the next event that is shown its number.
func (n *numbers) next(arrival uint64) uint64 {
	n.last++
	n.arrivals[n.last%numbersKept] = arrival
	return n.last
}

// of returns the number of the event with that place in the order of arrival. It
// is 0 if that event was not shown, or too long ago.
func (n *numbers) of(arrival uint64) uint64 {
	count := min(n.last, numbersKept)
	first := n.last - count + 1
	i := sort.Search(int(count), func(i int) bool {
		return n.arrivals[(first+uint64(i))%numbersKept] >= arrival
	})
	number := first + uint64(i)
	if number > n.last || n.arrivals[number%numbersKept] != arrival {
		return 0
	}
	return number
}

// number gives e, which is about to be shown, its number, and that of the event
// of the other end. The number of an event that is yet to be shown is known only
// if nothing that waits can turn out to be hidden.
func (t *Tracer) number(e *event.Event) {
	next := t.numbers.next(e.ID)
	switch {
	case e.PeerEvent == 0:
	case e.PeerEvent < e.ID:
		e.PeerEvent = t.numbers.of(e.PeerEvent)
	case t.decidesLate():
		e.PeerEvent = 0
	default:
		e.PeerEvent = next + t.queue.behindHead(e.PeerEvent)
	}
	e.ID = next
}

// decidesLate reports whether the filter decides on some events only when they
// are about to be shown.
func (t *Tracer) decidesLate() bool {
	return t.reads&(filter.KnowsOwner|filter.KnowsPlace|filter.KnowsRest) != 0
}
