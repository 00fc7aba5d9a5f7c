package tracer

import (
	"math/rand/v2"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestQueue compares with the obvious: a slice.
func TestQueue(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var q queue
	var want []uint64
	addresses := make(map[uint64]*event.Event)
	next := uint64(0)
	for range 20_000 {
		if add := random.IntN(2) == 0; add || q.empty() {
			next++
			e := event.Event{ID: next}
			copied := q.add(&e)
			e.ID = 0 // the caller's event is used again
			want, addresses[next] = append(want, next), copied
		} else {
			q.drop()
			want = want[1:]
		}
		if q.length() != len(want) || q.empty() != (len(want) == 0) {
			t.Fatalf("length %d, want %d", q.length(), len(want))
		}
		if q.empty() {
			continue
		}
		if head := q.head(); head.ID != want[0] || head != addresses[want[0]] {
			t.Fatalf("head %d at %p, want %d at %p: it may not move while it waits", head.ID, head, want[0], addresses[want[0]])
		}
	}
}

// TestQueueMemory: what was dropped is used again, and the queue does not grow
// with the number of events that went through it.
func TestQueueMemory(t *testing.T) {
	var q queue
	e := new(event.Event)
	for range 100 {
		q.add(e)
	}
	turn := func() {
		q.drop()
		q.add(e)
	}
	for range 1000 {
		turn()
	}
	if allocations := testing.AllocsPerRun(1000, turn); allocations != 0 {
		t.Errorf("%v allocations per event", allocations)
	}
	if length := len(q.events); length > 300 {
		t.Errorf("%d places for 100 events", length)
	}
}

// TestQueueForgets: memory that is used again shows nothing of the event before.
func TestQueueForgets(t *testing.T) {
	var q queue
	q.add(&event.Event{Summary: "old", Owner: event.Owner{PID: 1}})
	q.drop()
	if e := q.add(&event.Event{ID: 2}); e.Summary != "" || e.Owner.PID != 0 {
		t.Errorf("%+v", e)
	}
}
