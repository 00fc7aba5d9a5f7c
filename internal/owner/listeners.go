package owner

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// listenerHolder is who had a listener when a walk began.
type listenerHolder struct {
	owner  event.Owner
	cgroup uint64
	at     time.Time
}

// listenersMax bounds the memory for listeners.
const listenersMax = 256

// rememberListener keeps the holder of a listener that events wait for.
func (r *Resolver) rememberListener(inode uint64, found listenerHolder) {
	events := r.waiting[inode]
	if len(events) == 0 || events[0].Evidence.Has(event.FactHasSocket) {
		return
	}
	if r.listeners == nil || len(r.listeners) >= listenersMax {
		r.listeners = make(map[event.SocketRef]listenerHolder)
	}
	r.listeners[events[0].Kernel.Listener] = found
}

// fallBackToListener names the process that had the listener at a walk shortly before the hook.
// In a storm the next walk, or the news that the listener has ended, may come too late.
func (r *Resolver) fallBackToListener(e *event.Event) {
	listener := e.Kernel.Listener
	if !e.Owner.IsZero() || listener.Inode == 0 || e.Evidence.Has(event.FactHasSocket) {
		return
	}
	if last, known := r.listeners[listener]; known && e.Time.Sub(last.at).Abs() < PatienceToWalk {
		e.Owner, e.Kernel.OwnerCgroup = last.owner, last.cgroup
		e.Owner.Source = event.FromListener
	}
}
