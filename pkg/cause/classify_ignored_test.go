package cause

import (
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Where the RST's sequence number lies; beyond the window is none of them.
const (
	seqExact  = sp | event.FactSeqExact
	seqInside = sp | event.FactSeqInWindow
	seqOld    = sp | event.FactSeqOld
	seqBeyond = sp
)

// What the kernel side knows where it sees no numbers.
const (
	seqOutside = sp | event.FactSeqOutside
	listened   = sp | event.FactListener
)

// Where a RST was dropped.
const (
	atValidate = event.CallerValidateIncoming
	atState    = event.CallerRcvStateProcess
	atDoRcv    = event.CallerDoRcv
)

// checkDropped fills what all drops of a RST have in common.
func checkDropped(t *testing.T, hook event.Hook, rows []row) {
	t.Helper()
	for i := range rows {
		e := &rows[i].e
		e.Dropped = e.Reason != ""
		if e.Packet == 0 {
			e.Packet = rst
		}
	}
	check(t, hook, rows)
}

func TestClassifyIgnoredBeforeConnection(t *testing.T) {
	none, open, listen := event.SockNone, event.StateEstablished, event.StateListen
	checkDropped(t, event.HookIgnore, []row{
		{"no connection", event.Evidence{Socket: none, Reason: "NO_SOCKET", Facts: sp}, RSTNoConnection, false},
		{"checksum", event.Evidence{Socket: none, Reason: "TCP_CSUM", Facts: sp}, RSTBadChecksum, false},
		{"checksum, socket known", event.Evidence{State: open, Reason: "TCP_CSUM", Facts: seqInside}, RSTBadChecksum, false},
		{"TTL", event.Evidence{State: open, Reason: "TCP_MINTTL", Facts: seqExact}, RSTTTLTooLow, false},
		{"TTL, socket unseen", event.Evidence{Socket: none, Reason: "TCP_MINTTL", Facts: sp}, RSTTTLTooLow, false},
		{"MD5", event.Evidence{State: open, Reason: "TCP_MD5NOTFOUND", Facts: seqExact}, RSTBadSignature, false},
		{"AO", event.Evidence{State: open, Reason: "TCP_AOKEYNOTFOUND", Facts: seqExact}, RSTBadSignature, false},
		{"malformed authentication options", event.Evidence{Socket: none, Reason: "TCP_AUTH_HDR", Facts: sp}, RSTBadSignature, false},
		{"signature demanded by a listener", event.Evidence{State: listen, Reason: "TCP_MD5FAILURE", Facts: sp}, RSTBadSignature, false},
		{"signature demanded in a handshake", event.Evidence{Socket: event.SockRequest, State: listen, Reason: "TCP_AOFAILURE", Facts: sp}, RSTBadSignature, false},

		{"listener", event.Evidence{State: listen, Reason: "TCP_RESET", Facts: sp}, RSTToListener, false},
		{"listener, with ACK, 6.9+", event.Evidence{State: listen, Packet: rst | ack, Reason: "TCP_FLAGS", Facts: sp}, RSTToListener, false},
		{"listener, with ACK, before 6.9", event.Evidence{State: listen, Packet: rst | ack, Reason: "NOT_SPECIFIED", Facts: sp}, RSTToListener, false},
		{"listener, with ACK, socket unseen", event.Evidence{Socket: none, Packet: rst | ack, Reason: "TCP_FLAGS", Facts: sp}, RSTToListener, false},
		{"SYN_SENT", event.Evidence{State: event.StateSynSent, Reason: "TCP_RESET", Facts: seqBeyond}, RSTUnacceptableInSynSent, false},
		{"SYN_SENT, bad ACK", event.Evidence{State: event.StateSynSent, Packet: rst | ack, Reason: "TCP_INVALID_ACK_SEQUENCE", Facts: seqOld}, RSTUnacceptableInSynSent, false},
		{"SYN_SENT, no reason", event.Evidence{State: event.StateSynSent, Facts: seqInside}, RSTUnacceptableInSynSent, false},
		{"SYN_SENT, bad ACK, socket unseen", event.Evidence{Socket: none, Packet: rst | ack, Reason: "TCP_INVALID_ACK_SEQUENCE", Facts: sp}, RSTUnacceptableInSynSent, false},

		{"listener, socket unseen", event.Evidence{Socket: none, Caller: atState, Reason: "TCP_RESET", Facts: listened}, RSTToListener, true},
		{"listener, with ACK, socket unseen, before 6.9", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Reason: "NOT_SPECIFIED", Facts: listened}, RSTToListener, true},
		{"listener, with ACK, socket unseen, no reason", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Facts: listened}, RSTToListener, true},
		{"listener, with ACK, socket unseen, 6.9+", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Reason: "TCP_FLAGS", Facts: listened}, RSTToListener, false},
		{"SYN_SENT, socket unseen", event.Evidence{Socket: none, Caller: atState, Reason: "TCP_RESET", Facts: sp}, RSTUnacceptableInSynSent, true},
		{"SYN_SENT, bad ACK, socket unseen, before 6.9", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Reason: "NOT_SPECIFIED", Facts: sp}, RSTUnacceptableInSynSent, true},
		{"SYN_SENT, bad ACK, socket unseen, no reason", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Facts: sp}, RSTUnacceptableInSynSent, true},
		{"SYN_SENT, bad ACK, socket unseen, a listener at that port, 6.9+", event.Evidence{Socket: none, Caller: atDoRcv, Packet: rst | ack, Reason: "TCP_INVALID_ACK_SEQUENCE", Facts: listened}, RSTUnacceptableInSynSent, false},
	})
}

