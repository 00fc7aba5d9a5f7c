package cause

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// The vocabulary of the rules. Each predicate is a question to the evidence
// that a kernel developer would ask in the same words.

const shutBoth = event.FactShutRcv | event.FactShutSend

// hasFlag reports whether the packet at the hook is visible and carries flag.
func hasFlag(e event.Evidence, flag event.TCPFlags) bool {
	return e.SeesPacket() && e.Packet.Has(flag)
}

// lacksFlag reports whether the packet at the hook is visible and lacks flag.
func lacksFlag(e event.Evidence, flag event.TCPFlags) bool {
	return e.SeesPacket() && e.Packet&flag == 0
}

func stateIn(s event.State, states ...event.State) bool {
	for _, want := range states {
		if s == want {
			return true
		}
	}
	return false
}

// fullSocketIn reports whether the hook had a struct tcp_sock in state s.
func fullSocketIn(e event.Evidence, s event.State) bool {
	return e.Socket == event.SockFull && e.State == s
}

// needsReset holds the states in which tcp_disconnect and tcp_abort send a RST
// (tcp_need_reset in net/ipv4/tcp.c).
func needsReset(s event.State) bool {
	return stateIn(s, event.StateEstablished, event.StateCloseWait, event.StateFinWait1,
		event.StateFinWait2, event.StateSynRecv)
}

// beforeShutdown holds the states in which no shutdown(SHUT_WR) can have
// happened, so a socket that came from one of them with both directions shut
// was shut by close itself.
func beforeShutdown(s event.State) bool {
	return stateIn(s, event.StateEstablished, event.StateCloseWait, event.StateSynRecv)
}

// closing holds the states after our FIN and before the connection's end.
func closing(s event.State) bool {
	return stateIn(s, event.StateFinWait1, event.StateFinWait2, event.StateClosing, event.StateLastAck)
}

// mptcpReason reports whether the kernel's reason comes from MPTCP. ERROR is
// what it makes of an MPTCP code that it does not know.
func mptcpReason(e event.Evidence) bool {
	return strings.HasPrefix(e.Reason, "MPTCP_RST_") || e.Reason == "ERROR"
}

// reasonSilent reports whether the kernel named no reason: kernels before 6.10
// have none, 6.10 and 6.11 always say NOT_SPECIFIED for an active reset.
func reasonSilent(e event.Evidence) bool {
	return e.Reason == "" || e.Reason == "NOT_SPECIFIED"
}

// callerSilent reports whether the stack does not tell who led to the hook.
func callerSilent(e event.Evidence) bool {
	return e.Caller == 0 || e.Caller == event.CallerOther
}
