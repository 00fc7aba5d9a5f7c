package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// receiveRules decide at tcp_reset, and for request and TIME_WAIT mini-sockets
// that a RST removed: an incoming RST is obeyed. The state decides; in
// ESTABLISHED the shape of the RST does.
var receiveRules = []rule{
	{
		name: "no RST arrived", cause: Unclassified,
		when: func(e event.Evidence) bool { return !IsReset(e) },
	},
	{
		name: "TIME_WAIT mini-socket", cause: TimeWaitKilled,
		when: func(e event.Evidence) bool { return e.Socket == event.SockTimeWait },
	},
	{
		name: "request socket or SYN_RECV", cause: HandshakeAborted,
		when: func(e event.Evidence) bool {
			return e.Socket == event.SockRequest || stateIn(e.State, event.StateSynRecv, event.StateNewSynRecv)
		},
	},
	{
		name: "SYN_SENT", cause: Refused,
		when: func(e event.Evidence) bool { return e.State == event.StateSynSent },
	},
	{
		name: "CLOSE_WAIT, data in flight", cause: WroteAfterPeerClose,
		when: func(e event.Evidence) bool {
			return e.State == event.StateCloseWait && e.Has(event.FactInFlight)
		},
	},
	{
		name: "CLOSE_WAIT", cause: ResetAfterPeerClose,
		when: func(e event.Evidence) bool { return e.State == event.StateCloseWait },
	},
	{
		name: "closing", cause: ResetWhileClosing,
		when: func(e event.Evidence) bool { return closing(e.State) },
	},
	{
		name: "ESTABLISHED, abort shape", cause: PeerAborted,
		when: func(e event.Evidence) bool { return established(e) && abortShape(e) },
	},
	{
		name: "ESTABLISHED, reply shape", cause: PeerGone,
		when: func(e event.Evidence) bool { return established(e) && replyShape(e) },
	},
	{
		name: "ESTABLISHED, packet unseen, timestamp present", cause: PeerAborted,
		when: func(e event.Evidence) bool {
			return established(e) && shapeByTimestamp(e) && e.Has(event.FactTSSeen)
		},
		because: []string{
			"this RST carried a TCP timestamp",
			"a RST for an unknown connection never carries one",
		},
	},
	{
		name: "ESTABLISHED, packet unseen, timestamp absent", cause: PeerGone,
		when: func(e event.Evidence) bool {
			return established(e) && shapeByTimestamp(e) && !e.Has(event.FactTSSeen)
		},
		because: []string{
			"this RST carried no TCP timestamp, and the connection uses them",
			"a kernel, firewall or load balancer that does not know the connection answers without one",
		},
	},
	{
		name: "ESTABLISHED", cause: ResetByPeer,
		when: established,
	},
}

func established(e event.Evidence) bool { return e.State == event.StateEstablished }

// abortShape: the peer built the RST from the state of a connection it knew.
func abortShape(e event.Evidence) bool {
	return hasFlag(e, event.RST|event.ACK) && e.Facts.Any(event.FactWindow|event.FactTSSeen)
}

// replyShape: the RST was built from our packet alone (RFC 9293 3.5.2).
func replyShape(e event.Evidence) bool {
	return hasFlag(e, event.RST) && lacksFlag(e, event.ACK) && !e.Facts.Any(event.FactWindow|event.FactTSSeen)
}

func shapeByTimestamp(e event.Evidence) bool {
	return !e.SeesPacket() && e.Has(event.FactTSNegotiated)
}

// rejectRules: nf_send_reset and kin know one cause.
var rejectRules = []rule{
	{
		name: "firewall rule", cause: NetfilterReject,
		when: func(event.Evidence) bool { return true },
	},
}
