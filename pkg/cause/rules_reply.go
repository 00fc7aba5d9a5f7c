package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// replyRules decide at tcp_v4_send_reset and tcp_v6_send_reset: a packet that
// has no place here is answered. The packet is the trigger, not the RST.
var replyRules = joinRules(
	replyToRSTRules, replyMPTCPRules, replyNoSocketRules, replyTimeWaitRules, replyListenRules,
	replyHandshakeRules, replyClosedRules,
)

// replyToRSTRules: the functions are entered for incoming RSTs too and return
// at once. Nothing is sent: these are RSTs that were ignored.
var replyToRSTRules = []rule{
	{
		name: "RST without a socket", cause: RSTNoConnection,
		when: func(e event.Evidence) bool { return hasFlag(e, event.RST) && e.Socket == event.SockNone },
	},
	{
		name: "RST to a listener", cause: RSTToListener,
		when: func(e event.Evidence) bool { return hasFlag(e, event.RST) && fullSocketIn(e, event.StateListen) },
	},
	{
		name: "RST in SYN_SENT", cause: RSTUnacceptableInSynSent,
		when: func(e event.Evidence) bool { return hasFlag(e, event.RST) && fullSocketIn(e, event.StateSynSent) },
	},
	{
		name: "RST elsewhere", cause: Unclassified,
		when: func(e event.Evidence) bool { return hasFlag(e, event.RST) },
	},
}

// replyMPTCPRules: MPTCP itself calls the function in two places, both for
// MP_JOIN. FactMPTCP alone says nothing here: every socket that was opened for
// MPTCP has it until the peer is known not to speak it, listeners for ever.
var replyMPTCPRules = []rule{
	{
		name: "MP_JOIN refused", cause: MPTCPJoinRefused,
		when: func(e event.Evidence) bool {
			return e.Has(event.FactMPJoin|event.FactSeesPacket) && atListener(e)
		},
	},
	{
		name: "MPTCP reason at a listener", cause: MPTCPJoinRefused,
		when: func(e event.Evidence) bool { return mptcpReason(e) && atListener(e) },
	},
	{
		name: "MPTCP reason", cause: MPTCPReset,
		when: mptcpReason,
	},
}

var replyNoSocketRules = []rule{
	{
		name: "no socket, SYN+ACK", cause: StraySynAck,
		when: func(e event.Evidence) bool { return noSocket(e) && hasFlag(e, event.SYN|event.ACK) },
	},
	{
		name: "no socket, SYN", cause: ClosedPort,
		when: func(e event.Evidence) bool { return noSocket(e) && hasFlag(e, event.SYN) },
	},
	{
		name: "no socket, flow remembered", cause: ClosedEarlier,
		when: func(e event.Evidence) bool {
			return noSocket(e) && e.Has(event.FactSeesPacket|event.FactRemembered)
		},
	},
	{
		name: "no socket", cause: HalfOpen,
		when: func(e event.Evidence) bool { return noSocket(e) && e.SeesPacket() },
	},
}

// replyTimeWaitRules: tcp_timewait_state_process resets only in substate
// FIN_WAIT2, and only for a SYN or for data or a FIN past what it expects.
var replyTimeWaitRules = []rule{
	{
		name: "FIN_WAIT2 mini-socket, SYN", cause: SynInFinWait2,
		when: func(e event.Evidence) bool { return finWait2MiniSocket(e) && hasFlag(e, event.SYN) },
	},
	{
		name: "FIN_WAIT2 mini-socket, data", cause: DataAfterClose,
		when: finWait2MiniSocket,
	},
}

var replyListenRules = []rule{
	{
		name: "listener, SYN+ACK", cause: StraySynAck,
		when: func(e event.Evidence) bool { return atListener(e) && hasFlag(e, event.SYN|event.ACK) },
	},
	{
		name: "listener, SYN", cause: SynInHandshake,
		when: func(e event.Evidence) bool { return atListener(e) && hasFlag(e, event.SYN) },
	},
	{
		// The connection is gone, and its listener stands where it was.
		name: "listener, flow remembered", cause: ClosedEarlier,
		when: func(e event.Evidence) bool {
			return ackAtListener(e) && e.Has(event.FactRemembered) && !fromCheckReq(e)
		},
		because: []string{
			"a connection of the very same addresses and ports ended on this host a short while ago",
			"an ACK for a new handshake between the same ports would look alike",
		},
	},
	{
		name: "listener, ACK, reason TCP_FLAGS", cause: AckToListener,
		when: func(e event.Evidence) bool { return ackAtListener(e) && e.Reason == "TCP_FLAGS" },
	},
	{
		name: "listener, ACK completes a handshake, queue full", cause: AcceptQueueOverflow,
		when: func(e event.Evidence) bool {
			return ackAtListener(e) && e.Has(event.FactQueueFull) && fromCheckReq(e)
		},
	},
	{
		name: "listener, ACK completes a handshake, queue no longer full", cause: AcceptQueueOverflow,
		when: func(e event.Evidence) bool { return ackAtListener(e) && fromCheckReq(e) },
		because: []string{
			"the kernel refused to create the connection that this ACK completes",
			"the accept queue was no longer full at that moment: it was full just before, or memory or a route was missing",
		},
	},
	{
		name: "listener, ACK, queue full", cause: AcceptQueueOverflow,
		when: func(e event.Evidence) bool {
			return ackAtListener(e) && e.Has(event.FactQueueFull) && e.Caller == 0
		},
		because: []string{
			"the accept queue of this listener is over its limit",
			"this kernel does not say whether the ACK belonged to a handshake under way",
		},
	},
	{
		name: "listener, ACK", cause: AckToListener,
		when: ackAtListener,
	},
}

