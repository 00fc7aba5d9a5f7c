package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// What poll gives (tcp_poll). The kernel shuts both directions of a connection
// that it ends; tcp_disconnect opens them again.
const (
	pollError        = "IN|OUT|ERR|HUP|RDHUP"
	pollEnded        = "IN|OUT|HUP|RDHUP"
	pollDisconnected = "OUT|ERR|HUP"
	pollUnconnected  = "OUT|HUP"
)

// consequence is what the application at this end gets. It is zero where no
// application is left to see it: nobody is told through a closed descriptor.
// Source of the errnos: tcp_reset, tcp_abort, tcp_write_err, tcp_disconnect.
func consequence(from *event.Event) event.App {
	a := connectionConsequence(from)
	if from.Evidence.Has(event.FactMPTCP) {
		// The application calls an MPTCP socket, which hands the error on in its
		// own way: poll has fewer flags, for one.
		a.Calls, a.AfterError = event.Calls{}, event.Calls{}
	}
	return a
}

// connectionConsequence is the consequence for a TCP socket.
func connectionConsequence(from *event.Event) event.App {
	id, e := from.Cause, from.Evidence
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
		return disconnected()
	case DisconnectWithUnsentData:
		// By close there is no descriptor left; by connect(AF_UNSPEC) there is.
		if e.Caller == event.CallerStreamConnect {
			return disconnected()
		}
	case SocketDestroyed:
		return errorConsequence("ECONNABORTED", e)
	case KeepaliveTimeout, KeepaliveUserTimeout:
		return errorConsequence("ETIMEDOUT", e)
	case DataAfterClose:
		return afterShutdown(e)
	case ListenerClosed:
		return ofListener(e)
	case Refused:
		return connecting("ECONNREFUSED")
	case PeerAborted, PeerGone, ResetByPeer, ResetWhileClosing:
		return errorConsequence("ECONNRESET", e)
	case WroteAfterPeerClose, ResetAfterPeerClose:
		return errorConsequence("EPIPE", e)
	case HandshakeAborted:
		return inHandshake(from)
	case NetfilterReject:
		return rejected(e)
	}
	return event.App{}
}

// errorConsequence: the kernel put an error on the socket and closed it (tcp_done). read
// (tcp_recvmsg_locked), write (sk_stream_wait_connect, sk_stream_error) and
// SO_ERROR take the error away (sock_error). SOCK_DONE hides it from read: once
// the peer's FIN was received, read only ever returns 0.
func errorConsequence(errno string, e event.Evidence) event.App {
	a := event.App{
		Errno: errno, ErrorCall: "read",
		Calls:      event.Calls{Poll: pollError, SOError: errno, Read: errno, Write: errno},
		AfterError: event.Calls{Poll: pollEnded, SOError: event.NoError, Read: event.EndOfFile, Write: "EPIPE", SIGPIPE: true},
		DataFirst:  e.Has(event.FactUnread),
	}
	if errno == "EPIPE" { // the one that sk_stream_error sends SIGPIPE with
		a.SIGPIPE, a.Calls.SIGPIPE = true, true
	}
	if peerFINReceived(e) {
		a.ErrorCall, a.Calls.Read = "write", event.EndOfFile
	}
	if e.Socket == event.SockFull && !e.Has(event.FactHasSocket) {
		a.Calls.Accept = event.CallSucceeds // it stays in the accept queue (inet_csk_accept)
	}
	return a
}

// peerFINReceived: the peer's FIN was received, as SOCK_DONE says or the state.
func peerFINReceived(e event.Evidence) bool {
	beyond := func(s event.State) bool {
		return stateIn(s, event.StateCloseWait, event.StateClosing, event.StateLastAck)
	}
	return e.Has(event.FactPeerFIN) || beyond(e.State) || e.State == event.StateClose && beyond(e.Prior)
}

// disconnected: tcp_disconnect leaves an error on a socket that is as new. What
// waited to be read is gone.
func disconnected() event.App {
	return event.App{
		Errno: "ECONNRESET", ErrorCall: "read",
		Calls:      event.Calls{Poll: pollDisconnected, SOError: "ECONNRESET", Read: "ECONNRESET", Write: "ECONNRESET"},
		AfterError: event.Calls{Poll: pollUnconnected, SOError: event.NoError, Read: "ENOTCONN", Write: "EPIPE", SIGPIPE: true},
	}
}

// connecting: the error of a connection attempt, which connect takes when it
// waits, or is called again. Only connect then disconnects the socket as well
// (__inet_stream_connect), so what read and poll give afterwards depends on who
// took the error.
func connecting(errno string) event.App {
	return event.App{
		Errno: errno, ErrorCall: "connect",
		Calls:      event.Calls{Connect: errno, Poll: pollError, SOError: errno, Read: errno, Write: errno},
		AfterError: event.Calls{SOError: event.NoError, Write: "EPIPE", SIGPIPE: true},
	}
}

// ofListener: the connection in the accept queue has no application, but the
// listener has one if somebody else ended it: tcp_abort leaves its descriptor
// and an error. Whether its own process closed it or shut it down is not known.
func ofListener(e event.Evidence) event.App {
	if e.Caller != event.CallerListenAbort {
		return event.App{}
	}
	return event.App{
		Calls:      event.Calls{Accept: "EINVAL", Poll: pollError, SOError: "ECONNABORTED"},
		AfterError: event.Calls{Accept: "EINVAL", Poll: pollEnded, SOError: event.NoError},
	}
}

// rejected: in the output hook the RST comes back to the socket that sent the
// packet, as if the peer had sent it.
func rejected(e event.Evidence) event.App {
	switch {
	case e.Chain != event.ChainOutput || !e.Has(event.FactHasSocket):
		return event.App{}
	case e.State == event.StateSynSent:
		return connecting("ECONNREFUSED")
	case e.State == event.StateCloseWait:
		return errorConsequence("EPIPE", e)
	case e.State == event.StateEstablished || closing(e.State):
		return errorConsequence("ECONNRESET", e)
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
		return errorConsequence("EPIPE", e)
	}
	return errorConsequence("ECONNRESET", e)
}

// inHandshake: nobody sees the end of a request socket. A Fast Open child is a
// connection already, accepted or not.
func inHandshake(e *event.Event) event.App {
	switch {
	case e.Evidence.Socket != event.SockFull:
		return event.App{}
	case isFastOpen(e):
		return errorConsequence("ECONNRESET", e.Evidence)
	}
	return connecting("ECONNRESET")
}

// isFastOpen tells a Fast Open child, which a listener made, from the other full
// socket in SYN_RECV, that of a simultaneous open. tcp_check_req takes the mark
// of Fast Open away before it resets. A simultaneous open has its SYN in flight,
// has received no data, and has an application.
func isFastOpen(e *event.Event) bool {
	const simultaneous = event.FactInFlight | event.FactHasSocket
	return e.Evidence.Facts.Any(event.FactFastOpen|event.FactUnread) || !e.Evidence.Has(simultaneous) ||
		e.Conn.BytesReceived > 0
}