func TestClassifyIgnoredOnConnection(t *testing.T) {
	none, open := event.SockNone, event.StateEstablished
	checkDropped(t, event.HookIgnore, []row{
		{"inside the window", event.Evidence{State: open, Reason: "TCP_RESET", Facts: seqInside}, RSTChallenged, false},
		{"inside the window, 5.18", event.Evidence{State: open, Reason: "NOT_SPECIFIED", Facts: seqInside}, RSTChallenged, false},
		{"inside the window, no reason", event.Evidence{State: event.StateCloseWait, Facts: seqInside}, RSTChallenged, false},
		{"inside the window, LAST_ACK", event.Evidence{State: event.StateLastAck, Reason: "TCP_RESET", Facts: seqInside}, RSTChallenged, false},
		{"before rcv_nxt, not acknowledged yet", event.Evidence{State: open, Reason: "TCP_RESET", Facts: seqOld}, RSTChallenged, false},
		{"beyond a window that was wider", event.Evidence{State: open, Reason: "TCP_RESET", Facts: seqBeyond}, RSTChallenged, false},
		{"socket unseen, with ACK", event.Evidence{Socket: none, Packet: rst | ack, Reason: "TCP_RESET", Facts: sp}, RSTChallenged, false},
		{"socket unseen, dropped by tcp_validate_incoming", event.Evidence{Socket: none, Caller: atValidate, Reason: "TCP_RESET", Facts: sp}, RSTChallenged, false},
		{"socket and place unseen: a listener would look alike", event.Evidence{Socket: none, Reason: "TCP_RESET", Facts: sp}, RSTUnacceptable, false},

		{"beyond the window", event.Evidence{State: open, Reason: "TCP_INVALID_SEQUENCE", Facts: seqBeyond}, RSTOutOfWindow, false},
		{"beyond the window, no reason", event.Evidence{State: open, Facts: seqBeyond}, RSTOutOfWindow, false},
		{"beyond the window, 5.18", event.Evidence{State: event.StateFinWait1, Reason: "NOT_SPECIFIED", Facts: seqBeyond}, RSTOutOfWindow, false},
		{"payload ends beyond the window, 6.18+", event.Evidence{State: open, Reason: "TCP_INVALID_END_SEQUENCE", Facts: seqInside | event.FactPayload}, RSTOutOfWindow, false},
		{"exact, payload ends beyond the window, 6.18+", event.Evidence{State: open, Reason: "TCP_INVALID_END_SEQUENCE", Facts: seqExact | event.FactPayload}, RSTOutOfWindow, false},
		{"socket unseen, sequence, old or beyond", event.Evidence{Socket: none, Caller: atValidate, Reason: "TCP_INVALID_SEQUENCE", Facts: sp}, RSTUnacceptable, false},
		{"socket and place unseen, sequence", event.Evidence{Socket: none, Reason: "TCP_INVALID_SEQUENCE", Facts: sp}, RSTUnacceptable, false},
		{"socket unseen, sequence, a kernel that names old ones", event.Evidence{Socket: none, Caller: atValidate, Reason: "TCP_INVALID_SEQUENCE", Facts: seqOutside}, RSTOutOfWindow, false},
		{"socket unseen, end of sequence", event.Evidence{Socket: none, Reason: "TCP_INVALID_END_SEQUENCE", Facts: sp}, RSTOutOfWindow, false},

		{"old, 6.6+", event.Evidence{State: event.StateFinWait2, Reason: "TCP_OLD_SEQUENCE", Facts: seqOld}, RSTOld, false},
		{"old, before 6.6", event.Evidence{State: open, Reason: "TCP_INVALID_SEQUENCE", Facts: seqOld}, RSTOld, false},
		{"old, no reason", event.Evidence{State: open, Facts: seqOld}, RSTOld, true},
		{"old, 5.18", event.Evidence{State: open, Reason: "NOT_SPECIFIED", Facts: seqOld}, RSTOld, true},
		{"old, socket unseen", event.Evidence{Socket: none, Reason: "TCP_OLD_SEQUENCE", Facts: sp}, RSTOld, false},

		{"exact RSTs are obeyed: something else dropped it", event.Evidence{State: open, Reason: "NOT_SPECIFIED", Facts: seqExact}, Unclassified, false},
		{"nothing known", event.Evidence{Socket: none, Reason: "NOT_SPECIFIED", Facts: sp}, Unclassified, false},
		{"nothing known, no reason", event.Evidence{Socket: none, Facts: sp}, Unclassified, false},
		{"tcp_v4_do_rcv drops without ACK for other reasons", event.Evidence{Socket: none, Caller: atDoRcv, Facts: sp}, Unclassified, false},
	})
}

