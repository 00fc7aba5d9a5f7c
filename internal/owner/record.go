package owner

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// FromRecord fills e.Owner and e.By from what the kernel record itself tells.
// It reports whether that settles the matter: false means that the socket is
// alive and its owner can be looked for. It reads Evidence and Kernel only, so
// it may run before or after the event is explained.
func (r *Resolver) FromRecord(e *event.Event) bool {
	k := &e.Kernel
	switch {
	case cause.ActedByOther(e.Evidence):
		if k.Current.PID != 0 && !k.Current.Kernel {
			e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: k.Current.PID, Comm: k.Current.Comm}, Parent: k.Current.Parent}
		}
	case k.Current.Known() && !k.Current.Kernel:
		e.Owner, k.OwnerCgroup = r.ownerOf(k.Current, sourceOf(k.Current, event.FromCurrent)), k.Current.Cgroup
	}
	switch {
	case k.Current.Known() && !cause.ActedByOther(e.Evidence):
		// A kernel thread finishes what somebody began: nobody can be named.
	case k.Closer.Known() && !k.Closer.Kernel && closedByOwner(e):
		e.Owner, k.OwnerCgroup = r.ownerOf(k.Closer, sourceOf(k.Closer, event.FromCloser)), k.Closer.Cgroup
	}
	return !NeedsOwner(e)
}

// NeedsOwner reports whether the owner of e is not known and can still be looked
// for: a descriptor refers to the socket, and what the record told about the
// running process is not the owner.
func NeedsOwner(e *event.Event) bool {
	if !e.Owner.IsZero() || e.Kernel.Current.Known() && !cause.ActedByOther(e.Evidence) {
		return false
	}
	if e.Evidence.Has(event.FactRemembered) {
		return false // closed: what stands there now is another socket
	}
	return e.Evidence.Has(event.FactHasSocket) || e.Kernel.Listener.Inode != 0
}

// FallBackToConnector names who connected, where e is to be shown and nothing better is known:
// no file table has the socket, only an io_uring or a message on its way, or
// the tables are not all to be seen, or the walk took too long. It is not who
// holds the socket now: it may have been passed on.
func (r *Resolver) FallBackToConnector(e *event.Event) {
	if c := &e.Kernel.Connector; e.Owner.IsZero() && c.Known() && !c.Kernel {
		e.Owner = r.ownerOf(*c, event.FromConnector)
	}
}

// searchedSocket is the socket whose holder is the owner: the connection's own, or
// that of the listener where it waits to be accepted.
func searchedSocket(e *event.Event) event.SocketRef {
	if e.Evidence.Has(event.FactHasSocket) {
		return e.Kernel.Socket
	}
	return e.Kernel.Listener
}

// foundSource is how an owner is known that was found through the searched socket.
func foundSource(e *event.Event, source event.OwnerSource) event.OwnerSource {
	if !e.Evidence.Has(event.FactHasSocket) {
		return event.FromListener
	}
	return source
}

// closedByOwner reports whether the closer in the record is the last owner of
// this very connection. The note is found by the addresses, which an earlier
// connection may have had too: only what is left of a closed one counts, not a
// handshake nor a connection that waits to be accepted. For a SYN it is about a
// former listener, for a SYN-ACK about an attempt if that was its last state.
func closedByOwner(e *event.Event) bool {
	switch e.Evidence.Socket {
	case event.SockRequest:
		return false
	case event.SockFull:
		return e.Evidence.Has(event.FactDead) || e.Evidence.Has(event.FactRemembered) && closedOrderly(e)
	case event.SockNone:
		return e.Evidence.Hook != event.HookReject && (attemptGivenUp(e) || e.Evidence.Packet&event.SYN == 0 && closedOrderly(e))
	}
	return true
}

// attemptGivenUp: a SYN-ACK comes for an attempt that was closed before.
func attemptGivenUp(e *event.Event) bool {
	return e.Evidence.Packet.Has(event.SYN|event.ACK) && e.Kernel.Closing.From == event.StateSynSent
}

// closedOrderly: only the owner shuts a connection down or closes it, with data
// unread or with SO_LINGER {1,0}, or leaves it behind at its end. Only in the
// owner's call a RST or a timer finds the socket busy, and waits. What else went
// straight to CLOSE in a process may have been destroyed by another.
func closedOrderly(e *event.Event) bool {
	c := &e.Kernel.Closing
	return c.To != event.StateClose || c.Unread || c.LingerZero || c.EndedBy != event.EndedByProcess || c.OwnerClosed || e.Kernel.Closer.Exiting
}

// sourceOf is how an owner is known that acted on the socket. Some other process may
// have been left with the last reference to the file, by looking at it: then the
// record names the process that opened the socket.
func sourceOf(p event.Process, acted event.OwnerSource) event.OwnerSource {
	if p.Creator {
		return event.FromCreator
	}
	return acted
}

func (r *Resolver) ownerOf(p event.Process, source event.OwnerSource) event.Owner {
	return event.Owner{
		PID:    p.PID,
		TID:    p.TID,
		Comm:   p.Comm,
		UID:    r.uids.Pointer(p.UID),
		Source: source,
		Ended:  EndedOf(p),

		KilledBy: p.KilledBy,
		Parent:   p.Parent,
	}
}

// EndedOf reads a wait status: a signal in the low seven bits (bit 7 says that
// core was dumped), else an exit code in the next eight.
func EndedOf(p event.Process) event.Ended {
	if !p.Exiting {
		return event.Ended{}
	}
	if signal := p.ExitStatus & 0x7f; signal != 0 {
		return event.Ended{Signal: cause.SignalName(signal)}
	}
	code := int(p.ExitStatus >> 8 & 0xff)
	return event.Ended{ExitCode: &code}
}
