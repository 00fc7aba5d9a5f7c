package cause

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// whyIgnored is the clause after "A RST from PEER was ignored: ".
var whyIgnored = map[event.CauseID]string{
	RSTChallenged:            "inside the window but not exactly the next byte, which calls for a challenge ACK",
	RSTOutOfWindow:           "outside the receive window",
	RSTOld:                   "before the receive window, so it is a late or repeated one",
	RSTNoConnection:          "this host knows no such connection",
	RSTToListener:            "only a listener has this address, and no handshake under way fits it",
	RSTUnacceptableInSynSent: "it does not acknowledge the SYN that was sent",
	RSTTimeWaitProtected:     "tcp_rfc1337 protects connections in TIME_WAIT",
	RSTTimeWaitOutOfWindow:   "the connection is in TIME_WAIT and the RST is outside its window",
	RSTHandshakeChallenged:   "inside the window of a handshake but not exact, which calls for a challenge ACK",
	RSTHandshakeOutOfWindow:  "outside the window of the handshake under way",
	RSTBadChecksum:           "its TCP checksum is wrong",
	RSTTTLTooLow:             "its TTL is below what the socket demands (IP_MINTTL)",
	RSTBadSignature:          "its MD5 or TCP-AO signature is missing or wrong",
	Unclassified:             "rsttrace does not know why, please report it with --evidence",
}

func ignoredSummary(e *event.Event) string {
	text := fmt.Sprintf("A RST from %s to %s was ignored: %s", e.Peer, e.Local, whyIgnored[e.Cause])
	switch e.Cause {
	case RSTChallenged, RSTOutOfWindow, RSTOld:
		if e.Kernel.RcvNxt != 0 {
			text += fmt.Sprintf(" (seq is %s)", offset(e.RST.Seq, e.Kernel.RcvNxt))
		}
	case RSTTTLTooLow:
		if e.RST.TTL != 0 {
			text = strings.Replace(text, "its TTL is", fmt.Sprintf("its TTL of %d is", e.RST.TTL), 1)
		}
	}
	return text
}

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
