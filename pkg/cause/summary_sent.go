package cause

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Summaries of RSTs that this kernel sent on its own account: a process closed
// the connection, or the kernel gave it up.

func unreadSummary(e *event.Event) string {
	who := caller(e)
	name := who.or("the application")
	what := "unread data"
	if e.Lost.UnreadBytes > 0 {
		what = bytesOf(e.Lost.UnreadBytes, "unread")
	} else if !e.Evidence.Has(event.FactUnread) {
		what = "a packet still queued that it had already read, which this kernel counts as unread"
	}
	if who.ended != "" {
		return alsoLost(fmt.Sprintf("%s %s with %s from %s", name, who.ended, what, e.Peer), e.Lost, false)
	}
	text := fmt.Sprintf("%s %sclosed the connection with %s and left %s", name, mostLikely(e), e.Peer, what)
	return alsoLost(sentence(who.name, text), e.Lost, false)
}

func lingerSummary(e *event.Event) string {
	who := caller(e)
	if who.ended != "" {
		text := fmt.Sprintf("%s %s, and SO_LINGER {1,0} made that reset its connection with %s", who.name, who.ended, e.Peer)
		return alsoLost(text, e.Lost, true)
	}
	text := fmt.Sprintf("%s %sclosed the connection with %s with SO_LINGER {1,0}, which sends a RST instead of a FIN",
		who.or("the application"), mostLikely(e), e.Peer)
	return alsoLost(sentence(who.name, text), e.Lost, true)
}

func disconnectSummary(e *event.Event) string {
	who := caller(e)
	text := fmt.Sprintf("%s %scalled connect(AF_UNSPEC) on its connection with %s, which resets it",
		who.or("the application"), mostLikely(e), e.Peer)
	return alsoLost(sentence(who.name, text), e.Lost, true)
}

func unsentSummary(e *event.Event) string {
	who := caller(e)
	what := "data that was never sent"
	if e.Lost.UnsentBytes > 0 {
		what = bytesOf(e.Lost.UnsentBytes, "") + " never sent"
	}
	text := fmt.Sprintf("%s dropped the closing connection with %s with %s", who.or("the application"), e.Peer, what)
	return sentence(who.name, text)
}

func listenerSummary(e *event.Event) string {
	who := destroyer(e)
	waiting := fmt.Sprintf("the connection from %s still waited to be accepted", e.Peer)
	if who.ended != "" {
		return fmt.Sprintf("%s %s while %s on %s", who.name, who.ended, waiting, e.Local)
	}
	if who.name != "" {
		return fmt.Sprintf("%s ended the listener on %s while %s", who.name, e.Local, waiting)
	}
	return fmt.Sprintf("The listener on %s went away while %s", e.Local, waiting)
}

func destroyedSummary(e *event.Event) string {
	what := "connection"
	if e.Evidence.Has(event.FactMPTCP) {
		what = "MPTCP subflow"
	}
	by, victim := destroyer(e), holder(e)
	of := ""
	if victim.name != "" {
		of = " of " + victim.name
	}
	if by.name == "" {
		return alsoLost(fmt.Sprintf("The %s%s with %s was destroyed from outside (ss -K, SOCK_DESTROY or a BPF program)",
			what, of, e.Peer), e.Lost, true)
	}
	return alsoLost(fmt.Sprintf("%s destroyed the %s%s with %s", by.name, what, of, e.Peer), e.Lost, true)
}

func linger2Summary(e *event.Event) string {
	return fmt.Sprintf("TCP_LINGER2 is negative on this socket, so the closed connection with %s was reset "+
		"instead of waiting for the peer's FIN", e.Peer)
}

func orphanSummary(e *event.Event) string {
	return alsoLost(fmt.Sprintf("The kernel gave up the closed connection with %s: too many closed sockets "+
		"(tcp_max_orphans) or too little TCP memory (tcp_mem)", e.Peer), e.Lost, false)
}

func keepaliveSummary(e *event.Event) string {
	return fmt.Sprintf("%s did not answer the keep-alive probes, so the kernel gave up the connection", e.Peer)
}

func userTimeoutSummary(e *event.Event) string {
	limit := "TCP_USER_TIMEOUT"
	if ms := e.Kernel.UserTimeoutMillis; ms > 0 {
		limit = fmt.Sprintf("TCP_USER_TIMEOUT (%s ms)", grouped(uint64(ms)))
	}
	return fmt.Sprintf("%s left keep-alive probes unanswered for longer than %s, so the kernel gave up the connection",
		e.Peer, limit)
}

func finWait2Summary(e *event.Event) string {
	return fmt.Sprintf("%s never closed its side after this side had closed, so the kernel stopped waiting in FIN_WAIT2", e.Peer)
}

func mptcpCloseSummary(e *event.Event) string {
	who := caller(e)
	text := fmt.Sprintf("%s ended an MPTCP connection at once, so its subflow with %s was reset (MP_FASTCLOSE)",
		who.or("this side"), e.Peer)
	return sentence(who.name, text)
}

func mptcpResetSummary(e *event.Event) string {
	return fmt.Sprintf("MPTCP on this host gave up its subflow with %s", e.Peer)
}

func rejectSummary(e *event.Event) string {
	where := ""
	if chain := e.Evidence.Chain.String(); chain != "" {
		where = " in " + chain
	}
	what := packetName(e.Trigger)
	if e.Forwarded {
		what += " on its way through this machine"
	}
	return fmt.Sprintf("A firewall rule%s refused %s from %s to %s with a RST", where, what, e.Peer, e.Local)
}
