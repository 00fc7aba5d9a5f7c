package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	sp  = event.FactSeesPacket
	syn = event.SYN
	ack = event.ACK
	rst = event.RST
)

func TestClassifyReply(t *testing.T) {
	none, listen := event.SockNone, event.StateListen
	check(t, event.HookSendReply, []row{
		{"closed port, 6.10+", event.Evidence{Socket: none, Packet: syn, Reason: "NO_SOCKET", Facts: sp}, ClosedPort, false},
		{"closed port, no reason", event.Evidence{Socket: none, Packet: syn, Facts: sp}, ClosedPort, false},
		{"closed port with Fast Open data", event.Evidence{Socket: none, Packet: syn, Facts: sp | event.FactPayload}, ClosedPort, false},
		{"closed port, flow remembered", event.Evidence{Socket: none, Packet: syn, Facts: sp | event.FactRemembered}, ClosedPort, false},
		{"half-open, data", event.Evidence{Socket: none, Packet: ack, Reason: "NO_SOCKET", Facts: sp | event.FactPayload}, HalfOpen, false},
		{"half-open, bare ACK, no reason", event.Evidence{Socket: none, Packet: ack, Facts: sp}, HalfOpen, false},
		{"half-open, FIN", event.Evidence{Socket: none, Packet: ack | event.FIN, Facts: sp}, HalfOpen, false},
		{"half-open, no flags", event.Evidence{Socket: none, Facts: sp}, HalfOpen, false},
		{"closed earlier", event.Evidence{Socket: none, Packet: ack, Reason: "NO_SOCKET", Facts: sp | event.FactRemembered}, ClosedEarlier, false},
		{"closed earlier, data, no reason", event.Evidence{Socket: none, Packet: ack, Facts: sp | event.FactPayload | event.FactRemembered}, ClosedEarlier, false},
		{"closed earlier, FIN", event.Evidence{Socket: none, Packet: ack | event.FIN, Facts: sp | event.FactRemembered}, ClosedEarlier, false},
		{"stray SYN-ACK", event.Evidence{Socket: none, Packet: syn | ack, Reason: "NO_SOCKET", Facts: sp}, StraySynAck, false},
		{"stray SYN-ACK, flow remembered", event.Evidence{Socket: none, Packet: syn | ack, Facts: sp | event.FactRemembered}, StraySynAck, false},
		{"stray SYN-ACK at a listener", event.Evidence{State: listen, Packet: syn | ack, Reason: "TCP_FLAGS", Facts: sp}, StraySynAck, false},
		{"no socket, packet unseen", event.Evidence{Socket: none}, Unclassified, false},

		{"ACK to a listener, 6.10+", event.Evidence{State: listen, Packet: ack, Reason: "TCP_FLAGS", Facts: sp}, AckToListener, false},
		{"ACK to a listener, no reason", event.Evidence{State: listen, Packet: ack, Facts: sp}, AckToListener, false},
		{"ACK to a full listener, 6.10+", event.Evidence{State: listen, Packet: ack, Reason: "TCP_FLAGS", Facts: sp | event.FactQueueFull}, AckToListener, false},
		{"ACK to a listener opened for MPTCP", event.Evidence{State: listen, Packet: ack, Facts: sp | event.FactMPTCP}, AckToListener, false},
		{"overflow, 6.10+", event.Evidence{State: listen, Packet: ack, Reason: "INVALID_SYN", Facts: sp | event.FactQueueFull}, AcceptQueueOverflow, false},
		{"overflow, caller known", event.Evidence{State: listen, Packet: ack, Caller: event.CallerCheckReq, Facts: sp | event.FactQueueFull}, AcceptQueueOverflow, false},
		{"overflow, neither", event.Evidence{State: listen, Packet: ack, Facts: sp | event.FactQueueFull}, AcceptQueueOverflow, true},
		{"overflow drained meanwhile", event.Evidence{State: listen, Packet: ack, Reason: "INVALID_SYN", Facts: sp}, AcceptQueueOverflow, true},
		{"ACK to a full listener, caller tcp_v4_do_rcv", event.Evidence{State: listen, Packet: ack, Caller: event.CallerDoRcv, Facts: sp | event.FactQueueFull}, AckToListener, false},
		{"full listener, not from tcp_check_req", event.Evidence{State: listen, Packet: ack, Caller: event.CallerOther, Facts: sp | event.FactQueueFull}, AckToListener, false},
		{"second SYN, 6.10+", event.Evidence{State: listen, Packet: syn, Reason: "INVALID_SYN", Facts: sp}, SynInHandshake, false},
		{"second SYN, no reason, queue full", event.Evidence{State: listen, Packet: syn, Facts: sp | event.FactQueueFull}, SynInHandshake, false},
		{"second SYN to a Fast Open child", event.Evidence{State: event.StateSynRecv, Packet: syn, Facts: sp | event.FactFastOpen}, SynInHandshake, false},
		{"second SYN to a closing Fast Open child", event.Evidence{State: event.StateFinWait1, Packet: syn, Facts: sp | event.FactFastOpen}, SynInHandshake, false},
		{"listener, neither SYN nor ACK", event.Evidence{State: listen, Packet: event.FIN, Facts: sp}, Unclassified, false},

		{"join refused, 6.10+", event.Evidence{State: listen, Packet: syn, Reason: "MPTCP_RST_EPROHIBIT", Facts: sp | event.FactMPJoin}, MPTCPJoinRefused, false},
		{"join refused, no reason", event.Evidence{State: listen, Packet: syn, Facts: sp | event.FactMPJoin}, MPTCPJoinRefused, false},
		{"join refused at its ACK", event.Evidence{Socket: event.SockRequest, State: event.StateNewSynRecv, Packet: ack, Facts: sp | event.FactMPJoin}, MPTCPJoinRefused, false},
		{"MPTCP reason elsewhere", event.Evidence{State: event.StateEstablished, Packet: ack, Reason: "MPTCP_RST_EMPTCP", Facts: sp}, MPTCPReset, false},

		{"SYN_SENT, bad ACK, 6.10+", event.Evidence{State: event.StateSynSent, Packet: syn | ack, Reason: "TCP_INVALID_ACK_SEQUENCE", Facts: sp}, BadAckInSynSent, false},
		{"SYN_SENT, bad ACK, no reason", event.Evidence{State: event.StateSynSent, Packet: ack, Facts: sp}, BadAckInSynSent, false},
		{"SYN_SENT of an MPTCP socket, bad ACK", event.Evidence{State: event.StateSynSent, Packet: ack, Facts: sp | event.FactMPTCP}, BadAckInSynSent, false},
		{"SYN_SENT, bad timestamp, 6.10+", event.Evidence{State: event.StateSynSent, Packet: syn | ack, Reason: "TCP_RFC7323_PAWS", Facts: sp | event.FactAckInRange}, BadTimestampInSynSent, false},
		{"SYN_SENT, bad timestamp, no reason", event.Evidence{State: event.StateSynSent, Packet: syn | ack, Facts: sp | event.FactAckInRange}, BadTimestampInSynSent, false},
		{"SYN_RECV, bad ACK", event.Evidence{State: event.StateSynRecv, Packet: ack, Reason: "TCP_ACK_UNSENT_DATA", Facts: sp | event.FactFastOpen}, BadAckInHandshake, false},
		{"SYN_RECV, bad ACK, no reason", event.Evidence{State: event.StateSynRecv, Packet: ack, Facts: sp | event.FactHasSocket}, BadAckInHandshake, false},
		{"SYN_RECV, bad SYN-ACK of a simultaneous open", event.Evidence{State: event.StateSynRecv, Packet: syn | ack, Facts: sp | event.FactHasSocket}, BadAckInHandshake, false},
	})
}

