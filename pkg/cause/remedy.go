package cause

import (
	"fmt"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// remedies are those of causes about which an event may know better than its
// cause does. They return "" for the usual one.
var remedies = map[event.CauseID]func(*event.Event) string{
	UnreadDataOnClose:        afterDeath,
	DisconnectWithUnsentData: afterDeath,
	LingerZero:               afterDeath,
	ListenerClosed:           afterDeath,
	MPTCPClose:               afterDeath,
	DataAfterClose:           afterClose,
	ClosedEarlier:            endedEarlier,
	SocketDestroyed:          destroyedBy,
	NetfilterReject:          rejectedBy,

	Refused:             refusedBy,
	PeerAborted:         otherEnd,
	ResetByPeer:         otherEnd,
	PeerGone:            forgotten,
	WroteAfterPeerClose: brokenPipe,
	ResetAfterPeerClose: afterPeerClose,
	ResetWhileClosing:   whileClosing,
	HandshakeAborted:    otherEnd,
	TimeWaitKilled:      killedTimeWait,
}

// otherEnd: the other end of the RST is on this host, and its event says more.
func otherEnd(e *event.Event) string {
	switch {
	case e.PeerSent.Verdict == event.PeerSentNone:
		return "Look for a rule that rejects with tcp reset, or a program that forges RSTs: no socket of this host sent it"
	case e.Kernel.OtherEndHidden:
		// Of both ports that is the service's, nearly always.
		return fmt.Sprintf("Look at the other end too: it is on this host, and --port %d shows both", min(e.Local.Port, e.Peer.Port))
	case e.PeerEvent == 0:
		return ""
	}
	return "See the event of the other end: it is on this host, and names the cause"
}

// endedEarlier names the event that ended the connection, if there was one.
// Otherwise the note says where to look.
func endedEarlier(e *event.Event) string {
	end := "#" + strconv.FormatUint(e.Earlier.Event, 10)
	switch by := e.Kernel.Closing.EndedBy; {
	case by == event.EndedByReset && e.Earlier.Event != 0 && receivedEarlier(e):
		return "Look at " + end + ", which ended the connection. The peer sent on: if it did not send that RST, something between did"
	case e.Earlier.Event != 0:
		return "Look at " + end + ", which ended the connection: this one is its echo"
	case by == event.EndedByTimeout:
		return "Find out why the peer could not be reached for so long: it did not answer, and now it sends"
	}
	return ""
}

// afterDeath: it was the process's end that closed the socket, and nothing that
// its code does about sockets.
func afterDeath(e *event.Event) string {
	signal, code := exitOf(e, e.Kernel.Current)
	return deathRemedy(signal, code)
}

// exitOf is how the process ended that did it: by a signal, or with an exit code.
func exitOf(e *event.Event, seen event.Process) (signal string, code int) {
	owner := &e.Owner
	if owner.PID != 0 && (owner.Source == event.FromCloser || owner.Source == event.FromCurrent) {
		if end := &owner.Ended; end.Signal != "" || end.ExitCode != nil {
			if end.ExitCode != nil {
				code = *end.ExitCode
			}
			return end.Signal, code
		}
		if owner.PID != seen.PID {
			return "", 0
		}
	}
	if !seen.Exiting || seen.Kernel {
		return "", 0
	}
	if number := seen.ExitStatus & 0x7f; number != 0 {
		return SignalName(number), 0
	}
	return "", int(seen.ExitStatus >> 8 & 0xff)
}

func deathRemedy(signal string, code int) string {
	switch signal {
	case "":
		if code == 0 {
			return ""
		}
		return fmt.Sprintf("Find out why the process exited with %d", code)
	case "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS":
		return "Look for the crash of the process: its log, the journal, a core dump"
	case "SIGKILL":
		return "Find out what sent SIGKILL: a person, a supervisor, or the kernel when memory ran out"
	case "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT":
		return "Find out what sent " + signal + ", and let the program finish its connections before it ends"
	case "SIGPIPE":
		return "Make the program ignore SIGPIPE: it wrote to a connection or pipe that was closed, and died of it"
	}
	return "Find out what sent " + signal + " to the process"
}

// afterClose: the peer breaks the protocol, or the close was the end of a process.
func afterClose(e *event.Event) string {
	if behindFIN(e) {
		return "Look at the peer and at what changes packets on the way: a TCP sends nothing behind its own FIN"
	}
	signal, code := exitOf(e, e.Kernel.Closer)
	return deathRemedy(signal, code)
}

func destroyedBy(e *event.Event) string {
	if e.Initiator.PID != 0 {
		return ""
	}
	return "Find out what destroys sockets here: ss -K, a VPN, a network manager, a service mesh"
}

func rejectedBy(e *event.Event) string {
	if e.Evidence.Chain != 0 {
		return ""
	}
	return "Look at the rules that reject with tcp reset"
}

// refusedBy: the event of the other end decides between the two.
func refusedBy(e *event.Event) string {
	switch e.Kernel.OtherEndCause {
	case ClosedPort:
		return "Start the service, or check on which address and in which namespace it listens"
	case NetfilterReject:
		return "Look at the rules on this host that reject with tcp reset"
	}
	if e.Kernel.PeerListens {
		return "Look at the rules on this host that reject with tcp reset, unless the service has just started"
	}
	return otherEnd(e)
}

// idleAtLeast is how long the peer must have been silent for idleness to be an
// explanation. What forgets idle connections allows them more.
const idleAtLeast = 10_000 // milliseconds

// busy reports whether something came from the peer a moment ago.
func busy(c *event.Conn) bool { return c.LastReceivedMillis > 0 && c.LastReceivedMillis < idleAtLeast }

// forgotten: a connection that was in use was not forgotten for being idle.
func forgotten(e *event.Event) string {
	if e.PeerEvent == 0 && !e.Kernel.OtherEndHidden && e.PeerSent.Verdict != event.PeerSentNone && busy(&e.Conn) {
		return "Look for a restart or failover of the peer, and for a rule or device that answers in its name"
	}
	return otherEnd(e)
}

// brokenPipe advises to ignore SIGPIPE only if it would end the program.
func brokenPipe(e *event.Event) string {
	switch e.Owner.SIGPIPE {
	case event.SignalIgnored, event.SignalCaught:
		return "Stop writing when read returns 0"
	case event.SignalDefault:
		return ""
	}
	return "Stop writing when read returns 0, and ignore SIGPIPE if the program does not do so yet"
}

func afterPeerClose(e *event.Event) string {
	if e.Lost.UnsentBytes > 0 {
		return "Read while you write: the peer closed early, and its last message may say why"
	}
	return otherEnd(e)
}

// whileClosing: harmless only if the peer had closed as well and nothing was lost. A
// peer that acknowledged everything may still have thrown it away unread.
func whileClosing(e *event.Event) string {
	bothClosed := e.State == event.StateLastAck || e.State == event.StateClosing
	switch {
	case e.PeerEvent != 0 || e.Kernel.OtherEndHidden:
		return otherEnd(e)
	case e.Lost.UnsentBytes > 0 || e.Lost.UnackedBytes > 0:
		return "Find out why the peer aborts: it did not take all that was sent"
	case bothClosed:
		return "Ignore it: both sides had closed, and the peer had acknowledged all data"
	}
	return "Find out whether the peer had read all: it aborts instead of closing"
}

// killedTimeWait: in FIN_WAIT2 the peer had not closed, and tcp_rfc1337 changes
// nothing.
func killedTimeWait(e *event.Event) string {
	switch {
	case e.Evidence.Prior != event.StateFinWait2:
		return "Ignore it: both sides had closed before, and nothing is lost"
	case e.PeerEvent != 0 || e.Kernel.OtherEndHidden:
		return otherEnd(e)
	}
	return "Find out whether the peer had read all: it aborts instead of closing"
}
