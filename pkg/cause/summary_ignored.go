package cause

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ignoredSummary says why, with the numbers where they are known.
func ignoredSummary(e *event.Event) string {
	return fmt.Sprintf("A RST from %s to %s was ignored: %s", e.Peer, e.Local, whyIgnored(e))
}

const challengeDue = ", which calls for a challenge ACK"

// whyIgnored is the clause after "A RST from PEER was ignored: ".
func whyIgnored(e *event.Event) string {
	switch e.Cause {
	case RSTChallenged:
		return insideWindow(e, "the window") + challengeDue
	case RSTOutOfWindow:
		return outsideWindow(e)
	case RSTUnacceptable:
		return unfit(e)
	case RSTOld:
		return beforeWindow(e) + ", so " + mostLikely(e) + "it is late or repeated"
	case RSTNoConnection:
		return noConnection(e)
	case RSTToListener:
		return mostLikely(e) + "only a listener has this address, and no handshake under way fits it"
	case RSTUnacceptableInSynSent:
		return unacceptable(e)
	case RSTTimeWaitProtected:
		return "its sequence number is exact, but tcp_rfc1337 protects connections in TIME_WAIT"
	case RSTTimeWaitOutOfWindow:
		return outsideTimeWait(e)
	case RSTHandshakeChallenged:
		return insideWindow(e, "the window of the handshake under way") + challengeDue
	case RSTHandshakeOutOfWindow:
		return outsideHandshake(e)
	case RSTBadChecksum:
		return "its TCP checksum is wrong"
	case RSTTTLTooLow:
		return ttlTooLow(e)
	case RSTBadSignature:
		return badSignature(e.Evidence.Reason)
	}
	return "rsttrace does not know why, please report it with --evidence"
}

// rcvNxtKnown reports whether it is known what the socket expected.
func rcvNxtKnown(e *event.Event) bool { return e.Kernel.RcvNxt != 0 || e.Kernel.Window != 0 }

// ahead is how far past rcv_nxt the RST lies; negative before it.
func ahead(e *event.Event) int32 { return int32(e.RST.Seq - e.Kernel.RcvNxt) }

// offsetText is "seq is 1 042 bytes past rcv_nxt".
func offsetText(e *event.Event) string { return "seq is " + offset(e.RST.Seq, e.Kernel.RcvNxt) }

// offset says where a sequence number lies relative to rcv_nxt.
func offset(seq, rcvNxt uint32) string {
	switch d := int32(seq - rcvNxt); {
	case d > 0:
		return bytesOf(uint32(d), "") + " past rcv_nxt"
	case d < 0:
		return bytesOf(-uint32(d), "") + " before rcv_nxt"
	}
	return "rcv_nxt"
}

// windowOf names the window with its size: "the window of 65 535".
func windowOf(e *event.Event) string { return "the window of " + Grouped(uint64(e.Kernel.Window)) }

// insideWindow: the kernel accepts also what comes just before rcv_nxt and is
// not acknowledged yet, and what fits the widest window that it ever offered.
func insideWindow(e *event.Event, window string) string {
	switch {
	case !rcvNxtKnown(e):
		return "it is inside " + window + " but not exact"
	case ahead(e) < 0:
		return offsetText(e) + ", not acknowledged yet and so still inside " + window
	case uint32(ahead(e)) > e.Kernel.Window:
		return offsetText(e) + ", inside a window that was wider before"
	}
	return offsetText(e) + ", inside " + strings.Replace(window, "the window", windowOf(e), 1)
}

func outsideWindow(e *event.Event) string {
	switch {
	case !rcvNxtKnown(e):
		return "it is outside the receive window"
	case ahead(e) < 0:
		return offsetText(e) + ", outside the window"
	case uint32(ahead(e)) <= e.Kernel.Window && e.RST.Len > 0:
		return fmt.Sprintf("%s, but its %s of payload end beyond %s", offsetText(e), bytesOf(e.RST.Len, ""), windowOf(e))
	case uint32(ahead(e)) <= e.Kernel.Window:
		return offsetText(e) + ", and it ends outside the window"
	}
	return offsetText(e) + ", beyond " + windowOf(e)
}

func beforeWindow(e *event.Event) string {
	if !rcvNxtKnown(e) {
		return "it is before the receive window"
	}
	return offsetText(e)
}

