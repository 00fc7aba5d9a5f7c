package owner

import (
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFallBackToListener: the listener is gone when its next event is looked for. It was found
// a moment before, so that process is named, but not much later, nor for another socket.
func TestFallBackToListener(t *testing.T) {
	start := time.Now()
	waiting := func(inode uint64, at time.Time) *event.Event {
		e := &event.Event{Time: at, Evidence: event.Evidence{Socket: event.SockFull}}
		e.Kernel.Listener = event.SocketRef{Address: socketA, Inode: inode}
		return e
	}
	found := []event.Holder{holder(socketA, 1, 10, "nginx")}
	r := Resolver{Walk: func([]event.SocketRef) ([]event.Holder, time.Duration, error) { return found, 0, nil }}
	r.Await(waiting(1, start))
	if err := r.Search(start); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		event *event.Event
		want  uint32
	}{
		"a moment later":                   {waiting(1, start.Add(time.Second)), 10},
		"much later":                       {waiting(1, start.Add(time.Minute)), 0},
		"another listener at this address": {waiting(2, start.Add(time.Second)), 0},
	} {
		r.Await(c.event)
		r.GiveUp(c.event)
		r.FallBackToConnector(c.event)
		if c.event.Owner.PID != c.want {
			t.Errorf("%s: owner %+v, want %d", name, c.event.Owner, c.want)
		}
	}
}