func TestClassifyDataAfterClose(t *testing.T) {
	tw, closed := event.SockTimeWait, event.StateClose
	const shut = event.FactShutRcv | event.FactShutSend
	const data = sp | event.FactPayload | event.FactNewData
	check(t, event.HookSendReply, []row{
		{"mini-socket, 6.10+", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: ack, Reason: "TCP_TIMEWAIT_SOCKET", Facts: data}, DataAfterClose, false},
		{"mini-socket, no reason", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: ack, Facts: data}, DataAfterClose, false},
		{"mini-socket, FIN past a hole", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: ack | event.FIN, Facts: sp}, DataAfterClose, false},
		{"mini-socket, SYN", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: syn, Facts: sp}, SynInFinWait2, false},
		{"mini-socket, SYN with data", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: syn, Facts: data}, SynInFinWait2, false},
		{"true TIME_WAIT never resets", event.Evidence{Socket: tw, State: event.StateTimeWait, Prior: event.StateTimeWait, Packet: ack, Facts: data}, Unclassified, false},
		{"orphan in FIN_WAIT2, 6.10+", event.Evidence{State: closed, Prior: event.StateFinWait2, Packet: ack, Reason: "TCP_ABORT_ON_DATA", Facts: data | event.FactDead | event.FactError | shut}, DataAfterClose, false},
		{"orphan in FIN_WAIT1, no reason", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Facts: data | event.FactDead | event.FactError | shut}, DataAfterClose, false},
		{"data rides the ACK of our FIN, no error set", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Facts: data | event.FactDead | shut}, DataAfterClose, false},
		{"shutdown without close", event.Evidence{State: closed, Prior: event.StateFinWait2, Packet: ack, Facts: data | event.FactError | event.FactHasSocket | shut}, DataAfterClose, false},
		{"state before unknown", event.Evidence{State: closed, Packet: ack, Facts: data | event.FactError | event.FactDead}, DataAfterClose, false},
		{"linger2, FIN acknowledged, 6.10+", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Reason: "TCP_ABORT_ON_DATA", Facts: sp | event.FactDead | event.FactLinger2Negative | shut}, Linger2Negative, false},
		{"linger2, FIN acknowledged, no reason", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Facts: sp | event.FactDead | event.FactLinger2Negative | shut}, Linger2Negative, false},
		{"linger2, but data did arrive", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Reason: "TCP_ABORT_ON_DATA", Facts: data | event.FactDead | event.FactLinger2Negative | shut}, DataAfterClose, false},
		{"closed by a bare ACK for no known reason", event.Evidence{State: closed, Prior: event.StateFinWait1, Packet: ack, Facts: sp | event.FactDead | shut}, Unclassified, false},
		{"child that refused its own handshake", event.Evidence{State: closed, Prior: event.StateSynRecv, Packet: ack, Facts: data}, Unclassified, false},
	})
}

