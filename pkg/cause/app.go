package cause

import "github.com/rsttrace/rsttrace/pkg/event"

var (
	resetOnRead = event.App{Errno: "ECONNRESET", On: "read"}
	// brokenPipe: after the peer's FIN a RST is invisible to read, only write
	// (or poll, or SO_ERROR) shows it.
	brokenPipe = event.App{Errno: "EPIPE", SIGPIPE: true, On: "write"}
)

// app is what the application at this end gets. It is zero where no
// application is left to see it: nobody is told through a closed descriptor.
// Source of the errnos: tcp_reset, tcp_abort, tcp_write_err, tcp_disconnect.
func app(id event.CauseID, e event.Evidence) event.App {
	if e.Has(event.FactDead) {
		return event.App{}
	}
	if e.Has(event.FactMPTCP) && id != Refused {
		// A subflow's end is not the MPTCP connection's: what it gets depends
		// on its other subflows.
		return event.App{}
	}
	switch id {
	case Disconnect:
		return resetOnRead
	case DisconnectWithUnsentData:
		// By close there is no descriptor left; by connect(AF_UNSPEC) there is.
		if e.Caller == event.CallerStreamConnect {
			return resetOnRead
		}
	case SocketDestroyed:
		return reported("ECONNABORTED", e)
	case KeepaliveTimeout, KeepaliveUserTimeout:
		return reported("ETIMEDOUT", e)
	case DataAfterClose:
		return afterShutdown(e)
	case Refused:
		return event.App{Errno: "ECONNREFUSED", On: "connect"}
	case PeerAborted, PeerGone, ResetByPeer:
		return resetOnRead
	case WroteAfterPeerClose, ResetAfterPeerClose:
		return brokenPipe
	case ResetWhileClosing:
		return reported("ECONNRESET", e)
	case HandshakeAborted:
		return inHandshake(e)
	case NetfilterReject:
		return rejected(e)
	}
	return event.App{}
}

// reported: once the peer's FIN was received read only ever returns 0, and the
// error waits for the next write.
func reported(errno string, e event.Evidence) event.App {
	if e.Has(event.FactPeerFIN) || stateIn(e.State, event.StateCloseWait, event.StateClosing, event.StateLastAck) {
		return event.App{Errno: errno, On: "write"}
	}
	return event.App{Errno: errno, On: "read"}
}

// rejected: in the output hook the RST comes back to the socket that sent the
// packet, as if the peer had sent it.
func rejected(e event.Evidence) event.App {
	switch {
	case e.Chain != event.ChainOutput || !e.Has(event.FactHasSocket):
		return event.App{}
	case e.State == event.StateSynSent:
		return event.App{Errno: "ECONNREFUSED", On: "connect"}
	case e.State == event.StateCloseWait:
		return brokenPipe
	case e.State == event.StateEstablished || closing(e.State):
		return reported("ECONNRESET", e)
	}
	return event.App{}
}

// afterShutdown: data met shutdown(SHUT_RDWR) without close. A mini-socket has
// no application.
func afterShutdown(e event.Evidence) event.App {
	switch {
	case e.Socket != event.SockFull || !e.Has(event.FactHasSocket):
		return event.App{}
	case e.Prior == event.StateCloseWait:
		return brokenPipe
	}
	return resetOnRead
}

// inHandshake: nobody sees the end of a request socket or of a Fast Open child
// that was never accepted.
func inHandshake(e event.Evidence) event.App {
	switch {
	case e.Socket != event.SockFull || !e.Has(event.FactHasSocket):
		return event.App{}
	case e.Has(event.FactFastOpen):
		return resetOnRead
	}
	return event.App{Errno: "ECONNRESET", On: "connect"}
}