var replyHandshakeRules = []rule{
	{
		name: "SYN_SENT, reason TCP_INVALID_ACK_SEQUENCE", cause: BadAckInSynSent,
		when: func(e event.Evidence) bool {
			return fullSocketIn(e, event.StateSynSent) && e.Reason == "TCP_INVALID_ACK_SEQUENCE"
		},
	},
	{
		name: "SYN_SENT, reason TCP_RFC7323_PAWS", cause: BadTimestampInSynSent,
		when: func(e event.Evidence) bool {
			return fullSocketIn(e, event.StateSynSent) && e.Reason == "TCP_RFC7323_PAWS"
		},
	},
	{
		name: "SYN_SENT, ACK in range", cause: BadTimestampInSynSent,
		when: func(e event.Evidence) bool {
			return fullSocketIn(e, event.StateSynSent) && hasFlag(e, event.ACK) && e.Has(event.FactAckInRange)
		},
	},
	{
		name: "SYN_SENT, ACK out of range", cause: BadAckInSynSent,
		when: func(e event.Evidence) bool { return fullSocketIn(e, event.StateSynSent) && hasFlag(e, event.ACK) },
	},
	{
		name: "Fast Open child, SYN", cause: SynInHandshake,
		when: func(e event.Evidence) bool {
			return hasFlag(e, event.SYN) && e.Has(event.FactFastOpen) &&
				(fullSocketIn(e, event.StateSynRecv) || fullSocketIn(e, event.StateFinWait1))
		},
	},
	{
		name: "SYN_RECV, SYN", cause: SynInHandshake,
		when: func(e event.Evidence) bool {
			return fullSocketIn(e, event.StateSynRecv) && hasFlag(e, event.SYN) && lacksFlag(e, event.ACK)
		},
	},
	{
		name: "SYN_RECV, ACK", cause: BadAckInHandshake,
		when: func(e event.Evidence) bool { return fullSocketIn(e, event.StateSynRecv) && hasFlag(e, event.ACK) },
	},
}

// replyClosedRules: tcp_rcv_state_process has just moved the socket to CLOSE
// because of this packet.
var replyClosedRules = []rule{
	{
		// The ACK of the FIN ended the connection: no FIN_WAIT2 for this
		// socket. The kernel books it as data after close, which it is not.
		name: "FIN acknowledged, TCP_LINGER2 < 0", cause: Linger2Negative,
		when: func(e event.Evidence) bool {
			return closedByPacket(e) && e.Has(event.FactLinger2Negative|event.FactSeesPacket) &&
				!e.Facts.Any(event.FactNewData|event.FactError)
		},
	},
	{
		name: "reason TCP_ABORT_ON_DATA", cause: DataAfterClose,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockFull && e.Reason == "TCP_ABORT_ON_DATA"
		},
	},
	{
		name: "data after close or shutdown", cause: DataAfterClose,
		when: func(e event.Evidence) bool {
			return closedByPacket(e) && e.Facts.Any(event.FactError|event.FactNewData|event.FactPayload)
		},
	},
}

func noSocket(e event.Evidence) bool { return e.Socket == event.SockNone }

// atListener: the kernel hands the listener to these functions even where a
// request socket was found.
func atListener(e event.Evidence) bool {
	return fullSocketIn(e, event.StateListen) || e.Socket == event.SockRequest
}

func ackAtListener(e event.Evidence) bool {
	return atListener(e) && hasFlag(e, event.ACK) && lacksFlag(e, event.SYN)
}

// fromCheckReq: tcp_check_req found the handshake and would not complete it.
// For an ACK it reports that as INVALID_SYN.
func fromCheckReq(e event.Evidence) bool {
	return e.Caller == event.CallerCheckReq || e.Reason == "INVALID_SYN"
}

func finWait2MiniSocket(e event.Evidence) bool {
	return e.Socket == event.SockTimeWait && e.SeesPacket() &&
		(e.Prior == event.StateFinWait2 || e.Prior == 0)
}

func closedByPacket(e event.Evidence) bool {
	return fullSocketIn(e, event.StateClose) && (e.Prior == 0 || e.Prior == event.StateCloseWait || closing(e.Prior))
}