// TestClassifyIgnoredInHandshake: a request socket, and full sockets in
// SYN_RECV (Fast Open, simultaneous open).
func TestClassifyIgnoredInHandshake(t *testing.T) {
	request, embryonic, recv := event.SockRequest, event.StateNewSynRecv, event.StateSynRecv
	onlyListener := event.StateListen
	checkDropped(t, event.HookIgnore, []row{
		{"inside the window", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqInside}, RSTHandshakeChallenged, false},
		{"inside the window, no reason", event.Evidence{Socket: request, State: embryonic, Facts: seqInside}, RSTHandshakeChallenged, false},
		{"only the listener known, a kernel that names other reasons", event.Evidence{Socket: request, State: onlyListener, Reason: "NOT_SPECIFIED", Facts: seqInside}, RSTHandshakeChallenged, false},
		{"only the listener known", event.Evidence{Socket: request, State: onlyListener, Reason: "NOT_SPECIFIED", Facts: sp}, RSTUnacceptable, false},
		{"only the listener known, a kernel that does not challenge", event.Evidence{Socket: request, State: onlyListener, Reason: "NOT_SPECIFIED", Facts: seqOutside}, RSTHandshakeOutOfWindow, true},
		{"exact but kept", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqExact}, RSTHandshakeOutOfWindow, true},
		{"exact but an old timestamp, 6.18+", event.Evidence{Socket: request, State: embryonic, Reason: "TCP_RFC7323_PAWS", Facts: seqExact}, RSTHandshakeOutOfWindow, false},
		{"inside but an old timestamp, 6.18+", event.Evidence{Socket: request, State: embryonic, Reason: "TCP_RFC7323_PAWS", Facts: seqInside}, RSTHandshakeOutOfWindow, false},
		{"an echo never sent, 6.18+", event.Evidence{Socket: request, State: embryonic, Reason: "TCP_RFC7323_TSECR", Facts: seqExact}, RSTHandshakeOutOfWindow, false},
		{"beyond the window, 6.18+", event.Evidence{Socket: request, State: embryonic, Reason: "TCP_OVERWINDOW", Facts: seqBeyond}, RSTHandshakeOutOfWindow, false},
		{"beyond the window, before 6.18", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqBeyond}, RSTHandshakeOutOfWindow, false},
		{"beyond the window, no reason", event.Evidence{Socket: request, State: embryonic, Facts: seqBeyond}, RSTHandshakeOutOfWindow, false},
		{"old", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqOld}, RSTHandshakeOutOfWindow, false},
		{"only the listener known, beyond the window, 6.18+", event.Evidence{Socket: request, State: onlyListener, Reason: "TCP_OVERWINDOW", Facts: sp}, RSTHandshakeOutOfWindow, false},
		{"listener, a reason that only handshakes have", event.Evidence{State: onlyListener, Reason: "TCP_OVERWINDOW", Facts: sp}, RSTHandshakeOutOfWindow, false},
		{"socket unseen, a reason that only handshakes have", event.Evidence{Socket: event.SockNone, Reason: "TCP_RFC7323_PAWS", Facts: sp}, RSTHandshakeOutOfWindow, false},

		{"SYN_RECV, inside the window", event.Evidence{State: recv, Reason: "TCP_RESET", Facts: seqInside}, RSTChallenged, false},
		{"Fast Open child, inside the window", event.Evidence{State: recv, Reason: "TCP_FASTOPEN", Facts: seqInside | event.FactFastOpen}, RSTChallenged, false},
		{"Fast Open child, beyond the window", event.Evidence{State: recv, Reason: "TCP_FASTOPEN", Facts: seqBeyond | event.FactFastOpen}, RSTOutOfWindow, false},
		{"Fast Open child, beyond the window, 6.18+", event.Evidence{State: recv, Reason: "TCP_OVERWINDOW", Facts: seqBeyond | event.FactFastOpen}, RSTOutOfWindow, false},
		{"Fast Open child, old, 6.18+", event.Evidence{State: recv, Reason: "TCP_OVERWINDOW", Facts: seqOld | event.FactFastOpen}, RSTOld, false},
		{"Fast Open child, old timestamp, 6.18+", event.Evidence{State: recv, Reason: "TCP_RFC7323_PAWS", Facts: seqExact | event.FactFastOpen}, RSTHandshakeOutOfWindow, false},
		{"simultaneous open, old", event.Evidence{State: recv, Reason: "TCP_OLD_SEQUENCE", Facts: seqOld}, RSTOld, false},
	})
}

