package cause

import "github.com/rsttrace/rsttrace/pkg/event"

var sentByClose = []Entry{
	{ID: UnreadDataOnClose, Dir: event.Sent, Title: "UnreadDataOnClose", Remedy: "See rsttrace explain"},
	{ID: LingerZero, Dir: event.Sent, Title: "LingerZero", Remedy: "See rsttrace explain"},
	{ID: Disconnect, Dir: event.Sent, Title: "Disconnect", Remedy: "See rsttrace explain"},
	{ID: DisconnectWithUnsentData, Dir: event.Sent, Title: "DisconnectWithUnsentData", Remedy: "See rsttrace explain"},
	{ID: ListenerClosed, Dir: event.Sent, Title: "ListenerClosed", Remedy: "See rsttrace explain"},
	{ID: SocketDestroyed, Dir: event.Sent, Title: "SocketDestroyed", Remedy: "See rsttrace explain"},
	{ID: Linger2Negative, Dir: event.Sent, Title: "Linger2Negative", Remedy: "See rsttrace explain"},
	{ID: OrphanLimit, Dir: event.Sent, Title: "OrphanLimit", Remedy: "See rsttrace explain"},
	{ID: KeepaliveTimeout, Dir: event.Sent, Title: "KeepaliveTimeout", Remedy: "See rsttrace explain"},
	{ID: KeepaliveUserTimeout, Dir: event.Sent, Title: "KeepaliveUserTimeout", Remedy: "See rsttrace explain"},
	{ID: FinWait2Timeout, Dir: event.Sent, Title: "FinWait2Timeout", Remedy: "See rsttrace explain"},
	{ID: ClosedPort, Dir: event.Sent, Title: "ClosedPort", Remedy: "See rsttrace explain"},
	{ID: HalfOpen, Dir: event.Sent, Title: "HalfOpen", Remedy: "See rsttrace explain"},
	{ID: ClosedEarlier, Dir: event.Sent, Title: "ClosedEarlier", Remedy: "See rsttrace explain"},
	{ID: DataAfterClose, Dir: event.Sent, Title: "DataAfterClose", Remedy: "See rsttrace explain"},
	{ID: SynInFinWait2, Dir: event.Sent, Title: "SynInFinWait2", Remedy: "See rsttrace explain"},
	{ID: AckToListener, Dir: event.Sent, Title: "AckToListener", Remedy: "See rsttrace explain"},
	{ID: StraySynAck, Dir: event.Sent, Title: "StraySynAck", Remedy: "See rsttrace explain"},
	{ID: SynInHandshake, Dir: event.Sent, Title: "SynInHandshake", Remedy: "See rsttrace explain"},
	{ID: AcceptQueueOverflow, Dir: event.Sent, Title: "AcceptQueueOverflow", Remedy: "See rsttrace explain"},
	{ID: BadAckInSynSent, Dir: event.Sent, Title: "BadAckInSynSent", Remedy: "See rsttrace explain"},
	{ID: BadTimestampInSynSent, Dir: event.Sent, Title: "BadTimestampInSynSent", Remedy: "See rsttrace explain"},
	{ID: BadAckInHandshake, Dir: event.Sent, Title: "BadAckInHandshake", Remedy: "See rsttrace explain"},
	{ID: MPTCPClose, Dir: event.Sent, Title: "MPTCPClose", Remedy: "See rsttrace explain"},
	{ID: MPTCPJoinRefused, Dir: event.Sent, Title: "MPTCPJoinRefused", Remedy: "See rsttrace explain"},
	{ID: MPTCPReset, Dir: event.Sent, Title: "MPTCPReset", Remedy: "See rsttrace explain"},
	{ID: NetfilterReject, Dir: event.Sent, Title: "NetfilterReject", Remedy: "See rsttrace explain"},
}

var sentByKernel, sentAsReply, sentInHandshake, sentByMPTCPAndFirewall []Entry

var received = []Entry{
	{ID: Refused, Dir: event.Received, Title: "Refused", Remedy: "See rsttrace explain"},
	{ID: PeerAborted, Dir: event.Received, Title: "PeerAborted", Remedy: "See rsttrace explain"},
	{ID: PeerGone, Dir: event.Received, Title: "PeerGone", Remedy: "See rsttrace explain"},
	{ID: ResetByPeer, Dir: event.Received, Title: "ResetByPeer", Remedy: "See rsttrace explain"},
	{ID: WroteAfterPeerClose, Dir: event.Received, Title: "WroteAfterPeerClose", Remedy: "See rsttrace explain"},
	{ID: ResetAfterPeerClose, Dir: event.Received, Title: "ResetAfterPeerClose", Remedy: "See rsttrace explain"},
	{ID: ResetWhileClosing, Dir: event.Received, Title: "ResetWhileClosing", Remedy: "See rsttrace explain"},
	{ID: HandshakeAborted, Dir: event.Received, Title: "HandshakeAborted", Remedy: "See rsttrace explain"},
	{ID: TimeWaitKilled, Dir: event.Received, Title: "TimeWaitKilled", Remedy: "See rsttrace explain"},
}

var receivedWhileClosing []Entry

var ignored = []Entry{
	{ID: RSTChallenged, Dir: event.Ignored, Title: "RSTChallenged", Remedy: "See rsttrace explain"},
	{ID: RSTOutOfWindow, Dir: event.Ignored, Title: "RSTOutOfWindow", Remedy: "See rsttrace explain"},
	{ID: RSTOld, Dir: event.Ignored, Title: "RSTOld", Remedy: "See rsttrace explain"},
	{ID: RSTNoConnection, Dir: event.Ignored, Title: "RSTNoConnection", Remedy: "See rsttrace explain"},
	{ID: RSTToListener, Dir: event.Ignored, Title: "RSTToListener", Remedy: "See rsttrace explain"},
	{ID: RSTUnacceptableInSynSent, Dir: event.Ignored, Title: "RSTUnacceptableInSynSent", Remedy: "See rsttrace explain"},
	{ID: RSTTimeWaitProtected, Dir: event.Ignored, Title: "RSTTimeWaitProtected", Remedy: "See rsttrace explain"},
	{ID: RSTTimeWaitOutOfWindow, Dir: event.Ignored, Title: "RSTTimeWaitOutOfWindow", Remedy: "See rsttrace explain"},
	{ID: RSTHandshakeChallenged, Dir: event.Ignored, Title: "RSTHandshakeChallenged", Remedy: "See rsttrace explain"},
	{ID: RSTHandshakeOutOfWindow, Dir: event.Ignored, Title: "RSTHandshakeOutOfWindow", Remedy: "See rsttrace explain"},
	{ID: RSTBadChecksum, Dir: event.Ignored, Title: "RSTBadChecksum", Remedy: "See rsttrace explain"},
	{ID: RSTTTLTooLow, Dir: event.Ignored, Title: "RSTTTLTooLow", Remedy: "See rsttrace explain"},
	{ID: RSTBadSignature, Dir: event.Ignored, Title: "RSTBadSignature", Remedy: "See rsttrace explain"},
}

var ignoredBeforeConnection []Entry

var unclassified = []Entry{{ID: Unclassified, Title: "unclassified"}}
