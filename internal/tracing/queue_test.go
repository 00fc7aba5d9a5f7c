package tracing

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestQueue compares with the obvious: a slice.
func TestQueue(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q queue
	var want []uint64
	batch := make([]event.Event, 10)
	copies := make(map[uint64]*event.Event)
	next := uint64(0)
	for range 5000 {
		q.leaveBatch()
		for i := range batch { // the memory of the batch before
			next++
			batch[i] = event.Event{ID: next}
			if random.IntN(2) == 0 {
				q.add(&batch[i])
			} else {
				copies[next] = q.addCopy(&batch[i])
			}
			want = append(want, next)
		}
		for range random.IntN(2*len(batch) + 1) {
			if q.empty() {
				break
			}
			q.drop()
			want = want[1:]
		}
		if q.length() != len(want) || q.empty() != (len(want) == 0) {
			t.Fatalf("length %d, want %d", q.length(), len(want))
		}
		for _, id := range want {
			found := q.find(id)
			if found == nil || found.ID != id {
				t.Fatalf("event %d is not there: %+v", id, found)
			}
			if copied := copies[id]; copied != nil && copied != found {
				t.Fatalf("event %d is at %p, want %p: it may not move while it waits", id, found, copied)
			}
		}
		if !q.empty() && q.head().ID != want[0] {
			t.Fatalf("head %d, want %d", q.head().ID, want[0])
		}
	}
}

// TestQueueMemory: what was dropped is used again, and the queue does not grow
// with the number of events that went through it.
func TestQueueMemory(t *testing.T) {
	for name, add := range map[string]func(*queue, *event.Event){
		"in the batch": (*queue).add,
		"copied":       func(q *queue, e *event.Event) { q.addCopy(e) },
	} {
		var q queue
		e := new(event.Event)
		for range 100 {
			add(&q, e)
		}
		turn := func() {
			q.drop()
			add(&q, e)
			q.leaveBatch()
		}
		for range 1000 {
			turn()
		}
		if allocations := testing.AllocsPerRun(1000, turn); allocations != 0 {
			t.Errorf("%s: %v allocations per event", name, allocations)
		}
		if length := len(q.events); length > 300 {
			t.Errorf("%s: %d places for 100 events", name, length)
		}
		if length := len(q.free); length > 300 {
			t.Errorf("%s: memory for %d events more", name, length)
		}
	}
}

// TestQueueForgets: memory that is used again shows nothing of the event before.
func TestQueueForgets(t *testing.T) {
	var q queue
	q.addCopy(&event.Event{Summary: "old", Owner: event.Owner{PID: 1}})
	q.drop()
	if e := q.addCopy(&event.Event{ID: 2}); e.Summary != "" || e.Owner.PID != 0 {
		t.Errorf("%+v", e)
	}
}

// TestQueueGivesBack: what a storm took is kept while it is needed, and goes after it.
func TestQueueGivesBack(t *testing.T) {
	const storm, usual = 1000, 3
	var q queue
	now := time.Unix(0, 0)
	pass := func(events int) { // through the queue, and time too
		q.batch.Resets = make([]event.Event, events, max(events, cap(q.batch.Resets)))
		for i := range q.batch.Resets {
			q.addCopy(&q.batch.Resets[i])
		}
		for !q.empty() {
			q.drop()
		}
		q.leaveBatch()
		now = now.Add(trimInterval)
		q.trim(now)
	}
	pass(storm)
	pass(storm)
	if len(q.free) != storm || cap(q.batch.Resets) != storm {
		t.Errorf("in a storm of %d it keeps memory for %d copies and %d of a batch", storm, len(q.free), cap(q.batch.Resets))
	}
	pass(usual)
	if len(q.free) != usual || cap(q.batch.Resets) != 0 || q.events != nil {
		t.Errorf("after the storm it keeps memory for %d copies, %d of a batch and %d places", len(q.free), cap(q.batch.Resets), cap(q.events))
	}
	pass(usual)
	if len(q.free) != usual || cap(q.batch.Resets) != usual {
		t.Errorf("in calm it keeps memory for %d copies and %d of a batch, want that of %d", len(q.free), cap(q.batch.Resets), usual)
	}
}