func TestClassifyIgnoredInTimeWait(t *testing.T) {
	tw, wait, fin := event.SockTimeWait, event.StateTimeWait, event.StateFinWait2
	checkDropped(t, event.HookIgnore, []row{
		{"exact: tcp_rfc1337", event.Evidence{Socket: tw, State: wait, Prior: wait, Reason: "NOT_SPECIFIED", Facts: seqExact}, RSTTimeWaitProtected, false},
		{"exact, no reason", event.Evidence{Socket: tw, State: wait, Prior: wait, Facts: seqExact}, RSTTimeWaitProtected, false},
		{"exact, old timestamp, 6.18+", event.Evidence{Socket: tw, State: wait, Prior: wait, Reason: "TCP_RFC7323_TW_PAWS", Facts: seqExact}, RSTTimeWaitOutOfWindow, false},
		{"inside the window", event.Evidence{Socket: tw, State: wait, Prior: wait, Reason: "NOT_SPECIFIED", Facts: seqInside}, RSTTimeWaitOutOfWindow, false},
		{"beyond the window", event.Evidence{Socket: tw, State: wait, Prior: wait, Reason: "NOT_SPECIFIED", Facts: seqBeyond}, RSTTimeWaitOutOfWindow, false},
		{"old, no reason", event.Evidence{Socket: tw, State: wait, Prior: wait, Facts: seqOld}, RSTTimeWaitOutOfWindow, false},
		{"FIN_WAIT2, beyond the window", event.Evidence{Socket: tw, State: wait, Prior: fin, Reason: "NOT_SPECIFIED", Facts: seqBeyond}, RSTTimeWaitOutOfWindow, false},
		{"FIN_WAIT2, exact but kept: rfc1337 does not protect it", event.Evidence{Socket: tw, State: wait, Prior: fin, Reason: "NOT_SPECIFIED", Facts: seqExact}, RSTTimeWaitOutOfWindow, true},
		{"FIN_WAIT2, exact, old timestamp, 6.18+", event.Evidence{Socket: tw, State: wait, Prior: fin, Reason: "TCP_RFC7323_TW_PAWS", Facts: seqExact}, RSTTimeWaitOutOfWindow, false},
		{"socket unseen, old timestamp", event.Evidence{Socket: event.SockNone, Reason: "TCP_RFC7323_TW_PAWS", Facts: sp}, RSTTimeWaitOutOfWindow, false},
	})
}

// TestClassifyObeyedWithoutReset: the drop hook saw that the RST had removed the
// mini-socket.
func TestClassifyObeyedWithoutReset(t *testing.T) {
	tw, wait, fin := event.SockTimeWait, event.StateTimeWait, event.StateFinWait2
	request, embryonic := event.SockRequest, event.StateNewSynRecv
	checkDropped(t, event.HookReceive, []row{
		{"request, exact", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqExact}, HandshakeAborted, false},
		{"request, inside the window, older kernels", event.Evidence{Socket: request, State: embryonic, Reason: "NOT_SPECIFIED", Facts: seqInside}, HandshakeAborted, false},
		{"request, no reason", event.Evidence{Socket: request, State: embryonic, Facts: seqExact}, HandshakeAborted, false},
		{"request, only the listener known", event.Evidence{Socket: request, State: event.StateListen, Reason: "NOT_SPECIFIED", Facts: sp}, HandshakeAborted, false},
		{"TIME_WAIT", event.Evidence{Socket: tw, State: wait, Prior: wait, Reason: "NOT_SPECIFIED", Facts: seqExact}, TimeWaitKilled, false},
		{"FIN_WAIT2 mini-socket, inside the window", event.Evidence{Socket: tw, State: wait, Prior: fin, Reason: "NOT_SPECIFIED", Facts: seqInside}, TimeWaitKilled, false},
		{"TIME_WAIT, no reason", event.Evidence{Socket: tw, State: wait, Prior: wait, Facts: seqExact}, TimeWaitKilled, false},
	})
}
