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
	return alsoLost(sentence(who.name(), text), e.Lost, false)
}

func disconnectSummary(e *event.Event) string {
	who := caller(e)
	text := fmt.Sprintf("%s %scalled connect(AF_UNSPEC) on its connection with %s, which resets it",
		who.or("the application"), mostLikely(e), e.Peer)
	return alsoLost(sentence(who.name(), text), e.Lost, true)
}

func unsentSummary(e *event.Event) string {
	who := caller(e)
	what := "data that was never sent"
	if e.Lost.UnsentBytes > 0 {
		what = bytesOf(e.Lost.UnsentBytes, "") + " never sent"
	}
	text := fmt.Sprintf("%s dropped the closing connection with %s with %s", who.or("the application"), e.Peer, what)
	return sentence(who.name(), text)
}

func listenerSummary(e *event.Event) string {
	who := destroyer(e)
	waiting := fmt.Sprintf("the connection from %s still waited to be accepted", e.Peer)
	if who.ended != "" {
		return fmt.Sprintf("%s %s while %s on %s", who.name(), who.ended, waiting, e.Local)
	}
	if who.name() != "" {
		did := "ended"
		if e.Evidence.Caller == event.CallerListenAbort {
			did = "destroyed"
		}
		return fmt.Sprintf("%s %s the listener on %s while %s", who.name(), did, e.Local, waiting)
	}
	return fmt.Sprintf("The listener on %s went away while %s", e.Local, waiting)
}

func destroyedSummary(e *event.Event) string {
	what := "connection"
	switch {
	case e.Evidence.Has(event.FactMPTCP):
		what = "MPTCP subflow"
	case e.Evidence.Has(event.FactDead):
		what = "closed connection"
	}
	what += of(whose(e))
	by := destroyer(e)
	if by.name() == "" {
		return alsoLost(sentence("", fmt.Sprintf("the %s with %s was %sdestroyed from outside (ss -K, SOCK_DESTROY or a BPF program)",
			what, e.Peer, mostLikely(e))), e.Lost, true)
	}
	return alsoLost(fmt.Sprintf("%s %sdestroyed the %s with %s", by.name(), mostLikely(e), what, e.Peer), e.Lost, true)
}

// of is " of redis-server[812]", or "" for an unknown process.
func of(who actor) string {
	if who.name() == "" {
		return ""
	}
	return " of " + who.name()
}

func linger2Summary(e *event.Event) string {
	so := "so"
	if e.Certainty == event.Likely {
		so = "which is most likely why"
	}
	return fmt.Sprintf("TCP_LINGER2 is negative on this socket, %s the connection with %s that %s closed%s was reset "+
		"instead of waiting for the peer's FIN", so, e.Peer, whoClosed(e).or("the application"), when(e))
}

// whoClosed is the process in whose close the reset happens, or that closed
// before.
func whoClosed(e *event.Event) actor {
	if e.Kernel.Current.Known() {
		return caller(e)
	}
	return closer(e)
}

func orphanSummary(e *event.Event) string {
	const limits = "too many closed sockets (tcp_max_orphans) or too little TCP memory (tcp_mem)"
	who := whoClosed(e)
	atClose := e.Evidence.State == event.StateClose
	var text string
	switch {
	case who.ended != "":
		text = fmt.Sprintf("The kernel gave up the connection with %s after %s %s%s", e.Peer, who.name(), who.ended, earlier(e))
	case who.name() == "":
		text = "The kernel gave up the closed connection with " + e.Peer.String()
	case atClose:
		text = fmt.Sprintf("The kernel gave up the connection with %s as soon as %s closed it", e.Peer, who.name())
	default:
		text = fmt.Sprintf("The kernel gave up the connection with %s that %s had closed%s", e.Peer, who.name(), when(e))
	}
	return alsoLost(text+": "+limits, e.Lost, false)
}

func keepaliveSummary(e *event.Event) string {
	text := fmt.Sprintf("%s did not answer the keep-alive probes, so the kernel gave up the connection%s", e.Peer, of(whose(e)))
	return string(appendSilence([]byte(text), &e.Conn))
}

func userTimeoutSummary(e *event.Event) string {
	limit := "TCP_USER_TIMEOUT"
	if ms := e.Kernel.UserTimeoutMillis; ms > 0 {
		limit = fmt.Sprintf("TCP_USER_TIMEOUT (%s ms)", Grouped(uint64(ms)))
	}
	text := fmt.Sprintf("%s left keep-alive probes unanswered for longer than %s, so the kernel gave up the connection%s",
		e.Peer, limit, of(whose(e)))
	return string(appendSilence([]byte(text), &e.Conn))
}

func finWait2Summary(e *event.Event) string {
	return fmt.Sprintf("%s never closed its side after %s had closed%s, so the kernel stopped waiting in FIN_WAIT2",
		e.Peer, closer(e).or("this side"), when(e))
}

func mptcpCloseSummary(e *event.Event) string {
	who := caller(e)
	if who.ended != "" {
		return fmt.Sprintf("%s %s, which ended an MPTCP connection at once, so its subflow with %s was reset (MP_FASTCLOSE)",
			who.name(), who.ended, e.Peer)
	}
	text := fmt.Sprintf("%s ended an MPTCP connection at once, so its subflow with %s was reset (MP_FASTCLOSE)",
		who.or("this side"), e.Peer)
	return sentence(who.name(), text)
}

func mptcpResetSummary(e *event.Event) string {
	return fmt.Sprintf("MPTCP on this host %sgave up its subflow with %s%s", mostLikely(e), e.Peer, mptcpWhy(e))
}

// mptcpWhy puts the kernel's MPTCP reason in words: the codes of the option
// MP_TCPRST, RFC 8684 3.6.
func mptcpWhy(e *event.Event) string {
	switch e.Evidence.Reason {
	case "MPTCP_RST_EMPTCP":
		return ": its MPTCP options were missing or wrong"
	case "MPTCP_RST_ERESOURCE":
		return " for want of resources"
	case "MPTCP_RST_EPROHIBIT":
		return ": the configuration does not allow it"
	case "MPTCP_RST_EWQ2BIG":
		return ": too much data was outstanding"
	case "MPTCP_RST_EBADPERF":
		return ": it performed too badly"
	case "MPTCP_RST_EMIDDLEBOX":
		return ": a device on the way changed its data or options"
	}
	return ""
}

// rejectSummary: the chain says whose packet it was.
func rejectSummary(e *event.Event) string {
	rule := "A firewall rule"
	if chain := e.Evidence.Chain; chain != 0 {
		rule += " in " + chain.String()
	}
	switch {
	case e.Evidence.Chain == event.ChainOutput:
		return rejectedHere(e, rule)
	case e.Forwarded || e.Evidence.Chain == event.ChainForward:
		return fmt.Sprintf("%s refused %s from %s to %s with a RST in the name of %s: neither end is this machine",
			rule, packetName(e.Trigger), e.Peer, e.Local, e.Local)
	}
	return fmt.Sprintf("%s refused %s from %s to %s with a RST", rule, packetName(e.Trigger), e.Peer, e.Local)
}

// rejectedHere: the packet is this machine's own and never left it.
func rejectedHere(e *event.Event, rule string) string {
	what := packetName(e.Trigger)
	if e.Trigger.Flags&(event.SYN|event.ACK) == event.SYN {
		what = "the connection attempt"
	}
	who := whose(e)
	if who.name() == "" {
		who = caller(e)
	}
	return fmt.Sprintf("%s refused %s%s from %s to %s with a RST: nothing left this machine", rule, what, of(who), e.Local, e.Peer)
}
