package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// activeCloseRules: state CLOSE and not an orphan. The listener's child, or a
// socket whose process is inside close or connect(AF_UNSPEC).
//
// __tcp_close shuts both directions before it looks at anything else, looks at
// unread data first and at SO_LINGER afterwards. connect(AF_UNSPEC) leaves the
// directions as they were: both shut means shutdown(SHUT_RDWR) or a FIN each
// way before it, and then only the caller or the earlier state can tell.
var activeCloseRules = []rule{
	{
		name: "child in the accept queue", cause: ListenerClosed,
		when: unaccepted,
	},
	{
		name: "close, unread data", cause: UnreadDataOnClose,
		when: func(e event.Evidence) bool {
			return mayBeUnread(e) && (e.Caller == event.CallerTCPClose || beforeShutdown(e.Prior))
		},
	},
	{
		name: "close or disconnect after shutdown, unread data", cause: UnreadDataOnClose,
		when: mayBeUnread,
		because: []string{
			"received data was still unread when the connection was reset",
			"the connection had been shut down before, and the call that reset it could not be seen: usually it is close",
		},
	},
	{
		name: "disconnect in CLOSING or LAST_ACK, unsent data", cause: DisconnectWithUnsentData,
		when: func(e event.Evidence) bool {
			return bothShut(e) && e.Has(event.FactUnsent) &&
				stateIn(e.Prior, event.StateClosing, event.StateLastAck)
		},
	},
	{
		name: "disconnect after a FIN each way, unsent data, state before unknown", cause: DisconnectWithUnsentData,
		when: func(e event.Evidence) bool {
			return bothShut(e) && e.Has(event.FactUnsent|event.FactPeerFIN) && e.Prior == 0 &&
				!e.Has(event.FactLingerZero) && e.Caller != event.CallerTCPClose
		},
		because: []string{
			"both ends had shut the connection down and written data was never sent",
			"the state before the reset is not known",
		},
	},
	{
		name: "called by __inet_stream_connect", cause: Disconnect,
		when: func(e event.Evidence) bool { return inSystemCall(e) && e.Caller == event.CallerStreamConnect },
	},
	{
		name: "close, SO_LINGER {1,0}", cause: LingerZero,
		when: func(e event.Evidence) bool {
			return bothShut(e) && e.Has(event.FactLingerZero) &&
				(e.Caller == event.CallerTCPClose || beforeShutdown(e.Prior))
		},
	},
	{
		name: "close or disconnect after shutdown, SO_LINGER {1,0}", cause: LingerZero,
		when: func(e event.Evidence) bool { return bothShut(e) && e.Has(event.FactLingerZero) },
		because: []string{
			"SO_LINGER {1,0} is set and nothing was left unread",
			"the connection may have been shut down before, and the call that reset it could not be seen: with this option it is close",
		},
	},
	{
		// Kernels that count queued packets rather than unread bytes find a
		// packet that was read but not yet freed.
		name: "close, read packet still queued", cause: UnreadDataOnClose,
		when: func(e event.Evidence) bool {
			return bothShut(e) && e.Reason != "TCP_STATE" &&
				(e.Caller == event.CallerTCPClose || callerSilent(e) && beforeShutdown(e.Prior))
		},
	},
	{
		name: "disconnect after shutdown, reason TCP_STATE", cause: Disconnect,
		when: func(e event.Evidence) bool {
			return bothShut(e) && e.Reason == "TCP_STATE" && callerSilent(e)
		},
	},
	{
		name: "disconnect after shutdown", cause: Disconnect,
		when: func(e event.Evidence) bool { return bothShut(e) && callerSilent(e) },
		because: []string{
			"nothing was left unread and SO_LINGER {1,0} is not set, so close would not have sent a RST",
			"the call that reset the connection could not be seen",
		},
	},
	{
		name: "disconnect", cause: Disconnect,
		when: func(e event.Evidence) bool { return inSystemCall(e) && !e.Has(shutBoth) },
	},
}

// unaccepted: no descriptor ever referred to the socket. A child whose peer has
// sent a FIN has its receiving side shut.
func unaccepted(e event.Evidence) bool {
	return e.State == event.StateClose &&
		!e.Facts.Any(event.FactDead|event.FactHasSocket|event.FactOwned|event.FactShutSend)
}

// inSystemCall: reset on the way to CLOSE while a descriptor still refers to
// the socket.
func inSystemCall(e event.Evidence) bool {
	return e.State == event.StateClose && e.Has(event.FactHasSocket) && !e.Has(event.FactDead)
}

func bothShut(e event.Evidence) bool { return inSystemCall(e) && e.Has(shutBoth) }

// mayBeUnread: TCP_STATE excludes it, as a kernel that says TCP_STATE would have
// said TCP_ABORT_ON_CLOSE.
func mayBeUnread(e event.Evidence) bool {
	return bothShut(e) && e.Has(event.FactUnread) && e.Reason != "TCP_STATE" &&
		e.Caller != event.CallerStreamConnect
}
