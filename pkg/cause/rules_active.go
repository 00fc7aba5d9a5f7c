package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// activeRules decide at tcp_send_active_reset: the kernel aborts a connection
// it knows. MPTCP comes first, then the kernel's reason where it has only one
// meaning, then the fields of the socket, which work on every kernel.
//
// At this hook the socket has usually reached CLOSE already; Prior is the state
// it came from. Sources: tcp_close, tcp_disconnect, tcp_abort, tcp_check_oom,
// tcp_keepalive_timer, inet_csk_listen_stop.
var activeRules = joinRules(
	activeMPTCPRules, activeReasonRules, activeCallerRules, activeOrphanRules, activeCloseRules, activeLiveRules,
)

func joinRules(tables ...[]rule) []rule {
	var all []rule
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

var activeMPTCPRules = []rule{
	{
		name: "MPTCP subflow in fast close", cause: MPTCPClose,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPTCP) && (e.Has(event.FactFastClose) || e.Reason == "TCP_ABORT_ON_CLOSE")
		},
	},
	{
		name: "MPTCP reason", cause: MPTCPReset,
		when: mptcpReason,
	},
	{
		// MPTCP has ended the connection by then, and sent a RST of its own: TCP
		// finds the subflow in the accept queue and sends another.
		name: "MPTCP subflow in the accept queue", cause: ListenerClosed,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPTCP) && (listenerEnds(e.Caller) ||
				e.Reason == "TCP_STATE" && callerSilent(e) && unaccepted(e))
		},
	},
	{
		name: "MPTCP subflow in tcp_abort", cause: SocketDestroyed,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPTCP) &&
				(e.Caller == event.CallerAbort || abortable(e) && e.Reason == "TCP_STATE")
		},
	},
	{
		// Only tcp_disconnect makes a subflow CLOSE before it resets it, and
		// without a fast close only its close calls that.
		name: "MPTCP subflow closed, SO_LINGER {1,0}", cause: LingerZero,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPTCP|event.FactLingerZero|event.FactOwned) && e.State == event.StateClose &&
				(e.Reason == "TCP_STATE" || reasonSilent(e))
		},
	},
	{
		// Without addresses of functions nothing shows tcp_abort. MPTCP's own
		// worker also holds the lock of a live subflow, and resets far more often.
		name: "MPTCP subflow reset in a system call, caller unseen", cause: MPTCPReset,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPTCP) && abortable(e) && reasonSilent(e) && e.Caller == 0
		},
		because: []string{
			"MPTCP resets a live subflow by itself when it gives it up",
			"the call that reset the subflow could not be seen: somebody may also have destroyed it",
		},
	},
	{
		name: "MPTCP subflow, anything else", cause: MPTCPReset,
		when: func(e event.Evidence) bool { return e.Has(event.FactMPTCP) },
	},
}

var activeReasonRules = []rule{
	{
		name: "reason TCP_ABORT_ON_CLOSE", cause: UnreadDataOnClose,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_ABORT_ON_CLOSE" },
	},
	{
		name: "reason TCP_ABORT_ON_MEMORY", cause: OrphanLimit,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_ABORT_ON_MEMORY" },
	},
	{
		name: "reason TCP_ABORT_ON_LINGER", cause: Linger2Negative,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_ABORT_ON_LINGER" },
	},
	{
		name: "reason TCP_KEEPALIVE_TIMEOUT with TCP_USER_TIMEOUT", cause: KeepaliveUserTimeout,
		when: func(e event.Evidence) bool {
			return e.Reason == "TCP_KEEPALIVE_TIMEOUT" && e.Has(event.FactUserTimeout)
		},
	},
	{
		name: "reason TCP_KEEPALIVE_TIMEOUT", cause: KeepaliveTimeout,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_KEEPALIVE_TIMEOUT" },
	},
	{
		name: "reason TCP_DISCONNECT_WITH_DATA", cause: DisconnectWithUnsentData,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_DISCONNECT_WITH_DATA" },
	},
}

