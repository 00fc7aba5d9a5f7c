package selftest

import (
	"sync"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// recorder keeps events by network namespace.
type recorder struct {
	mutex  sync.Mutex
	events map[uint32][]event.Event
}

func newRecorder() *recorder {
	return &recorder{events: make(map[uint32][]event.Event)}
}

func (r *recorder) add(e *event.Event) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.events[e.Netns.Inode] = append(r.events[e.Netns.Inode], *e)
}

// clear forgets what was recorded: the kernel uses the numbers of namespaces
// again.
func (r *recorder) clear() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	clear(r.events)
}

// of returns what was recorded in a namespace so far.
func (r *recorder) of(netns uint32) []event.Event {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.events[netns]
}
