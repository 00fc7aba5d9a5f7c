package owner

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// soughtMax is for how many sockets one walk of Holders looks.
	soughtMax = 256
	// heldMax bounds the memory for sockets whose holder is known.
	heldMax = 4096
	// heldFor is how long a walk counts: its socket may be passed on.
	heldFor = 2 * time.Second
)

// Holders knows which processes hold sockets that no event is about, such as another
// listener. It is for one goroutine.
type Holders struct {
	// Walk lists the holders of sockets. It is not called again before pause has passed.
	Walk func(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error)

	known    map[event.SocketRef]held
	nextWalk time.Time
}

// held is who had a socket at a walk: the zero process if nobody was found.
type held struct {
	process event.ProcessRef
	at      time.Time
}

// Of is the process that holds a socket, the youngest of several. It is zero if nobody
// is found, if the walk fails, and if the next walk is not due. A walk also looks for
// the sockets of beside: somebody may ask for them soon.
func (h *Holders) Of(socket event.SocketRef, beside iter.Seq[event.SocketRef], now time.Time) event.ProcessRef {
	if socket.Inode == 0 {
		return event.ProcessRef{}
	}
	last, known := h.known[socket]
	if known && now.Sub(last.at).Abs() < heldFor {
		return last.process
	}
	if h.Walk == nil || now.Before(h.nextWalk) {
		return event.ProcessRef{}
	}
	h.walk(socket, beside, now)
	return h.known[socket].process
}

func (h *Holders) walk(socket event.SocketRef, beside iter.Seq[event.SocketRef], now time.Time) {
	sought := []event.SocketRef{socket}
	for other := range beside {
		if len(sought) == soughtMax {
			break
		}
		if other.Inode != 0 && other != socket {
			sought = append(sought, other)
		}
	}
	holders, pause, err := h.Walk(sought)
	h.nextWalk = time.Now().Add(pause)
	if h.known == nil || len(h.known) > heldMax-soughtMax {
		h.known = make(map[event.SocketRef]held)
	}
	for _, s := range sought {
		delete(h.known, s)
	}
	if err != nil {
		return
	}
	groups := bySocket(holders)
	for _, s := range sought {
		found := held{at: now}
		if group := groups[s.Inode]; len(group) > 0 {
			youngestFirst(group)
			found.process = event.ProcessRef{PID: group[0].Process.PID, Comm: group[0].Process.Comm}
		}
		h.known[s] = found
	}
}

func youngestFirst(group []event.Holder) {
	slices.SortFunc(group, func(a, b event.Holder) int {
		return cmp.Or(cmp.Compare(b.Started, a.Started), cmp.Compare(b.Process.PID, a.Process.PID))
	})
}
