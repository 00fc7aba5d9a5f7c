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
// names it from 6.11 on only. Until then there are the reason, and as Caller the
// function that dropped the packet.
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
		when: func(e event.Evidence) bool { return fullSocketIn(e, event.StateListen) && !handshakeDrop(e.Reason) },
	},
	{
		name: "socket unseen, drop TCP_FLAGS", cause: RSTToListener,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_FLAGS" },
	},
	{
		name: "dropped in SYN_SENT", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return fullSocketIn(e, event.StateSynSent) },
	},
	{
		name: "socket unseen, drop TCP_INVALID_ACK_SEQUENCE", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_ACK_SEQUENCE" },
	},
	{
		name: "socket unseen, dropped where there is no connection, a listener there", cause: RSTToListener,
		when: func(e event.Evidence) bool { return unconnectedPlace(e) && e.Has(event.FactListener) },
		because: []string{
			placeOfUnconnected,
			"a socket listens at the address that the RST was sent to",
		},
	},
	{
		name: "socket unseen, dropped where there is no connection", cause: RSTUnacceptableInSynSent,
		when: unconnectedPlace,
		because: []string{
			placeOfUnconnected,
			"no socket listens at the address that the RST was sent to",
		},
	},
}

// ignoreHandshakeRules: tcp_check_req kept the request socket. It refuses old
// timestamps even in a RST, then looks at the window, and an exact RST ends the
// handshake. State LISTEN says that only the listener is known: the kernel's
// own counter has shown that the request was kept, its numbers were not seen.
// On kernels without tcp_reqsk_send_challenge_ack that is FactSeqOutside.
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
		name: "request socket, kept by a kernel that does not challenge", cause: RSTHandshakeOutOfWindow,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest && e.Has(event.FactSeqOutside)
		},
		because: []string{
			"the handshake went on after the RST",
			"this kernel has no challenge ACK for handshakes: it ends a handshake on any RST inside the window",
		},
	},
	{
		name: "request socket, only its listener known", cause: RSTUnacceptable,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest && e.State == event.StateListen
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
			"this kernel does not say whether all data before it had been acknowledged: if not, a challenge ACK was due",
		},
	},
	{
		// tcp_validate_incoming obeys an exact RST: kept, it was something else.
		name: "beyond the window", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return synchronized(e) && !e.Has(event.FactSeqExact) },
	},
}

// ignoreUnseenRules: the socket is not known, only the reason and perhaps the
// place.
var ignoreUnseenRules = []rule{
	{
		// Listeners and connecting sockets give TCP_RESET only without ACK, and
		// not in tcp_validate_incoming.
		name: "socket unseen, drop TCP_RESET of a connection", cause: RSTChallenged,
		when: func(e event.Evidence) bool {
			return noSocket(e) && e.Reason == "TCP_RESET" &&
				(hasFlag(e, event.ACK) || e.Caller == event.CallerValidateIncoming)
		},
	},
	{
		name: "socket unseen, drop TCP_RESET", cause: RSTUnacceptable,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_RESET" },
	},
	{
		name: "socket unseen, drop TCP_INVALID_END_SEQUENCE", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_END_SEQUENCE" },
	},
	{
		name: "socket unseen, drop TCP_INVALID_SEQUENCE, another reason for old ones", cause: RSTOutOfWindow,
		when: func(e event.Evidence) bool {
			return noSocket(e) && e.Reason == "TCP_INVALID_SEQUENCE" && e.Has(event.FactSeqOutside)
		},
	},
	{
		name: "socket unseen, drop TCP_INVALID_SEQUENCE", cause: RSTUnacceptable,
		when: func(e event.Evidence) bool { return noSocket(e) && e.Reason == "TCP_INVALID_SEQUENCE" },
	},
}

const placeOfUnconnected = "the RST was dropped where the kernel drops those for listeners and for sockets that are connecting"

// unconnectedPlace: tcp_rcv_state_process drops a RST without ACK only for a
// listener and in SYN_SENT. With ACK it returns it, and tcp_v4_do_rcv drops it.
func unconnectedPlace(e event.Evidence) bool {
	switch {
	case !noSocket(e):
		return false
	case e.Caller == event.CallerRcvStateProcess:
		return e.Reason == "TCP_RESET"
	}
	return e.Caller == event.CallerDoRcv && hasFlag(e, event.ACK) && reasonSilent(e)
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
