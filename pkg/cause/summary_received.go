package cause

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Summaries of RSTs that ended or refused a connection here.

func wroteAfterPeerCloseSummary(e *event.Event) string {
	what := "more data"
	if e.Lost.UnackedBytes > 0 {
		what = bytesOf(e.Lost.UnackedBytes, "")
	}
	return fmt.Sprintf("%s had closed its side, %s wrote %s, and the peer answered with a RST",
		e.Peer, holder(e).or("this side"), what)
}

func resetAfterPeerCloseSummary(e *event.Event) string {
	return alsoLost(fmt.Sprintf("%s closed its side and then reset the connection", e.Peer), e.Lost, false)
}

func resetWhileClosingSummary(e *event.Event) string {
	who := closer(e).or(holder(e).or("this side"))
	state := ""
	if e.State != 0 {
		state = " (" + e.State.String() + ")"
	}
	text := fmt.Sprintf("%s reset the connection while %s was closing it%s", e.Peer, who, state)
	return alsoLost(text, e.Lost, false)
}

func handshakeAbortedSummary(e *event.Event) string {
	if e.Evidence.Socket == event.SockFull && !isFastOpen(e) {
		return fmt.Sprintf("%s broke off the handshake with %s", e.Peer, e.Local)
	}
	return fmt.Sprintf("%s broke off its handshake with the listener on %s", e.Peer, e.Local)
}

func timeWaitKilledSummary(e *event.Event) string {
	state := "TIME_WAIT"
	if e.Evidence.Prior == event.StateFinWait2 {
		state = "FIN_WAIT2"
	}
	return fmt.Sprintf("A RST from %s ended the %s of a connection that %s had closed%s", e.Peer, state,
		closer(e).or("this side"), when(e))
}