func TestClassifyReceived(t *testing.T) {
	const ts, seen, win = event.FactTSNegotiated, event.FactTSSeen, event.FactWindow
	open := event.StateEstablished
	check(t, event.HookReceive, []row{
		{"refused", event.Evidence{State: event.StateSynSent, Packet: rst | ack, Facts: sp}, Refused, false},
		{"refused, packet unseen", event.Evidence{State: event.StateSynSent}, Refused, false},
		{"abort with window and timestamp", event.Evidence{State: open, Packet: rst | ack, Facts: sp | win | ts | seen}, PeerAborted, false},
		{"abort without timestamps", event.Evidence{State: open, Packet: rst | ack, Facts: sp | win}, PeerAborted, false},
		{"abort with a closed window", event.Evidence{State: open, Packet: rst | ack, Facts: sp | ts | seen}, PeerAborted, false},
		{"reply", event.Evidence{State: open, Packet: rst, Facts: sp | ts}, PeerGone, false},
		{"reply, no timestamps in use", event.Evidence{State: open, Packet: rst, Facts: sp}, PeerGone, false},
		{"odd: ACK, no window, no timestamp", event.Evidence{State: open, Packet: rst | ack, Facts: sp | ts}, ResetByPeer, false},
		{"odd: no ACK but a window", event.Evidence{State: open, Packet: rst, Facts: sp | win}, ResetByPeer, false},
		{"unseen, timestamp present", event.Evidence{State: open, Facts: ts | seen}, PeerAborted, true},
		{"unseen, timestamp absent", event.Evidence{State: open, Facts: ts}, PeerGone, true},
		{"unseen, no timestamps in use", event.Evidence{State: open}, ResetByPeer, false},
		{"unseen, a timestamp that was never negotiated says nothing", event.Evidence{State: open, Facts: seen}, ResetByPeer, false},
		{"in the accept queue", event.Evidence{State: open, Packet: rst | ack, Facts: sp | win}, PeerAborted, false},
		{"broken pipe", event.Evidence{State: event.StateCloseWait, Packet: rst, Facts: sp | event.FactInFlight | event.FactPeerFIN | event.FactShutRcv}, WroteAfterPeerClose, false},
		{"broken pipe, unseen", event.Evidence{State: event.StateCloseWait, Caller: event.CallerValidateIncoming, Facts: event.FactInFlight | event.FactPeerFIN | event.FactShutRcv}, WroteAfterPeerClose, false},
		{"reset after close", event.Evidence{State: event.StateCloseWait, Packet: rst | ack, Facts: sp | win | event.FactPeerFIN | event.FactShutRcv}, ResetAfterPeerClose, false},
		{"FIN_WAIT1", event.Evidence{State: event.StateFinWait1, Packet: rst | ack, Facts: sp | event.FactShutSend}, ResetWhileClosing, false},
		{"FIN_WAIT2, unseen", event.Evidence{State: event.StateFinWait2, Caller: event.CallerValidateIncoming, Facts: event.FactShutRcv}, ResetWhileClosing, false},
		{"CLOSING", event.Evidence{State: event.StateClosing, Packet: rst, Facts: sp}, ResetWhileClosing, false},
		{"LAST_ACK", event.Evidence{State: event.StateLastAck, Packet: rst, Facts: sp}, ResetWhileClosing, false},
		{"Fast Open child", event.Evidence{State: event.StateSynRecv, Packet: rst, Facts: sp | event.FactFastOpen}, HandshakeAborted, false},
		{"simultaneous open", event.Evidence{State: event.StateSynRecv, Packet: rst, Facts: sp | event.FactHasSocket}, HandshakeAborted, false},
		{"request socket", event.Evidence{Socket: event.SockRequest, State: event.StateNewSynRecv, Packet: rst, Facts: sp}, HandshakeAborted, false},
		{"TIME_WAIT", event.Evidence{Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateTimeWait, Packet: rst, Facts: sp}, TimeWaitKilled, false},
		{"FIN_WAIT2 mini-socket", event.Evidence{Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: rst, Facts: sp}, TimeWaitKilled, false},
		{"a listener is never reset", event.Evidence{State: event.StateListen, Packet: rst, Facts: sp}, Unclassified, false},
	})
}

// TestClassifyIgnoredAtReply: the reply functions are entered for RSTs too.
func TestClassifyIgnoredAtReply(t *testing.T) {
	check(t, event.HookSendReply, []row{
		{"no socket", event.Evidence{Socket: event.SockNone, Packet: rst, Reason: "NO_SOCKET", Facts: sp}, RSTNoConnection, false},
		{"listener", event.Evidence{State: event.StateListen, Packet: rst | ack, Facts: sp | event.FactQueueFull}, RSTToListener, false},
		{"SYN_SENT", event.Evidence{State: event.StateSynSent, Packet: rst | ack, Facts: sp}, RSTUnacceptableInSynSent, false},
		{"no rule", event.Evidence{State: event.StateSynRecv, Packet: rst | ack, Facts: sp}, Unclassified, false},
	})
}

func TestClassifyReject(t *testing.T) {
	check(t, event.HookReject, []row{
		{"input", event.Evidence{Socket: event.SockNone, Packet: syn, Chain: event.ChainInput, Facts: sp}, NetfilterReject, false},
		{"forward, a data packet", event.Evidence{Socket: event.SockNone, Packet: ack, Chain: event.ChainForward, Facts: sp | event.FactPayload}, NetfilterReject, false},
	})
}
