package cause

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ignoreRules decide where an incoming RST was dropped without effect. First
// what is checked before the connection, then the kind of socket, then where
// the RST's sequence number lies: a fact, where the socket is known. Reason is
// the kernel's drop reason by name, "" before 5.17.
//
// Without a socket the evidence does not say that there was none: the drop hook
// names it from 6.11 on only, and until then the reason is all that there is.
var ignoreRules = joinRules(
	ignoreCheckedRules, ignoreUnconnectedRules, ignoreHandshakeRules, ignoreTimeWaitRules,
	ignoreReasonRules, ignoreSequenceRules, ignoreUnseenRules,
)

// ignoreCheckedRules: checks that come before the connection is looked at.
var ignoreCheckedRules = []rule{
	{
		name: "drop TCP_CSUM", cause: RSTBadChecksum,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_CSUM" },
	},
	{
		name: "drop TCP_MINTTL", cause: RSTTTLTooLow,
		when: func(e event.Evidence) bool { return e.Reason == "TCP_MINTTL" },
	},
	{
		name: "drop by MD5 or AO", cause: RSTBadSignature,
		when: func(e event.Evidence) bool {
			return strings.HasPrefix(e.Reason, "TCP_MD5") || strings.HasPrefix(e.Reason, "TCP_AO") ||
				e.Reason == "TCP_AUTH_HDR"
		},
	},
	{
		name: "drop NO_SOCKET", cause: RSTNoConnection,
		when: func(e event.Evidence) bool { return e.Reason == "NO_SOCKET" },
	},
}

// ignoreUnconnectedRules: a listener, or a socket that is still connecting. The
// only RSTs that get the reason TCP_FLAGS or TCP_INVALID_ACK_SEQUENCE meet them.
var ignoreUnconnectedRules = []rule{
	{
		name: "dropped at a listener", cause: RSTToListener,
		when: func(e event.Evidence) bool { return full(e, event.StateListen) && !handshakeDrop(e.Reason) },
	},
	{
		name: "socket unseen, drop TCP_FLAGS", cause: RSTToListener,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_FLAGS" },
	},
	{
		name: "dropped in SYN_SENT", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return full(e, event.StateSynSent) },
	},
	{
		name: "socket unseen, drop TCP_INVALID_ACK_SEQUENCE", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_ACK_SEQUENCE" },
	},
}

// ignoreHandshakeRules: tcp_check_req kept the request socket. It refuses old
// timestamps even in a RST, then looks at the window, and an exact RST ends the
// handshake. State LISTEN says that only the listener is known: the kernel's
// own counter has shown that the request was kept, its numbers were not seen.
var ignoreHandshakeRules = []rule{
	{
		name: "request socket, reason of tcp_check_req", cause: RSTHandshakeOutOfWindow,
		when: func(e event.Evidence) bool {
			return handshakeDrop(e.Reason) && (e.Reason != "TCP_OVERWINDOW" || !synchronized(e)) &&
				e.Socket != event.SockTimeWait
		},
	},
	{
		name: "request socket, inside the window", cause: RSTHandshakeChallenged,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest && e.Has(event.FactSeqInWindow)
		},
	},
	{
		name: "request socket, exact", cause: RSTHandshakeOutOfWindow,
		when: func(e event.Evidence) bool { return e.Socket == event.SockRequest && e.Has(event.FactSeqExact) },
		because: []string{
			"the sequence number of the RST is exactly the next one, which would have ended the handshake",
			"the handshake went on, so the timestamp of the RST must have been too old",
		},
	},
	{
		name: "request socket, only its listener known", cause: RSTHandshakeChallenged,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest && e.State == event.StateListen
		},
		because: []string{
			"the handshake went on after the RST",
			"this kernel and attach method do not show whether the RST was inside the window, which calls for a challenge ACK, or beyond it",
		},
	},
	{
		name: "request socket, outside the window", cause: RSTHandshakeOutOfWindow,
		when: func(e event.Evidence) bool { return e.Socket == event.SockRequest },
	},
}

// ignoreTimeWaitRules: tcp_timewait_state_process kept the mini-socket. In
// TIME_WAIT only an exact RST can end it, in substate FIN_WAIT2 one inside the
// window does, and nothing protects that.
var ignoreTimeWaitRules = []rule{
	{
		name: "TIME_WAIT, exact", cause: RSTTimeWaitProtected,
		when: func(e event.Evidence) bool {
			return trueTimeWait(e) && e.Has(event.FactSeqExact) && e.Reason != "TCP_RFC7323_TW_PAWS"
		},
	},
	{
		name: "FIN_WAIT2 mini-socket, inside the window", cause: RSTTimeWaitOutOfWindow,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockTimeWait && !trueTimeWait(e) && e.Reason != "TCP_RFC7323_TW_PAWS" &&
				e.Facts.Any(event.FactSeqExact|event.FactSeqInWindow)
		},
		because: []string{
			"the sequence number of the RST is inside the window of a FIN_WAIT2, which would have ended it",
			"it was kept, so the timestamp of the RST must have been too old",
		},
	},
	{
		name: "TIME_WAIT, not exact", cause: RSTTimeWaitOutOfWindow,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockTimeWait || noSocket(e) && e.Reason == "TCP_RFC7323_TW_PAWS"
		},
	},
}

