package tracing

import (
	"hash/maphash"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// endingSets and endingWays bound the memory: an ending that finds no room
	// takes that of the oldest of its set.
	endingSets = 512
	endingWays = 4
)

// connectionKey is one end of a connection.
type connectionKey struct {
	local, peer         [16]byte // IPv4 is IPv4-mapped
	localPort, peerPort uint16
	netns               uint32
}

func connectionOf(e *event.Event) connectionKey {
	return connectionKey{e.Local.Addr.As16(), e.Peer.Addr.As16(), e.Local.Port, e.Peer.Port, e.Netns.Inode}
}

// ending is an event that ended a connection.
type ending struct {
	connection          connectionKey
	nanos               uint64 // of its hook; 0: the slot is free
	number              uint64 // 0: it was not shown
	cause               event.CauseID
	dir                 event.Dir
	owner               event.Owner
	cgroup, ownerCgroup uint64 // as in event.KernelContext
}

// endings remember what ended connections, and whose they were. The kernel side
// knows only that one was ended by a RST or a timer, since it runs in softirq
// then. The zero value is ready.
type endings struct {
	seed maphash.Seed
	sets [][endingWays]ending // nil until the first
}

// record remembers an event of which all is known, if it ended a connection. number
// is 0 if it is not shown.
func (n *endings) record(e *event.Event, number uint64) {
	if !endsConnection(e) {
		return
	}
	if n.sets == nil {
		n.seed, n.sets = maphash.MakeSeed(), make([][endingWays]ending, endingSets)
	}
	key := connectionOf(e)
	oldest := n.find(key)
	if oldest == nil {
		set := n.setOf(key)
		oldest = &set[0]
		for i := range set {
			if set[i].nanos < oldest.nanos {
				oldest = &set[i]
			}
		}
	}
	*oldest = ending{
		connection: key, nanos: e.Kernel.HookNanos, number: number, cause: e.Cause, dir: e.Dir, owner: e.Owner,
		cgroup: e.Kernel.Cgroup, ownerCgroup: e.Kernel.OwnerCgroup,
	}
	oldest.owner.Others = nil
}

func (n *endings) setOf(key connectionKey) *[endingWays]ending {
	return &n.sets[maphash.Comparable(n.seed, key)%endingSets]
}

// find returns the last ending between these addresses, or nil.
func (n *endings) find(key connectionKey) *ending {
	if n.sets == nil {
		return nil
	}
	set := n.setOf(key)
	for i := range set {
		if set[i].nanos != 0 && set[i].connection == key {
			return &set[i]
		}
	}
	return nil
}

// endsConnection: the kernel aborts it, a RST is obeyed, or data comes that nobody
// can read any more. A handshake is no connection yet.
func endsConnection(e *event.Event) bool {
	switch e.Evidence.Hook {
	case event.HookSendActive:
		return true
	case event.HookReceive:
		return e.Evidence.Socket == event.SockFull && e.Evidence.State != event.StateSynSent
	case event.HookSendReply:
		return e.Evidence.Socket == event.SockTimeWait || e.Evidence.Socket == event.SockFull && e.Evidence.State == event.StateClose
	}
	return false
}

// linkEarlier says of a packet that came for a connection which had ended what that was.
// If the socket is gone: also the event, and its owner if no process closed it.
func (n *endings) linkEarlier(e *event.Event) {
	gone := e.Cause == cause.ClosedEarlier
	if !gone && !closedBefore(e) {
		return
	}
	closing := &e.Kernel.Closing
	e.Earlier = event.Earlier{EndedBy: endedByNames[closing.EndedBy], AgoMillis: millis(closing.Ago), IdleBeforeMillis: closing.IdleMillis}
	if closing.EndedBy == event.EndedByProcess && !e.Kernel.Closer.Known() {
		e.Earlier.EndedBy = "" // it is not known
	}
	if !gone {
		return
	}
	found := n.find(connectionOf(e))
	if found == nil || !found.fits(e) {
		return
	}
	e.Earlier.Event, e.Earlier.Cause = found.number, found.cause
	e.Earlier.AgoMillis = millis(time.Duration(e.Kernel.HookNanos - found.nanos))
	if !e.Owner.IsZero() {
		return
	}
	e.Owner = found.owner
	e.Kernel.Cgroup, e.Kernel.OwnerCgroup = found.cgroup, found.ownerCgroup
	if e.Owner.Source == event.FromCurrent {
		e.Owner.Source = event.FromCloser // in its call the connection ended, not this
	}
}

// closedBefore: a process had closed the connection before the event, and the kernel
// still has it. The note is of this close: it says that a FIN was due, and the state is
// that after a FIN.
func closedBefore(e *event.Event) bool {
	c := &e.Kernel.Closing
	if c.To != event.StateFinWait1 && c.To != event.StateLastAck {
		return false
	}
	switch e.Evidence.Socket {
	case event.SockTimeWait:
		return true
	case event.SockFull:
		// Not within the very call that closes it. A packet came after the FIN, also where
		// it had to wait until that call let the socket go.
		own := e.Evidence.Hook == event.HookSendActive && e.Evidence.Has(event.FactOwned) && e.Initiator.PID == 0
		return e.Evidence.Has(event.FactDead) && afterFIN(e.State) && !own
	}
	return false
}

func afterFIN(s event.State) bool {
	switch s {
	case event.StateFinWait1, event.StateFinWait2, event.StateClosing, event.StateLastAck:
		return true
	}
	return false
}

// fits reports whether the connection that the kernel side noted is the one that
// ended here, and not an earlier one between the same addresses. What was closed
// may live on without its process, and end later.
//
// The note counts by the kernel's tick, which is late on a machine that is very
// busy, or emulated. That is no matter where the end itself leaves an event: a
// younger connection would have left one, too.
func (d *ending) fits(e *event.Event) bool {
	const jiffies, late = 2, time.Second
	c := &e.Kernel.Closing
	ago := time.Duration(e.Kernel.HookNanos - d.nanos)
	slack := jiffies * c.Precision
	if d.sameKind(c) {
		slack = late
	}
	return d.nanos < e.Kernel.HookNanos && ago <= c.Ago+slack
}

// sameKind reports whether an event of this kind is what the note is about.
func (d *ending) sameKind(c *event.Closing) bool {
	switch c.EndedBy {
	case event.EndedByReset:
		return d.dir == event.Received || d.cause == cause.DataAfterClose
	case event.EndedByTimeout:
		return d.cause == cause.KeepaliveTimeout || d.cause == cause.KeepaliveUserTimeout
	}
	return c.To == event.StateClose && d.dir == event.Sent
}

// millis is at least 1, as 0 means that it is not known.
func millis(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return max(1, uint64(d.Milliseconds()))
}

// endedByNames are the words of event.Earlier.EndedBy.
var endedByNames = [...]string{event.EndedByProcess: "process", event.EndedByReset: "reset", event.EndedByTimeout: "timeout"}
