package tracing

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/owner"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var compareSeen = cmp.AllowUnexported(seen{})

// TestOrder: events come in the order of their hooks, also when an early one
// waits for its owner and a later one does not.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := received(1, 0x100)
		f := newFakeSource(resets(first, closedPort(2)), resets(closedPort(3)))
		walks := 0
		f.holders = func() []event.Holder {
			if walks++; walks < 3 {
				return nil // on its way from one process to another
			}
			return []event.Holder{holderOf(first, 10)}
		}
		all, events := collect(tracing(f, ""), 3)
		want := []seen{{port: 1, pid: 10}, {port: 2}, {port: 3}}
		if diff := cmp.Diff(want, onlyEvents(all), compareSeen, cmpopts.IgnoreFields(seen{}, "after")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for i, e := range events {
			if e.ID != uint64(i+1) {
				t.Errorf("event %d has id %d", i, e.ID)
			}
		}
		if e := events[0]; !strings.Contains(e.Summary, "app[10]") || e.Owner.Source != event.FromSocket {
			t.Errorf("the summary does not know the owner: %q, %+v", e.Summary, e.Owner)
		}
	})
}

// TestPatience: who is not found is reported without an owner, in time.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFakeSource(resets(received(1, 0x100), closedPort(2)))
		tracer := tracing(f, "")
		all, _ := collect(tracer, 2)
		got := onlyEvents(all)
		if got[0].port != 1 || got[0].pid != 0 || got[1].port != 2 {
			t.Errorf("%+v", got)
		}
		if after := got[0].after; after < owner.Patience || after > owner.Patience+tick {
			t.Errorf("it was held for %s, patience is %s", after, owner.Patience)
		}
		if got[1].after != got[0].after {
			t.Errorf("the next event waited on: %s, %s", got[0].after, got[1].after)
		}
		if waiting := tracer.resolver.Waiting(); waiting != 0 {
			t.Errorf("%d sockets are still looked for", waiting)
		}
	})
}

// TestPatienceToWalk: a reset soon after a long walk is looked for by the next one,
// although that is not due within the usual patience. If that one finds nobody
// either, nobody will.
func TestPatienceToWalk(t *testing.T) {
	const walk = 40 * time.Millisecond
	for name, known := range map[string]bool{"found": true, "not found": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := received(1, 0x100), received(2, 0x200)
				second.Time = second.Time.Add(walk)
				f := newFakeSource(resets(first), resets(second))
				f.holders = func() []event.Holder {
					time.Sleep(walk)
					holders := []event.Holder{holderOf(first, 10)}
					if known && time.Since(second.Time) > walk {
						holders = append(holders, holderOf(second, 20))
					}
					return holders
				}
				all, _ := collect(tracing(f, ""), 2)
				got := onlyEvents(all)[1]
				if want := map[bool]uint32{true: 20}[known]; got.pid != want {
					t.Errorf("its owner is %d, want %d", got.pid, want)
				}
				if early, late := 10*walk, 12*walk+2*tick; got.after < early || got.after > late {
					t.Errorf("it came after %s, want %s to %s: the next walk", got.after, early, late)
				}
			})
		})
	}
}

// TestNewsComesLate: reading is behind the hooks by more than patience, and by then the
// owner has closed the socket and ended. What it did is still on the way.
func TestNewsComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := received(1, 0x100)
		late.Time = late.Time.Add(-2 * owner.Patience)
		f := newFakeSource(resets(late), probe.Batch{Holders: []event.Holder{closedBy(holderOf(late, 10))}})
		f.holders = func() []event.Holder { return nil }
		all, _ := collect(tracing(f, ""), 1)
		if got := onlyEvents(all)[0]; got.pid != 10 {
			t.Errorf("its owner is %d, want the process that closed it", got.pid)
		}
	})
}

// TestPatienceCountsFromHook: time in the ring is part of the wait, once all was read
// that came meanwhile.
func TestPatienceCountsFromHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := received(1, 0x100)
		late.Time = late.Time.Add(-owner.Patience)
		all, _ := collect(tracing(newFakeSource(resets(late)), ""), 1)
		if after := onlyEvents(all)[0].after; after > tick {
			t.Errorf("an old event waited for another %s", after)
		}
	})
}

// TestClosedSettles: the owner may be known only because it closes the socket.
func TestClosedSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := received(1, 0x100)
		closing := holderOf(e, 10)
		closing.Closed = true
		f := newFakeSource(resets(e), probe.Batch{Holders: []event.Holder{closing}})
		all, events := collect(tracing(f, ""), 1)
		if got := onlyEvents(all)[0]; got.pid != 10 || got.after != 0 {
			t.Errorf("%+v", got)
		}
		if events[0].Owner.Source != event.FromCloser {
			t.Errorf("source %s", events[0].Owner.Source)
		}
	})
}

// TestAddressOfClosedSocket: within one batch a socket is reset and closed, and
// its address given to another process's socket, which is reset in turn.
func TestAddressOfClosedSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := received(1, 0x100), received(2, 0x100)
		second.Kernel.Socket.Inode++
		one, two := holderOf(first, 10), holderOf(second, 20)
		batch := resets(first, second)
		batch.Holders = []event.Holder{one, two}
		all, _ := collect(tracing(newFakeSource(batch), ""), 2)
		want := []seen{{port: 1, pid: 10}, {port: 2, pid: 20}}
		if diff := cmp.Diff(want, onlyEvents(all), compareSeen); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestStorm: more waiting events than the queue takes wait no longer.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const extra = 3
		var storm probe.Batch
		for i := range queueMax + extra - 1 {
			storm.Resets = append(storm.Resets, received(uint16(i+1), uint64(i+1)<<8))
		}
		all, _ := collect(tracing(newFakeSource(storm), ""), queueMax+extra-1)
		var early int
		for i, s := range onlyEvents(all) {
			if s.port != uint16(i+1) {
				t.Fatalf("event %d is %d: out of order", i+1, s.port)
			}
			if s.after == 0 {
				early++
			} else if s.after < owner.Patience-time.Millisecond {
				t.Fatalf("event %d after %s", i+1, s.after)
			}
		}
		if early != extra {
			t.Errorf("%d events did not wait, want the %d that the queue has no room for", early, extra)
		}
	})
}

func TestFilters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, other, unknown := received(1, 0x100), received(2, 0x200), received(3, 0x300)
		f := newFakeSource(resets(other, closedPort(9), unknown, mine))
		f.holders = func() []event.Holder { return []event.Holder{holderOf(other, 20), holderOf(mine, 10)} }
		tracer := tracing(f, "pid 10 and dir received")
		all, events := collect(tracer, 1)
		if got := onlyEvents(all); got[0].port != 1 || got[0].pid != 10 {
			t.Errorf("%+v", got)
		}
		if events[0].ID != 1 { // the number of what is shown
			t.Errorf("id %d, want 1", events[0].ID)
		}
	})
}
