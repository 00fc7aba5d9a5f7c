package audit

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Equation says which events a kernel counter counts. Their source is the kernel,
// 5.4 and later. The selftest checks them on each kernel of test/vm/kernels.
type Equation struct {
	Counter string
	// Counted is how often an event counts for certain, MayCount how often more
	// it may count where the key does not decide.
	Counted, MayCount func(Key) uint64
	// WithoutEvent, if not empty, is what the kernel counts here without any RST
	// event: the counter may then be larger than the events explain.
	WithoutEvent string
	// Note says in one sentence what is compared.
	Note string
}

// Equations lists every counter that can be held against events.
var Equations = []Equation{
	{
		Counter: "TcpOutRsts",
		Counted: sentByTCP,
		Note:    "every RST that TCP decided to send; a firewall's REJECT is not counted by the kernel",
	},
	{
		Counter: "TCPAbortOnClose",
		Counted: causes(event.Sent, cause.UnreadDataOnClose),
		Note:    "close with unread data",
	},
	{
		Counter: "TCPAbortOnData",
		Counted: sumOf(
			causes(event.Sent, cause.LingerZero),
			where(fullSocket, causes(event.Sent, cause.DataAfterClose)),
			where(atHook(event.HookSendReply), causes(event.Sent, cause.Linger2Negative)),
		),
		MayCount:     causes(event.Sent, cause.DisconnectWithUnsentData),
		WithoutEvent: "abortive close of a connection that was never established",
		Note:         "SO_LINGER 0 closes and data after close, except at a TIME_WAIT mini-socket",
	},
	{
		Counter: "TCPAbortOnLinger",
		Counted: where(atHook(event.HookSendActive), causes(event.Sent, cause.Linger2Negative)),
		Note:    "close in FIN_WAIT2 with TCP_LINGER2 below zero",
	},
	{
		Counter:      "TCPAbortOnMemory",
		Counted:      causes(event.Sent, cause.OrphanLimit),
		WithoutEvent: "orphans given up without a RST",
		Note:         "too many orphans or too little memory",
	},
	{
		Counter:      "TCPAbortOnTimeout",
		Counted:      causes(event.Sent, cause.KeepaliveTimeout, cause.KeepaliveUserTimeout),
		WithoutEvent: "retransmission, zero-window and handshake timeouts, which send no RST",
		Note:         "only the keep-alive timer sends a RST",
	},
	{
		Counter: "EmbryonicRsts",
		Counted: sumOf(
			where(inState(event.StateListen), causes(event.Sent, cause.SynInHandshake)),
			causes(event.Sent, cause.AcceptQueueOverflow),
			where(requestSocket, causes(event.Received, cause.HandshakeAborted)),
		),
		Note: "handshakes ended by a RST, sent or received",
	},
	{
		Counter: "TcpAttemptFails",
		Counted: sumOf(
			causes(event.Sent, cause.SynInHandshake),
			causes(event.Received, cause.Refused, cause.HandshakeAborted),
		),
		// A Fast Open child counts twice.
		MayCount:     where(fullSocket, causes(event.Received, cause.HandshakeAborted)),
		WithoutEvent: "connection attempts that timed out",
		Note:         "handshakes that failed",
	},
	{
		Counter:      "TcpEstabResets",
		Counted:      where(inState(event.StateEstablished, event.StateCloseWait), endsConnection),
		MayCount:     where(inState(0), endsConnection),
		WithoutEvent: "established connections that timed out or were dropped without a RST",
		Note:         "connections that went from ESTABLISHED or CLOSE_WAIT straight to CLOSE",
	},
	{
		Counter:      "ListenOverflows",
		Counted:      causes(event.Sent, cause.AcceptQueueOverflow),
		WithoutEvent: "the accept queue was full and the packet was dropped, which is the default (tcp_abort_on_overflow 0)",
		Note:         "handshakes refused because the accept queue was full",
	},
}

type weight = func(Key) uint64

func sentByTCP(k Key) uint64 {
	return oneIf(k.Dir == event.Sent && k.Hook != event.HookReject && k.Cause != cause.NetfilterReject)
}

// endsConnection: a RST obeyed, or sent as the end of a live connection. A
// reply to a packet that has no connection ends none; one to data that the
// connection cannot take does, and from CLOSE_WAIT that is data behind a FIN.
func endsConnection(k Key) uint64 {
	if k.Socket != event.SockFull {
		return 0
	}
	return oneIf(k.Dir == event.Received ||
		k.Dir == event.Sent && (k.Hook == event.HookSendActive || k.Hook == event.HookSendReply && k.Cause == cause.DataAfterClose))
}

func causes(dir event.Dir, ids ...event.CauseID) weight {
	return func(k Key) uint64 {
		for _, id := range ids {
			if k.Dir == dir && k.Cause == id {
				return 1
			}
		}
		return 0
	}
}

func sumOf(weights ...weight) weight {
	return func(k Key) (total uint64) {
		for _, w := range weights {
			total += w(k)
		}
		return total
	}
}

func where(holds func(Key) bool, w weight) weight {
	return func(k Key) uint64 {
		if !holds(k) {
			return 0
		}
		return w(k)
	}
}

func fullSocket(k Key) bool    { return k.Socket == event.SockFull }
func requestSocket(k Key) bool { return k.Socket == event.SockRequest }

func atHook(hook event.Hook) func(Key) bool {
	return func(k Key) bool { return k.Hook == hook }
}

func inState(states ...event.State) func(Key) bool {
	return func(k Key) bool {
		for _, s := range states {
			if k.State == s {
				return true
			}
		}
		return false
	}
}

func oneIf(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
