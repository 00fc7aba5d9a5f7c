package probe

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Kinds of evidence that limits exclude.

// incoming: the drop hook saw a RST that arrived, obeyed or not.
func incoming(e event.Evidence) bool {
	return e.Hook == event.HookReceive || e.Hook == event.HookIgnore
}

// obeyed: tcp_reset saw it.
func obeyed(e event.Evidence) bool {
	return e.Hook == event.HookReceive && e.Socket == event.SockFull
}

// metNothing: an ignored RST, for no connection.
func metNothing(e event.Evidence) bool {
	if e.Hook == event.HookSendReply {
		return e.Socket == event.SockNone && e.Packet.Has(event.RST)
	}
	return e.Hook == event.HookIgnore && e.Reason == "NO_SOCKET"
}

// metHandshake: an ignored RST with ACK, for a listener or in SYN_SENT.
func metHandshake(e event.Evidence) bool {
	if !e.Packet.Has(event.RST|event.ACK) || e.Hook != event.HookIgnore && e.Hook != event.HookSendReply || beforeSocket(e.Reason) {
		return false
	}
	if e.Socket == event.SockFull {
		return e.State == event.StateListen || e.State == event.StateSynSent
	}
	return e.Socket == event.SockNone &&
		(e.Caller == event.CallerDoRcv || e.Reason == "TCP_FLAGS" || e.Reason == "TCP_INVALID_ACK_SEQUENCE")
}

// metConnection: an ignored RST that was dropped inside tcp_validate_incoming
// or tcp_rcv_state_process.
func metConnection(e event.Evidence) bool {
	if e.Hook != event.HookIgnore || beforeSocket(e.Reason) || metNothing(e) || metHandshake(e) {
		return false
	}
	return e.Socket == event.SockFull || e.Socket == event.SockNone
}

// beforeSocket: reasons for which a RST is dropped before the connection is looked at.
func beforeSocket(reason string) bool {
	return reason == "TCP_CSUM" || reason == "TCP_MINTTL" || reason == "TCP_AUTH_HDR" ||
		strings.HasPrefix(reason, "TCP_MD5") || strings.HasPrefix(reason, "TCP_AO")
}

// hasPosition: where the sequence number lies is known.
func hasPosition(e event.Evidence) bool {
	return e.Facts.Any(event.FactSeqExact | event.FactSeqInWindow | event.FactSeqOld | event.FactSeqOutside)
}