// ignoreReasonRules: a connection, and a reason of tcp_validate_incoming that
// says more than the sequence number does. What the kernel accepts begins a
// little before rcv_nxt, at the last byte that it acknowledged, and may end
// beyond the present window where a wider one was offered before.
var ignoreReasonRules = []rule{
	{
		name: "drop TCP_RESET", cause: RSTChallenged,
		when: func(e event.Evidence) bool { return synchronized(e) && e.Reason == "TCP_RESET" },
	},
	{
		name: "drop TCP_OLD_SEQUENCE", cause: RSTOld,
		when: func(e event.Evidence) bool { return connection(e) && e.Reason == "TCP_OLD_SEQUENCE" },
	},
	{
		// The reason of everything outside the window before 6.6.
		name: "drop by sequence, before the window", cause: RSTOld,
		when: func(e event.Evidence) bool {
			return synchronized(e) && sequenceDrop(e.Reason) && e.Has(event.FactSeqOld)
		},
	},
	{
		name: "drop by sequence", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return synchronized(e) && sequenceDrop(e.Reason) },
	},
}

// ignoreSequenceRules: a connection, and no reason that tells.
var ignoreSequenceRules = []rule{
	{
		name: "inside the window, not exact", cause: RSTChallenged,
		when: func(e event.Evidence) bool { return synchronized(e) && e.Has(event.FactSeqInWindow) },
	},
	{
		name: "before the next byte", cause: RSTOld,
		when: func(e event.Evidence) bool { return synchronized(e) && e.Has(event.FactSeqOld) },
		because: []string{
			"the sequence number of the RST was passed already",
			"this kernel does not say whether all up to it had been acknowledged; had it not, a challenge ACK was due",
		},
	},
	{
		// tcp_validate_incoming obeys an exact RST: kept, it was something else.
		name: "beyond the window", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return synchronized(e) && !e.Has(event.FactSeqExact) },
	},
}

// ignoreUnseenRules: the socket is not known, only the reason.
var ignoreUnseenRules = []rule{
	{
		// Listeners and connecting sockets give TCP_RESET only without ACK.
		name: "socket unseen, drop TCP_RESET, with ACK", cause: RSTChallenged,
		when: func(e event.Evidence) bool {
			return noSocket(e) && e.Reason == "TCP_RESET" && sees(e, event.ACK)
		},
	},
	{
		name: "socket unseen, drop TCP_RESET", cause: RSTChallenged,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_RESET" },
		because: []string{
			"the kernel found no fault with the RST but did not obey it",
			"this kernel and attach method do not show the socket: a listener, or one that is still connecting, would give the same picture",
		},
	},
	{
		name: "socket unseen, drop TCP_INVALID_END_SEQUENCE", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_END_SEQUENCE" },
	},
	{
		name: "socket unseen, drop TCP_INVALID_SEQUENCE", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_SEQUENCE" },
		because: []string{
			"the kernel found the sequence number of the RST outside the window",
			"kernels before 6.6 say the same of one that lies before the window, and the socket could not be seen",
		},
	},
}

// sequenceDrop: drop reasons that name the sequence number.
func sequenceDrop(reason string) bool {
	switch reason {
	case "TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_OVERWINDOW":
		return true
	}
	return false
}

// handshakeDrop: reasons that only tcp_check_req gives to a RST (6.18+). On a
// connection a RST need not pass the timestamp check.
func handshakeDrop(reason string) bool {
	switch reason {
	case "TCP_OVERWINDOW", "TCP_RFC7323_PAWS", "TCP_RFC7323_TSECR":
		return true
	}
	return false
}

func synchronized(e event.Evidence) bool {
	return e.Socket == event.SockFull && (needsReset(e.State) || closing(e.State))
}

// connection: a synchronized one, or a socket that could not be seen.
func connection(e event.Evidence) bool { return synchronized(e) || noSocket(e) }

// trueTimeWait: not a FIN_WAIT2 connection that is kept as a mini-socket.
func trueTimeWait(e event.Evidence) bool {
	return e.Socket == event.SockTimeWait && e.Prior != event.StateFinWait2
}