// noConnection: the flow memory may know what became of the connection.
func noConnection(e *event.Event) string {
	who := closer(e)
	switch {
	case who.ended != "":
		return fmt.Sprintf("its connection ended when %s %s%s", who.name(), who.ended, earlier(e))
	case who.name() != "":
		return fmt.Sprintf("%s had %s its connection%s", who.name(), endedVerb(e), when(e))
	}
	return "this host knows no such connection"
}

func unacceptable(e *event.Event) string {
	if e.Evidence.Packet.Has(event.ACK) {
		return mostLikely(e) + "it acknowledges something other than the SYN that was sent"
	}
	return "it has no ACK, so " + mostLikely(e) + "it does not answer the SYN that was sent"
}

// unfit: what was expected is not known.
func unfit(e *event.Event) string {
	switch {
	case e.Evidence.Socket == event.SockRequest:
		return "the handshake under way went on: its sequence number was not exact, or its timestamp was too old"
	case e.Evidence.Reason == "TCP_INVALID_SEQUENCE":
		return "its sequence number is before or beyond the receive window"
	}
	return "its sequence number is not exact, or it met a listener or a socket that is connecting"
}

func outsideTimeWait(e *event.Event) string {
	state := "TIME_WAIT"
	if e.Evidence.Prior == event.StateFinWait2 {
		state = "FIN_WAIT2"
	}
	switch {
	case e.Evidence.Reason == "TCP_RFC7323_TW_PAWS" || e.Certainty == event.Likely:
		return fmt.Sprintf("the connection is in %s and %sthe timestamp of the RST is too old", state, mostLikely(e))
	case !rcvNxtKnown(e):
		return fmt.Sprintf("the connection is in %s and the RST is outside its window", state)
	case state == "TIME_WAIT":
		return offsetText(e) + ", and only an exact one ends a TIME_WAIT"
	case ahead(e) < 0:
		return offsetText(e) + ", and the connection is in FIN_WAIT2"
	}
	return fmt.Sprintf("%s, beyond %s of a connection in FIN_WAIT2", offsetText(e), windowOf(e))
}

func outsideHandshake(e *event.Event) string {
	const handshake = " of the handshake under way"
	switch {
	case e.Evidence.Reason == "TCP_RFC7323_TSECR":
		return "it echoes a timestamp that was never sent in the handshake under way"
	case e.Evidence.Reason == "TCP_RFC7323_PAWS":
		return "its timestamp is older than the last one" + handshake
	case e.Certainty == event.Likely && !rcvNxtKnown(e):
		return "most likely it is outside the window" + handshake
	case e.Certainty == event.Likely:
		return "its sequence number is exact, but most likely its timestamp is older than the last one" + handshake
	case !rcvNxtKnown(e):
		return "it is outside the window" + handshake
	case ahead(e) < 0:
		return offsetText(e) + handshake
	}
	return offsetText(e) + ", beyond " + windowOf(e) + handshake
}

func ttlTooLow(e *event.Event) string {
	ttl := "TTL"
	option := "IP_MINTTL"
	if e.Evidence.Family == event.IPv6 {
		ttl, option = "hop limit", "IPV6_MINHOPCOUNT"
	}
	if e.RST.TTL != 0 {
		ttl += fmt.Sprintf(" of %d", e.RST.TTL)
	}
	return fmt.Sprintf("its %s is below what the socket demands (%s)", ttl, option)
}

// badSignature names the fault that the drop reason names.
func badSignature(reason string) string {
	switch reason {
	case "TCP_MD5NOTFOUND":
		return "it carries no MD5 signature, and the socket demands one"
	case "TCP_MD5UNEXPECTED":
		return "it carries an MD5 signature, and the socket has no key for this peer"
	case "TCP_MD5FAILURE":
		return "its MD5 signature is wrong"
	case "TCP_AONOTFOUND":
		return "it carries no TCP-AO signature, and the socket demands one"
	case "TCP_AOUNEXPECTED":
		return "it carries a TCP-AO signature, and the socket has no key for this peer"
	case "TCP_AOKEYNOTFOUND":
		return "its TCP-AO signature is by a key that the socket does not have"
	case "TCP_AOFAILURE":
		return "its TCP-AO signature is wrong"
	case "TCP_AUTH_HDR":
		return "its MD5 or TCP-AO option is malformed"
	}
	return "its MD5 or TCP-AO signature is missing or wrong"
}
