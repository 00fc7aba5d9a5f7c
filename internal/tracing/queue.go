package tracing

import (
	"cmp"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// queueMax bounds the memory of a storm: beyond it events no longer wait for
// their owner.
const queueMax = 8192

const (
	// trimInterval is how long the queue keeps memory that nobody needs.
	trimInterval = 10 * time.Second
	// smallBatch is how many resets a batch may always have room for.
	smallBatch = 16
)

// queue keeps events in their order while the first of them waits. Most wait for
// nothing and are gone before the next batch is read: they stay where the batch
// has them. What is left is moved to memory of the queue's own.
type queue struct {
	batch          probe.Batch // of the last read
	events         []queued
	first          int
	addedSinceRead int // the last so many were added since the last read
	free           []*event.Event

	nextTrim     time.Time
	spare        int // so many in free were not needed since the last trim
	longestBatch int // in resets, since the last trim
}

// queued is an event in the queue.
type queued struct {
	*event.Event
	ownsMemory bool // the memory is the queue's
}

func (q *queue) empty() bool        { return q.first == len(q.events) }
func (q *queue) length() int        { return len(q.events) - q.first }
func (q *queue) head() *event.Event { return q.events[q.first].Event }

// add puts an event of the batch at the end.
func (q *queue) add(e *event.Event) {
	q.events = append(q.events, queued{e, false})
	q.addedSinceRead++
}

// addCopy puts a copy of e at the end and returns it. It stays where it is until
// it is dropped.
func (q *queue) addCopy(e *event.Event) *event.Event {
	copied := q.copy(e)
	q.events = append(q.events, queued{copied, true})
	q.addedSinceRead++
	return copied
}

// leaveBatch moves what still waits out of the batch. It is to be called before the next
// one is read.
func (q *queue) leaveBatch() {
	for i := max(q.first, len(q.events)-q.addedSinceRead); i < len(q.events); i++ {
		if w := &q.events[i]; !w.ownsMemory {
			w.Event, w.ownsMemory = q.copy(w.Event), true
		}
	}
	q.addedSinceRead = 0
}

// trim gives back what a storm has taken, and what nobody has needed since the last trim.
// Nothing may be in the batch any more: see leaveBatch.
func (q *queue) trim(now time.Time) {
	q.longestBatch = max(q.longestBatch, len(q.batch.Resets))
	if now.Before(q.nextTrim) {
		return
	}
	if q.spare > 0 {
		q.free = slices.Clone(q.free[:len(q.free)-q.spare])
	}
	if cap(q.batch.Resets) > max(smallBatch, 2*q.longestBatch) {
		q.batch = probe.Batch{}
	}
	if q.empty() {
		q.events, q.first = nil, 0
	}
	q.nextTrim, q.spare, q.longestBatch = now.Add(trimInterval), len(q.free), 0
}

// copy takes memory that was used before, where there is some.
func (q *queue) copy(e *event.Event) *event.Event {
	var copied *event.Event
	if last := len(q.free) - 1; last >= 0 {
		copied, q.free = q.free[last], q.free[:last]
		q.spare = min(q.spare, last)
	} else {
		copied = new(event.Event)
	}
	*copied = *e
	return copied
}

// drop removes the head, whose memory is used again.
func (q *queue) drop() {
	if head := q.events[q.first]; head.ownsMemory {
		q.free = append(q.free, head.Event)
	}
	q.first++
	if q.first > len(q.events)/2 {
		kept := copy(q.events, q.events[q.first:])
		q.events, q.first = q.events[:kept], 0
	}
}

// find returns the event with that ID, or nil if it is not in the queue.
func (q *queue) find(id uint64) *event.Event {
	at, found := q.search(id)
	if !found {
		return nil
	}
	return q.events[q.first+at].Event
}

// behindHead is how far the event with that ID, which is in the queue, is behind
// the head.
func (q *queue) behindHead(id uint64) uint64 {
	at, _ := q.search(id)
	return uint64(at)
}

func (q *queue) search(id uint64) (at int, found bool) {
	all := q.events[q.first:]
	if len(all) == 0 || id < all[0].ID {
		return 0, false
	}
	// Where nothing was filtered out, numbers have no gaps.
	if at := id - all[0].ID; at < uint64(len(all)) && all[at].ID == id {
		return int(at), true
	}
	return slices.BinarySearchFunc(all, id, func(w queued, id uint64) int { return cmp.Compare(w.ID, id) })
}

// findByHook returns the event of a socket whose hook ran at that moment, or nil if
// it is not in the queue. The youngest are looked at first.
func (q *queue) findByHook(socket, nanos uint64) *event.Event {
	for _, w := range slices.Backward(q.events[q.first:]) {
		if w.Kernel.HookNanos == nanos && w.Kernel.Socket.Address == socket {
			return w.Event
		}
	}
	return nil
}
