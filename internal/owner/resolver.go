package owner

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Patience is how long an event waits for its owner, counted from its hook: the
// socket may be on its way from one process to another.
const Patience = 100 * time.Millisecond

// PatienceToWalk is the same where the file tables have not been walked since
// the hook: that it is not due yet is no reason to give an owner up.
const PatienceToWalk = 2 * time.Second

// Resolver names owners, and finds those of sockets that are alive. It is for one
// goroutine.
type Resolver struct {
	// Walk lists the holders of sockets. It is called once for all that wait,
	// and not again before pause has passed.
	Walk func(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error)

	// waiting is by inode of the socket's file: one connection may have two
	// sockets (MPTCP), and an address is given to the next socket soon.
	waiting  map[uint64][]*event.Event
	nextWalk time.Time
	// walked is when the first walk that looked for the owner of an event had ended; the
	// zero time if there was none yet. A walk does not count that began before the event
	// was awaited: the record of a hook may come late.
	walked      map[*event.Event]time.Time
	notSearched uint64
	uids        event.ValueArena[uint32]
	// listeners are the last ones that were found, and who had them then.
	listeners map[event.SocketRef]listenerHolder
}

// Await looks for the owner of e from now on. The caller keeps e unchanged
// until Resolved, Closed or Search filled e.Owner, or its patience ends and
// Forget is called.
func (r *Resolver) Await(e *event.Event) {
	if r.waiting == nil {
		r.waiting = make(map[uint64][]*event.Event)
		r.walked = make(map[*event.Event]time.Time)
	}
	r.walked[e] = time.Time{}
	inode := searchedSocket(e).Inode
	r.waiting[inode] = append(r.waiting[inode], e)
}

// Forget stops looking for the owner of e.
func (r *Resolver) Forget(e *event.Event) {
	delete(r.walked, e)
	inode := searchedSocket(e).Inode
	rest := slices.DeleteFunc(r.waiting[inode], func(w *event.Event) bool { return w == e })
	if len(rest) == 0 {
		delete(r.waiting, inode)
	} else {
		r.waiting[inode] = rest
	}
}

// Pending reports whether e should wait for its owner. All news is known of what happened
// until now, which may be earlier than the time of day.
func (r *Resolver) Pending(e *event.Event, now time.Time) bool {
	if !NeedsOwner(e) {
		return false
	}
	age := now.Sub(e.Time).Abs() // the clock may have been set back meanwhile
	if r.walkIsDue(e) {
		return age < PatienceToWalk
	}
	// Whatever the walk missed was closed before it ended, and that news may come late.
	return age < Patience || now.Before(r.walked[e])
}

// GiveUp takes the news that e is shown without waiting any longer. It counts those
// whose socket was not looked for at all, because the next walk came too late.
func (r *Resolver) GiveUp(e *event.Event) {
	r.fallBackToListener(e)
	if e.Owner.IsZero() && r.walkIsDue(e) && searchedSocket(e).Inode != 0 {
		r.notSearched++
	}
	r.Forget(e)
}

// walkIsDue reports whether no walk has looked for the owner of e yet.
func (r *Resolver) walkIsDue(e *event.Event) bool {
	walked, awaited := r.walked[e]
	return awaited && r.Walk != nil && walked.IsZero()
}

// NotSearched reports how many owners were not looked for, because walks are rare on
// purpose: they take a small part of a core.
func (r *Resolver) NotSearched() uint64 { return r.notSearched }

// Waiting reports how many sockets are being looked for.
func (r *Resolver) Waiting() int { return len(r.waiting) }

// Closed takes the news that a process closed a socket. The closer held it, and
// nobody does any more.
func (r *Resolver) Closed(h event.Holder) {
	if h.Process.Kernel {
		// A worker ran the close that a process had begun: nobody can be named.
		return
	}
	owner := r.ownerOf(h.Process, sourceOf(h.Process, event.FromCloser))
	owner.Ended, owner.KilledBy = event.Ended{}, event.Killer{} // that came later: it is not how the reset came about
	r.assign(h.Socket.Inode, owner, h.Process.Cgroup)
}

// assign gives an owner, and the control group that it was seen in, to all events
// of a socket.
func (r *Resolver) assign(inode uint64, owner event.Owner, cgroup uint64) {
	for _, e := range r.waiting[inode] {
		delete(r.walked, e)
		e.Owner, e.Kernel.OwnerCgroup = owner, cgroup
		e.Owner.Source = foundSource(e, owner.Source)
	}
	delete(r.waiting, inode)
}

// Search walks the file tables, if that is due, and fills the owners that it
// finds. A socket that is in nobody's table may be on its way from one process
// to another, or just closed: it stays waiting.
func (r *Resolver) Search(now time.Time) error {
	if len(r.waiting) == 0 || r.Walk == nil || now.Before(r.nextWalk) {
		return nil
	}
	holders, pause, err := r.Walk(r.sockets())
	r.nextWalk = time.Now().Add(pause)
	if err != nil {
		return err
	}
	for inode, group := range bySocket(holders) {
		owner := r.heldBy(group)
		cgroup := group[0].Process.Cgroup // heldBy has put the owner first
		r.rememberListener(inode, listenerHolder{owner, cgroup, now})
		r.assign(inode, owner, cgroup)
	}
	ended := time.Now()
	for e, walked := range r.walked {
		if walked.IsZero() {
			r.walked[e] = ended
		}
	}
	return nil
}

// sockets are those whose holders are looked for, one for each file.
func (r *Resolver) sockets() []event.SocketRef {
	sockets := make([]event.SocketRef, 0, len(r.waiting))
	for inode, events := range r.waiting {
		if inode != 0 {
			sockets = append(sockets, searchedSocket(events[0]))
		}
	}
	return sockets
}

// bySocket groups holders by the inode of the socket's file.
func bySocket(holders []event.Holder) map[uint64][]event.Holder {
	groups := make(map[uint64][]event.Holder)
	for _, h := range holders {
		if !h.Process.Kernel {
			groups[h.Socket.Inode] = append(groups[h.Socket.Inode], h)
		}
	}
	return groups
}

// heldBy names the holder, and where several processes share a socket all of
// them: which one uses it nobody can tell from outside. The youngest comes
// first, because a server's children use what their parent opened.
func (r *Resolver) heldBy(group []event.Holder) event.Owner {
	youngestFirst(group)
	owner := r.ownerOf(group[0].Process, event.FromSocket)
	owner.TID = 0 // a descriptor belongs to the whole process
	last := owner.PID
	for _, h := range group[1:] {
		if h.Process.PID == last {
			continue // several descriptors of one process
		}
		last = h.Process.PID
		owner.Others = append(owner.Others, event.ProcessRef{PID: last, Comm: h.Process.Comm})
	}
	return owner
}
