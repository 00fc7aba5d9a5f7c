package audit

import "github.com/rsttrace/rsttrace/pkg/event"

// Key is what the equations need to know of an event.
type Key struct {
	Dir    event.Dir
	Cause  event.CauseID
	Hook   event.Hook
	Socket event.SockKind
	State  event.State // before the kernel changed it; 0 where not known
}

// Counts is a number of events per key, of one network namespace.
type Counts map[Key]uint64

// Add counts an event.
func (c Counts) Add(e *event.Event) {
	c[Key{Dir: e.Dir, Cause: e.Cause, Hook: e.Evidence.Hook, Socket: e.Evidence.Socket, State: e.State}]++
}

func (c Counts) sum(weight func(Key) uint64) (total uint64) {
	if weight == nil {
		return 0
	}
	for key, n := range c {
		total += n * weight(key)
	}
	return total
}
