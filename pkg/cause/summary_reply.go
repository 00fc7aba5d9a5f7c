package cause

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Summaries of RSTs that answer a packet: it had no place here.

func closedEarlierSummary(e *event.Event) string {
	who := closer(e)
	sent := fmt.Sprintf("%s sent %s %sfor a connection that", e.Peer, packetName(e.Trigger), mostLikely(e))
	if text := notByProcess(e); text != "" {
		return sent + " " + text + when(e)
	}
	if who.ended != "" {
		return fmt.Sprintf("%s ended when %s %s%s%s", sent, who.name(), who.ended, atExitText(e), earlier(e))
	}
	return fmt.Sprintf("%s %s had %s%s%s", sent, who.or("this host"), endedVerb(e), closedHow(e), when(e))
}

// atExitText is " with data unread", where a process's end met that.
func atExitText(e *event.Event) string {
	if c := e.Kernel.Closing; c.Unread || c.LingerZero {
		return closedHow(e)
	}
	return ""
}

// behindFIN: the peer had said that it will send no more, and sent more.
func behindFIN(e *event.Event) bool {
	return e.Cause == DataAfterClose && e.Evidence.Socket == event.SockFull && peerFINReceived(e.Evidence)
}

func dataAfterCloseSummary(e *event.Event) string {
	what := "more data"
	if e.Trigger.Len > 0 {
		what = bytesOf(e.Trigger.Len, "")
	} else if e.Trigger.Flags.Has(event.FIN) {
		what = "a FIN past missing data"
	}
	sent := fmt.Sprintf("%s sent %s", e.Peer, what)
	if behindFIN(e) {
		return sent + " behind its own FIN, so the connection ended for both sides"
	}
	if e.Evidence.Socket == event.SockFull && e.Evidence.Has(event.FactHasSocket) && !e.Evidence.Has(event.FactDead) {
		return fmt.Sprintf("%s after %s had shut down both directions without closing, so the connection ended for both sides",
			sent, holder(e).or("the application"))
	}
	who := closer(e)
	if who.ended != "" {
		return fmt.Sprintf("%s after %s %s%s", sent, who.name(), who.ended, earlier(e))
	}
	return fmt.Sprintf("%s after %s had closed the connection%s", sent, who.or("the application"), when(e))
}

func synInFinWait2Summary(e *event.Event) string {
	return fmt.Sprintf("%s opened a new connection to %s from a port whose last connection, closed by %s%s, had not ended yet",
		e.Peer, e.Local, closer(e).or("this side"), when(e))
}

func ackToListenerSummary(e *event.Event) string {
	return fmt.Sprintf("%s sent an ACK to the listener on %s that completes no handshake known there", e.Peer, e.Local)
}

func straySynAckSummary(e *event.Event) string {
	if e.Kernel.Closing.From == event.StateSynSent {
		who := closer(e)
		late := fmt.Sprintf("%s answered too late: the connection attempt from %s ended when", e.Peer, e.Local)
		if who.ended != "" {
			return fmt.Sprintf("%s %s %s%s", late, who.name(), who.ended, earlier(e))
		}
		return fmt.Sprintf("%s %s closed the socket%s", late, who.or("the application"), when(e))
	}
	return fmt.Sprintf("%s sent a SYN-ACK to %s for a connection that was not being opened there", e.Peer, e.Local)
}

func synInHandshakeSummary(e *event.Event) string {
	return fmt.Sprintf("%s sent a second, different SYN while its first handshake with %s was under way", e.Peer, e.Local)
}

func overflowSummary(e *event.Event) string {
	if e.Certainty == event.Likely {
		return fmt.Sprintf("The listener on %s refused the connection from %s, most likely because its accept queue was full", e.Local, e.Peer)
	}
	return fmt.Sprintf("The accept queue of the listener on %s is full and tcp_abort_on_overflow is set, "+
		"so the connection from %s was reset", e.Local, e.Peer)
}

func badAckInSynSentSummary(e *event.Event) string {
	return fmt.Sprintf("%s answered the SYN from %s with %s that acknowledges something never sent",
		e.Peer, e.Local, packetName(e.Trigger))
}

func badTimestampSummary(e *event.Event) string {
	return fmt.Sprintf("%s answered the SYN from %s with a timestamp that was never sent", e.Peer, e.Local)
}

func badAckInHandshakeSummary(e *event.Event) string {
	return fmt.Sprintf("%s ended its handshake with %s with an ACK of something never sent or long acknowledged", e.Peer, e.Local)
}

func joinRefusedSummary(e *event.Event) string {
	return fmt.Sprintf("%s tried to add a subflow to an MPTCP connection through %s and was refused%s", e.Peer, e.Local, mptcpWhy(e))
}