// activeCallerRules: callers that mean one thing whatever the socket says.
var activeCallerRules = []rule{
	{
		name: "called from the end of the listener", cause: ListenerClosed,
		when: func(e event.Evidence) bool { return listenerEnds(e.Caller) },
	},
	{
		name: "called by tcp_abort", cause: SocketDestroyed,
		when: func(e event.Evidence) bool { return e.Caller == event.CallerAbort },
	},
}

// listenerEnds: the accept queue is being emptied.
func listenerEnds(c event.Caller) bool {
	return c == event.CallerListenStop || c == event.CallerListenAbort || c == event.CallerQueueAdd
}

// activeOrphanRules: state CLOSE and SOCK_DEAD, so __tcp_close had orphaned the
// socket before it reset it. Two paths do that: TCP_LINGER2 and the orphan limit.
var activeOrphanRules = []rule{
	{
		name: "orphaned in FIN_WAIT2, TCP_LINGER2 < 0", cause: Linger2Negative,
		when: func(e event.Evidence) bool {
			return orphanedAtClose(e) && e.Has(event.FactLinger2Negative) && e.Prior == event.StateFinWait2
		},
	},
	{
		name: "orphaned, TCP_LINGER2 < 0, state before unknown", cause: Linger2Negative,
		when: func(e event.Evidence) bool {
			return orphanedAtClose(e) && e.Has(event.FactLinger2Negative) && e.Prior == 0
		},
		because: []string{
			"TCP_LINGER2 is negative on this socket",
			"the state before close is not known, and TCP_LINGER2 decides only in FIN_WAIT2",
		},
	},
	{
		name: "orphaned at close", cause: OrphanLimit,
		when: orphanedAtClose,
	},
}

func orphanedAtClose(e event.Evidence) bool {
	return e.State == event.StateClose && e.Has(event.FactDead)
}

// abortable: what tcp_abort finds and what nobody else leaves at this hook, a
// live connection whose lock a process holds.
func abortable(e event.Evidence) bool { return e.Has(event.FactOwned) && needsReset(e.State) }

// activeLiveRules: the connection is not CLOSE yet. With the lock held it was
// tcp_abort, without it a timer.
var activeLiveRules = []rule{
	{
		name: "live socket held by a process", cause: SocketDestroyed,
		when: abortable,
	},
	{
		name: "timer in FIN_WAIT2, TCP_LINGER2 < 0", cause: Linger2Negative,
		when: func(e event.Evidence) bool { return finWait2Timer(e) && e.Has(event.FactLinger2Negative) },
	},
	{
		name: "timer in FIN_WAIT2", cause: FinWait2Timeout,
		when: finWait2Timer,
	},
	{
		name: "timer of an orphan with data outstanding", cause: OrphanLimit,
		when: func(e event.Evidence) bool {
			return timer(e) && e.Has(event.FactDead) && e.Facts.Any(event.FactInFlight|event.FactUnsent)
		},
	},
	{
		name: "keep-alive timer with TCP_USER_TIMEOUT", cause: KeepaliveUserTimeout,
		when: func(e event.Evidence) bool { return keepaliveTimer(e) && e.Has(event.FactUserTimeout) },
	},
	{
		name: "keep-alive timer", cause: KeepaliveTimeout,
		when: keepaliveTimer,
	},
}

// timer: a live connection reset while no process holds its lock.
func timer(e event.Evidence) bool {
	return !e.Has(event.FactOwned) && (needsReset(e.State) || closing(e.State))
}

// finWait2Timer: tcp_keepalive_timer looks at an orphan in FIN_WAIT2 before it
// looks at SO_KEEPALIVE, so that option does not matter here.
func finWait2Timer(e event.Evidence) bool {
	return timer(e) && e.State == event.StateFinWait2 && e.Has(event.FactDead)
}

// keepaliveTimer: tcp_keepalive_timer gives up only with nothing outstanding.
func keepaliveTimer(e event.Evidence) bool {
	return timer(e) && e.Has(event.FactKeepOpen) && !e.Facts.Any(event.FactInFlight|event.FactUnsent)
}
