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
	switch id {
	case Disconnect:
		return resetOnRead
	case DisconnectWithUnsentData:
		// By close there is no descriptor left; by connect(AF_UNSPEC) there is.
		if e.Caller == event.CallerStreamConnect {
			return resetOnRead
		}
	case SocketDestroyed:
		// A subflow's end is not the MPTCP connection's.
		if !e.Has(event.FactMPTCP) {
			return event.App{Errno: "ECONNABORTED", On: "read"}
		}
	case KeepaliveTimeout, KeepaliveUserTimeout:
		return event.App{Errno: "ETIMEDOUT", On: "read"}
	case DataAfterClose:
		return afterShutdown(e)
	case Refused:
		return event.App{Errno: "ECONNREFUSED", On: "connect"}
	case PeerAborted, PeerGone, ResetByPeer:
		return resetOnRead
	case WroteAfterPeerClose, ResetAfterPeerClose:
		return brokenPipe
	case ResetWhileClosing:
		return whileClosing(e)
	case HandshakeAborted:
		return inHandshake(e)
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

// whileClosing: once the peer's FIN was received read only ever returns 0.
func whileClosing(e event.Evidence) event.App {
	if e.Has(event.FactPeerFIN) || stateIn(e.State, event.StateClosing, event.StateLastAck) {
		return event.App{Errno: "ECONNRESET", On: "write"}
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
