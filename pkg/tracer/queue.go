package tracer

import (
	"cmp"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// queueMax bounds the memory of a storm: beyond it events no longer wait for
// their owner.
const queueMax = 8192

// queue keeps events in their order while the first of them waits.
type queue struct {
	batch  probe.Batch // of the last read; its events are copied into the queue
	events []*event.Event
	first  int
	free   []*event.Event
}

func (q *queue) empty() bool        { return q.first == len(q.events) }
func (q *queue) length() int        { return len(q.events) - q.first }
func (q *queue) head() *event.Event { return q.events[q.first] }

// add copies e to the end of the queue and returns the copy.
func (q *queue) add(e *event.Event) *event.Event {
	var copied *event.Event
	if last := len(q.free) - 1; last >= 0 {
		copied, q.free = q.free[last], q.free[:last]
	} else {
		copied = new(event.Event)
	}
	*copied = *e
	q.events = append(q.events, copied)
	return copied
}

// drop removes the head, whose memory is used again.
func (q *queue) drop() {
	q.free = append(q.free, q.events[q.first])
	q.first++
	if q.first > len(q.events)/2 {
		kept := copy(q.events, q.events[q.first:])
		q.events, q.first = q.events[:kept], 0
	}
}

// find returns the event with that ID, or nil if it is not in the queue.
func (q *queue) find(id uint64) *event.Event {
	waiting := q.events[q.first:]
	if len(waiting) == 0 || id < waiting[0].ID {
		return nil
	}
	// Where nothing was filtered out, numbers have no gaps.
	if at := id - waiting[0].ID; at < uint64(len(waiting)) && waiting[at].ID == id {
		return waiting[at]
	}
	at, found := slices.BinarySearchFunc(waiting, id, func(e *event.Event, id uint64) int { return cmp.Compare(e.ID, id) })
	if !found {
		return nil
	}
	return waiting[at]
}

// ofHook returns the event of a socket whose hook ran at that moment, or nil if
// it is not in the queue. The youngest are looked at first.
func (q *queue) ofHook(socket, nanos uint64) *event.Event {
	for _, e := range slices.Backward(q.events[q.first:]) {
		if e.Kernel.HookNanos == nanos && e.Kernel.Socket.Address == socket {
			return e
		}
	}
	return nil
}
