package cause

import (
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// storyEvent is an event between two fixed ends, changed by each of the functions.
func storyEvent(e event.Evidence, change ...func(*event.Event)) *event.Event {
	if e.Socket == 0 {
		e.Socket = event.SockFull
	}
	ev := &event.Event{
		Evidence: e, State: e.State,
		Local: event.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 6379},
		Peer:  event.Endpoint{Addr: netip.MustParseAddr("10.0.0.9"), Port: 41234},
	}
	for _, f := range change {
		f(ev)
	}
	return ev
}

func current(p event.Process) func(*event.Event) {
	return func(e *event.Event) { e.Kernel.Current = p }
}

func closedBy(p event.Process, ago time.Duration) func(*event.Event) {
	return func(e *event.Event) { e.Kernel.Closer, e.Kernel.Closing.Ago = p, ago }
}

// howClosed is how the process of closedBy did it.
func howClosed(c event.Closing) func(*event.Event) {
	return func(e *event.Event) {
		c.Ago = e.Kernel.Closing.Ago
		e.Kernel.Closing = c
	}
}

// endedBy is how a connection ended that no process closed.
func endedBy(by event.EndedBy, ago time.Duration) func(*event.Event) {
	return func(e *event.Event) {
		e.Kernel.Closing = event.Closing{Ago: ago, From: event.StateEstablished, To: event.StateClose, EndedBy: by}
		lastSeen(ago)(e)
	}
}

// earlierEvent is the event that ended the connection; number 0: it was not shown.
func earlierEvent(number uint64, cause event.CauseID) func(*event.Event) {
	return func(e *event.Event) { e.Earlier.Event, e.Earlier.Cause = number, cause }
}

// lastSeen is how long ago that was.
func lastSeen(ago time.Duration) func(*event.Event) {
	return func(e *event.Event) { e.Earlier.AgoMillis = uint64(ago.Milliseconds()) }
}

// overIPv6 moves the event to IPv6 addresses.
func overIPv6(e *event.Event) {
	e.Evidence.Family = event.IPv6
	e.Local.Addr, e.Peer.Addr = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::9")
}

func owner(comm string, pid uint32, source event.OwnerSource) func(*event.Event) {
	return func(e *event.Event) { e.Owner = event.Owner{PID: pid, Comm: comm, Source: source} }
}

func lostBytes(unread, unsent, unacked uint32) func(*event.Event) {
	return func(e *event.Event) {
		e.Lost = event.Lost{UnreadBytes: unread, UnsentBytes: unsent, UnackedBytes: unacked}
	}
}

// silent is for how long the peer had been.
func silent(d time.Duration) func(*event.Event) {
	return func(e *event.Event) { e.Conn.LastReceivedMillis = uint64(d.Milliseconds()) }
}

func trigger(flags event.TCPFlags, length uint32) func(*event.Event) {
	return func(e *event.Event) { e.Trigger = event.Segment{Flags: flags, Len: length} }
}

var (
	redis   = event.Process{PID: 812, TID: 812, Comm: "redis-server"}
	killed  = event.Process{PID: 812, TID: 812, Comm: "redis-server", Exiting: true, ExitStatus: 9}
	exited  = event.Process{PID: 812, TID: 812, Comm: "redis-server", Exiting: true, ExitStatus: 1 << 8}
	kworker = event.Process{PID: 77, TID: 77, Comm: "kworker/0:1", Kernel: true}
	ss      = event.Process{PID: 4242, TID: 4242, Comm: "ss"}
)

// stories is every cause at least once, and every way its sentence can go.
func stories() []story {
	const (
		closed, open                   = event.StateClose, event.StateEstablished
		active, reply, receive, ignore = event.HookSendActive, event.HookSendReply, event.HookReceive, event.HookIgnore
		data                           = sp | event.FactPayload | event.FactNewData
	)
	unreadClose := event.Evidence{Hook: active, State: closed, Prior: open, Facts: inClose | unread}
	linger := event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Facts: inClose | lingerZero}
	child := event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Caller: event.CallerListenStop}
	destroyed := event.Evidence{Hook: active, State: open, Reason: "TCP_STATE", Facts: inConnect}
	late := event.Evidence{Hook: reply, Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: ack, Reason: "TCP_TIMEWAIT_SOCKET", Facts: data}
	shutdown := event.Evidence{Hook: reply, State: closed, Prior: event.StateFinWait2, Packet: ack, Reason: "TCP_ABORT_ON_DATA", Facts: data | event.FactError | event.FactHasSocket | event.FactShutRcv | event.FactShutSend}
	behind := shutdown
	behind.Prior = event.StateCloseWait
	unknown := event.Evidence{Hook: reply, Socket: event.SockNone, Packet: ack, Reason: "NO_SOCKET", Facts: data}
	remembered := event.Evidence{Hook: reply, Socket: event.SockNone, Packet: ack, Reason: "NO_SOCKET", Facts: data | event.FactRemembered}
	pipe := event.Evidence{Hook: receive, State: event.StateCloseWait, Packet: rst, Facts: sp | event.FactInFlight | event.FactPeerFIN | event.FactHasSocket}
	dropped := func(reason string, facts event.Facts) event.Evidence {
		return event.Evidence{Hook: ignore, State: open, Packet: rst, Reason: reason, Dropped: reason != "", Facts: facts}
	}
	inRequest := func(reason string, facts event.Facts) event.Evidence {
		e := dropped(reason, facts)
		e.Socket, e.State = event.SockRequest, event.StateNewSynRecv
		return e
	}
	inMini := func(prior event.State, reason string, facts event.Facts) event.Evidence {
		e := dropped(reason, facts)
		e.Socket, e.State, e.Prior = event.SockTimeWait, event.StateTimeWait, prior
		return e
	}
	unseen := func(reason string) event.Evidence {
		e := dropped(reason, sp)
		e.Socket, e.State = event.SockNone, 0
		return e
	}
	placed := func(caller event.Caller, reason string, flags event.TCPFlags, facts event.Facts) event.Evidence {
		e := unseen(reason)
		e.Caller, e.Packet, e.Facts = caller, flags, facts
		return e
	}
	numbers := func(seq, rcvNxt, window uint32) func(*event.Event) {
		return func(e *event.Event) {
			e.RST = event.Segment{Flags: rst, Seq: seq, TTL: 3}
			e.Kernel.RcvNxt, e.Kernel.Window = rcvNxt, window
		}
	}
	closedPort := event.Evidence{Hook: reply, Socket: event.SockNone, Packet: syn, Reason: "NO_SOCKET", Facts: sp}
	strayAck := event.Evidence{Hook: reply, Socket: event.SockNone, Packet: syn | ack, Reason: "NO_SOCKET", Facts: sp}
	timedOut := event.Evidence{Hook: active, State: open, Reason: "TCP_KEEPALIVE_TIMEOUT", Facts: event.FactKeepOpen | event.FactHasSocket}
	atLimit := event.Evidence{Hook: active, State: closed, Prior: event.StateFinWait1, Reason: "TCP_ABORT_ON_MEMORY", Facts: orphaned}
	outOfMemory := event.Evidence{Hook: active, State: event.StateFinWait1, Reason: "TCP_ABORT_ON_MEMORY", Facts: event.FactDead | event.FactInFlight}
	wait2 := event.Evidence{Hook: active, State: event.StateFinWait2, Reason: "TCP_STATE", Facts: event.FactDead}
	reject := func(chain event.Chain, state event.State, flags event.TCPFlags) event.Evidence {
		e := event.Evidence{Hook: event.HookReject, Socket: event.SockNone, State: state, Packet: flags, Chain: chain, Facts: sp}
		if state != 0 {
			e.Facts |= event.FactHasSocket
		}
		return e
	}
	wasReset := func(unread, linger bool) func(*event.Event) {
		return howClosed(event.Closing{From: open, To: closed, Unread: unread, LingerZero: linger})
	}
	return []story{
		{"unread, nobody known", storyEvent(unreadClose, lostBytes(1448, 0, 0))},
		{"unread, one byte", storyEvent(unreadClose, lostBytes(1, 0, 0), current(redis))},
		{"unread, current", storyEvent(unreadClose, lostBytes(1448, 0, 0), current(redis))},
		{"unread, owner", storyEvent(unreadClose, lostBytes(1448, 10, 20), current(redis), owner("redis-server", 812, event.FromCurrent))},
		{"unread, killed", storyEvent(unreadClose, lostBytes(1448, 0, 0), current(killed))},
		{"unread, killed, owner", storyEvent(unreadClose, lostBytes(1234567, 0, 0), current(killed), owner("redis-server", 812, event.FromCurrent))},
		{"unread, exited", storyEvent(unreadClose, lostBytes(7, 0, 5), current(exited))},
		{"unread, kernel worker", storyEvent(unreadClose, lostBytes(7, 0, 0), current(kworker))},
		{"unread, number unknown", storyEvent(unreadClose, current(redis))},
		{"unread, owner merely holds it", storyEvent(unreadClose, lostBytes(7, 0, 0), owner("nginx", 5, event.FromSocket))},
		{"read but queued", storyEvent(event.Evidence{Hook: active, State: closed, Prior: open, Facts: inClose}, current(redis))},
		{"linger", storyEvent(linger, current(redis))},
		{"linger, nobody known", storyEvent(linger, lostBytes(0, 4096, 0))},
		{"linger, killed", storyEvent(linger, lostBytes(0, 1, 1), current(killed))},
		{"linger, likely", storyEvent(event.Evidence{Hook: active, State: closed, Prior: event.StateFinWait2, Facts: inClose | lingerZero})},
		{"disconnect", storyEvent(event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Facts: inConnect}, lostBytes(3, 0, 0), current(redis))},
		{"disconnect with unsent data", storyEvent(event.Evidence{Hook: active, State: closed, Prior: event.StateLastAck, Caller: event.CallerStreamConnect, Facts: inClose | event.FactUnsent}, lostBytes(0, 5000, 0), current(redis))},
		{"dropped with unsent data, nobody known", storyEvent(event.Evidence{Hook: active, State: closed, Prior: event.StateLastAck, Caller: event.CallerTCPClose, Facts: inClose | event.FactUnsent})},
		{"listener closed", storyEvent(child, current(redis))},
		{"listener's process killed", storyEvent(child, current(killed))},
		{"listener closed, nobody known", storyEvent(child)},
		{"listener destroyed by another", storyEvent(child, func(e *event.Event) {
			e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 4242, Comm: "ss"}}
		}, owner("redis-server", 812, event.FromListener))},
		{"listener destroyed", storyEvent(event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Caller: event.CallerListenAbort}, current(ss))},
		{"destroyed", storyEvent(destroyed, lostBytes(0, 0, 100), current(ss))},
		{"destroyed, victim known", storyEvent(destroyed, current(ss), owner("redis-server", 812, event.FromSocket))},
		{"destroyed, nobody known", storyEvent(destroyed)},
		{"destroyed, by and victim", storyEvent(destroyed, func(e *event.Event) {
			e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 4242, Comm: "ss"}}
		}, owner("redis-server", 812, event.FromSocket), overIPv6)},
		{"destroyed after the peer's FIN", storyEvent(event.Evidence{Hook: active, State: event.StateCloseWait, Facts: inConnect | event.FactPeerFIN}, current(ss))},
		{"destroyed orphan", storyEvent(event.Evidence{Hook: active, State: event.StateFinWait1, Reason: "TCP_STATE", Facts: orphaned}, current(ss), lostBytes(0, 0, 1))},
		{"MPTCP subflow given up, likely", storyEvent(event.Evidence{Hook: active, State: open, Facts: inConnect | event.FactMPTCP})},
		{"destroyed MPTCP subflow, by caller", storyEvent(event.Evidence{Hook: active, State: open, Caller: event.CallerAbort, Facts: inConnect | event.FactMPTCP}, current(ss))},
		{"destroyed MPTCP subflow", storyEvent(event.Evidence{Hook: active, State: open, Reason: "TCP_STATE", Facts: inConnect | event.FactMPTCP}, current(ss))},
		{"linger2, at the ACK of the FIN", storyEvent(event.Evidence{Hook: reply, State: closed, Prior: event.StateFinWait1, Packet: ack, Reason: "TCP_ABORT_ON_DATA", Facts: sp | event.FactDead | event.FactLinger2Negative})},
		{"linger2, at the ACK of the FIN, closer known", storyEvent(event.Evidence{Hook: reply, State: closed, Prior: event.StateFinWait1, Packet: ack, Facts: sp | event.FactDead | event.FactLinger2Negative}, closedBy(redis, time.Millisecond))},
		{"linger2, at close", storyEvent(event.Evidence{Hook: active, State: closed, Prior: event.StateFinWait2, Reason: "TCP_ABORT_ON_LINGER", Facts: orphaned | event.FactLinger2Negative}, current(redis))},
		{"linger2, likely", storyEvent(event.Evidence{Hook: active, State: closed, Facts: orphaned | event.FactLinger2Negative}, current(redis))},
		{"orphan limit", storyEvent(atLimit, lostBytes(0, 10, 20))},
		{"orphan limit, at close", storyEvent(atLimit, current(redis))},
		{"orphan limit, at the end of the process", storyEvent(atLimit, current(killed))},
		{"orphan limit, in a timer", storyEvent(outOfMemory, closedBy(redis, 3*time.Second), lostBytes(0, 0, 1))},
		{"keep-alive", storyEvent(timedOut)},
		{"keep-alive, owner", storyEvent(timedOut, owner("redis-server", 812, event.FromSocket), overIPv6)},
		{"keep-alive, after the default time", storyEvent(timedOut, owner("redis-server", 812, event.FromSocket), silent(2*time.Hour+11*time.Minute+15*time.Second))},
		{"keep-alive, after days", storyEvent(timedOut, silent(77*time.Hour))},
		{"keep-alive in CLOSE_WAIT", storyEvent(event.Evidence{Hook: active, State: event.StateCloseWait, Facts: event.FactKeepOpen | event.FactHasSocket | event.FactPeerFIN})},
		{"user timeout", storyEvent(event.Evidence{Hook: active, State: open, Reason: "TCP_KEEPALIVE_TIMEOUT", Facts: event.FactKeepOpen | event.FactUserTimeout | event.FactHasSocket}, func(e *event.Event) { e.Kernel.UserTimeoutMillis = 20000 }, owner("redis-server", 812, event.FromSocket))},
		{"user timeout, number unknown", storyEvent(event.Evidence{Hook: active, State: open, Facts: event.FactKeepOpen | event.FactUserTimeout | event.FactHasSocket})},
		{"FIN_WAIT2 timer", storyEvent(wait2)},
		{"FIN_WAIT2 timer, closer known", storyEvent(wait2, closedBy(redis, 61*time.Second))},
		{"closed port", storyEvent(closedPort, trigger(syn, 0))},
		{"closed port, former listener", storyEvent(closedPort, trigger(syn, 0), closedBy(redis, 12*time.Second), howClosed(event.Closing{From: event.StateListen, To: closed}))},
		{"closed port, former listener killed", storyEvent(closedPort, closedBy(killed, 12*time.Second), howClosed(event.Closing{From: event.StateListen, To: closed}), overIPv6)},
		{"closed port, listener closed by a kernel worker", storyEvent(closedPort, closedBy(kworker, 12*time.Second), howClosed(event.Closing{From: event.StateListen, To: closed}))},
		{"closed port, when is not known", storyEvent(closedPort, closedBy(redis, 0))},
		{"closed port, flow remembered", storyEvent(closedPort, closedBy(redis, 2*time.Minute), howClosed(event.Closing{From: open, To: event.StateFinWait1}))},
		{"half-open, data", storyEvent(unknown, trigger(ack, 47))},
		{"half-open, one byte", storyEvent(unknown, trigger(ack, 1))},
		{"half-open, FIN", storyEvent(unknown, trigger(ack|event.FIN, 0))},
		{"half-open, ACK", storyEvent(unknown, trigger(ack, 0))},
		{"closed earlier", storyEvent(remembered, trigger(ack, 47), closedBy(redis, 3*time.Second), howClosed(event.Closing{From: open, To: event.StateFinWait1}))},
		{"closed earlier, owner", storyEvent(remembered, trigger(ack, 1), closedBy(redis, 3*time.Second), owner("redis-server", 812, event.FromCloser), overIPv6)},
		{"closed earlier with unread data", storyEvent(remembered, trigger(ack, 47), closedBy(redis, time.Second), wasReset(true, false))},
		{"closed earlier with SO_LINGER", storyEvent(remembered, trigger(ack|event.FIN, 0), closedBy(redis, time.Second), wasReset(false, true))},
		{"closed earlier, unread data at shutdown says nothing", storyEvent(remembered, trigger(ack, 47), closedBy(redis, time.Second), howClosed(event.Closing{From: open, To: event.StateFinWait1, Unread: true, LingerZero: true}))},
		{"ended earlier by somebody", storyEvent(remembered, trigger(ack, 47), closedBy(ss, time.Second), wasReset(false, false))},
		{"ended earlier in FIN_WAIT2", storyEvent(remembered, trigger(ack, 47), closedBy(redis, time.Second), howClosed(event.Closing{From: event.StateFinWait2, To: closed}))},
		{"closed earlier, killed", storyEvent(remembered, trigger(ack, 47), closedBy(killed, 350*time.Millisecond), howClosed(event.Closing{From: open, To: event.StateFinWait1}))},
		{"closed earlier, killed with unread data", storyEvent(remembered, trigger(ack, 47), closedBy(killed, 350*time.Millisecond), wasReset(true, false))},
		{"closed earlier, exited", storyEvent(remembered, trigger(ack, 47), closedBy(exited, 8*time.Minute))},
		{"closed earlier, closer unknown", storyEvent(remembered, trigger(ack, 47))},
		{"ended earlier by a RST", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByReset, 100*time.Millisecond), earlierEvent(12, PeerGone))},
		{"ended earlier by a RST that was not shown", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByReset, 100*time.Millisecond), earlierEvent(0, PeerGone))},
		{"ended earlier by a RST in the owner's call", storyEvent(remembered, trigger(ack, 47), closedBy(redis, 0), endedBy(event.EndedByReset, 100*time.Millisecond))},
		{"ended earlier by data", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByReset, 100*time.Millisecond), earlierEvent(12, DataAfterClose))},
		{"ended earlier by keep-alive", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByTimeout, 3*time.Second), earlierEvent(12, KeepaliveTimeout))},
		{"ended earlier by keep-alive's limit", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByTimeout, 3*time.Second), earlierEvent(12, KeepaliveUserTimeout))},
		{"timed out earlier", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByTimeout, 3*time.Second))},
		{"ended earlier with its listener", storyEvent(remembered, trigger(ack, 47), endedBy(event.EndedByProcess, 3*time.Second), earlierEvent(12, ListenerClosed))},
		{"destroyed earlier", storyEvent(remembered, trigger(ack, 47), closedBy(ss, 0), endedBy(event.EndedByProcess, 3*time.Second), earlierEvent(12, SocketDestroyed))},
		{"closed earlier, and its event is known", storyEvent(remembered, trigger(ack, 47), closedBy(redis, time.Second), wasReset(false, true), earlierEvent(12, LingerZero), lastSeen(time.Second))},
		{"closed earlier, and its rest was reset", storyEvent(remembered, trigger(ack, 47), closedBy(redis, 5*time.Second), howClosed(event.Closing{From: open, To: event.StateFinWait1}), earlierEvent(12, ResetWhileClosing), lastSeen(time.Second))},
		{"closed port, of a connection that was reset", storyEvent(closedPort, endedBy(event.EndedByReset, 2*time.Minute))},
		{"stray SYN-ACK, of a connection that timed out", storyEvent(strayAck, endedBy(event.EndedByTimeout, 2*time.Minute))},
		{"closed earlier, closed by a kernel worker", storyEvent(remembered, trigger(ack, 47), closedBy(kworker, time.Second))},
		{"data after close, closer known", storyEvent(late, trigger(ack, 47), closedBy(redis, 12*time.Millisecond))},
		{"data after close, closer as owner", storyEvent(late, trigger(ack, 47), closedBy(redis, 90*time.Second), owner("redis-server", 812, event.FromCloser))},
		{"data after the process was killed", storyEvent(late, trigger(ack, 1), closedBy(killed, 200*time.Microsecond))},
		{"data after close, closer unknown", storyEvent(late, trigger(ack, 47))},
		{"FIN after close", storyEvent(late, trigger(ack|event.FIN, 0))},
		{"data after shutdown", storyEvent(shutdown, trigger(ack, 47))},
		{"data behind a FIN", storyEvent(behind, trigger(ack, 6), owner("redis-server", 812, event.FromSocket))},
		{"data after shutdown, holder known", storyEvent(shutdown, trigger(ack, 47), owner("redis-server", 812, event.FromSocket))},
		{"SYN in FIN_WAIT2", storyEvent(event.Evidence{Hook: reply, Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: syn, Reason: "TCP_TIMEWAIT_SOCKET", Facts: sp})},
		{"SYN in FIN_WAIT2, closer known", storyEvent(event.Evidence{Hook: reply, Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: syn, Facts: sp}, closedBy(redis, 3*time.Second))},
		{"ACK to a listener", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: ack, Reason: "TCP_FLAGS", Facts: sp})},
		{"stray SYN-ACK", storyEvent(strayAck)},
		{"stray SYN-ACK, flow remembered", storyEvent(strayAck, closedBy(redis, 2*time.Second))},
		{"stray SYN-ACK, its process exited", storyEvent(strayAck, closedBy(exited, 2*time.Second))},
		{"stray SYN-ACK, given up", storyEvent(strayAck, closedBy(redis, 2*time.Second), howClosed(event.Closing{From: event.StateSynSent, To: closed}))},
		{"stray SYN-ACK, killed while connecting", storyEvent(strayAck, closedBy(killed, 2*time.Second), howClosed(event.Closing{From: event.StateSynSent, To: closed}))},
		{"second SYN", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: syn, Reason: "INVALID_SYN", Facts: sp})},
		{"overflow", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: ack, Reason: "INVALID_SYN", Facts: sp | event.FactQueueFull})},
		{"overflow, likely", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: ack, Facts: sp | event.FactQueueFull})},
		{"bad ACK in SYN_SENT", storyEvent(event.Evidence{Hook: reply, State: event.StateSynSent, Packet: syn | ack, Facts: sp}, trigger(syn|ack, 0))},
		{"bad timestamp in SYN_SENT", storyEvent(event.Evidence{Hook: reply, State: event.StateSynSent, Packet: syn | ack, Facts: sp | event.FactAckInRange})},
		{"bad ACK in SYN_RECV", storyEvent(event.Evidence{Hook: reply, State: event.StateSynRecv, Packet: ack, Facts: sp})},
		{"MPTCP close", storyEvent(event.Evidence{Hook: active, State: open, Reason: "TCP_ABORT_ON_CLOSE", Facts: event.FactMPTCP | event.FactOwned}, current(redis))},
		{"MPTCP close, killed", storyEvent(event.Evidence{Hook: active, State: open, Facts: event.FactMPTCP | event.FactOwned | event.FactFastClose}, current(killed))},
		{"MPTCP close, nobody known", storyEvent(event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Facts: event.FactMPTCP | event.FactFastClose})},
		{"MPTCP child of a listener", storyEvent(event.Evidence{Hook: active, State: closed, Prior: open, Reason: "TCP_STATE", Facts: event.FactMPTCP})},
		{"MPTCP join, reason unknown", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: syn, Facts: sp | event.FactMPJoin})},
		{"MPTCP join", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: syn, Reason: "MPTCP_RST_EPROHIBIT", Facts: sp | event.FactMPJoin})},
		{"MPTCP reset", storyEvent(event.Evidence{Hook: active, State: open, Reason: "MPTCP_RST_EMPTCP", Facts: event.FactMPTCP})},
		{"MPTCP reset, middlebox", storyEvent(event.Evidence{Hook: active, State: closed, Reason: "MPTCP_RST_EMIDDLEBOX", Facts: event.FactMPTCP})},
		{"MPTCP reset, resources", storyEvent(event.Evidence{Hook: active, State: open, Reason: "MPTCP_RST_ERESOURCE", Facts: event.FactMPTCP})},
		{"MPTCP reset, backlog of data", storyEvent(event.Evidence{Hook: active, State: open, Reason: "MPTCP_RST_EWQ2BIG", Facts: event.FactMPTCP})},
		{"MPTCP reset, performance", storyEvent(event.Evidence{Hook: active, State: open, Reason: "MPTCP_RST_EBADPERF", Facts: event.FactMPTCP})},
		{"MPTCP reset, unnamed", storyEvent(event.Evidence{Hook: active, State: open, Reason: "ERROR", Facts: event.FactMPTCP})},
		{"firewall, input", storyEvent(reject(event.ChainInput, 0, syn), trigger(syn, 0))},
		{"firewall, input, IPv6", storyEvent(reject(event.ChainInput, 0, ack), trigger(ack, 1), overIPv6)},
		{"firewall, forward", storyEvent(reject(event.ChainForward, 0, ack), trigger(ack, 512), func(e *event.Event) { e.Forwarded = true })},
		{"firewall, output, connect", storyEvent(reject(event.ChainOutput, event.StateSynSent, syn), trigger(syn, 0), owner("curl", 99, event.FromCurrent))},
		{"firewall, output, connect, owner unknown", storyEvent(reject(event.ChainOutput, event.StateSynSent, syn), trigger(syn, 0))},
		{"firewall, output, data", storyEvent(reject(event.ChainOutput, open, ack), trigger(ack, 1), current(redis))},
		{"firewall, output, after the peer's FIN", storyEvent(reject(event.ChainOutput, event.StateCloseWait, ack), trigger(ack, 20), owner("redis-server", 812, event.FromSocket))},
		{"firewall, output, half-closed", storyEvent(reject(event.ChainOutput, event.StateFinWait1, ack), trigger(ack|event.FIN, 0))},
		{"firewall, output, no socket", storyEvent(reject(event.ChainOutput, 0, syn|ack), trigger(syn|ack, 0))},
		{"firewall, prerouting", storyEvent(reject(event.ChainPrerouting, 0, syn), trigger(syn, 0))},
		{"firewall, chain unknown", storyEvent(reject(0, 0, syn), trigger(syn, 0))},
		{"refused", storyEvent(event.Evidence{Hook: receive, State: event.StateSynSent, Packet: rst | ack, Facts: sp | event.FactHasSocket})},
		{"refused, owner", storyEvent(event.Evidence{Hook: receive, State: event.StateSynSent, Packet: rst | ack, Facts: sp | event.FactHasSocket}, owner("curl", 99, event.FromConnector))},
		{"peer aborted", storyEvent(event.Evidence{Hook: receive, State: open, Packet: rst | ack, Facts: sp | event.FactWindow | event.FactHasSocket}, lostBytes(99, 0, 1448))},
		{"peer aborted, likely", storyEvent(event.Evidence{Hook: receive, State: open, Facts: event.FactTSNegotiated | event.FactTSSeen | event.FactHasSocket})},
		{"peer gone after the idle limit of a NAT gateway", storyEvent(event.Evidence{Hook: receive, State: open, Packet: rst, Facts: sp | event.FactHasSocket}, lostBytes(0, 0, 1448), silent(351*time.Second))},
		{"peer gone at once", storyEvent(event.Evidence{Hook: receive, State: open, Packet: rst, Facts: sp | event.FactHasSocket}, silent(999*time.Millisecond))},
		{"peer gone", storyEvent(event.Evidence{Hook: receive, State: open, Packet: rst, Facts: sp | event.FactHasSocket}, lostBytes(0, 10, 1448))},
		{"reset by peer, an MPTCP subflow", storyEvent(event.Evidence{Hook: receive, State: open, Facts: event.FactHasSocket | event.FactMPTCP})},
		{"reset by peer", storyEvent(event.Evidence{Hook: receive, State: open, Facts: event.FactHasSocket})},
		{"broken pipe", storyEvent(pipe, lostBytes(0, 0, 5))},
		{"broken pipe, owner", storyEvent(pipe, lostBytes(0, 0, 1), owner("rsync", 7, event.FromSocket))},
		{"reset after peer close", storyEvent(event.Evidence{Hook: receive, State: event.StateCloseWait, Packet: rst | ack, Facts: sp | event.FactPeerFIN | event.FactHasSocket})},
		{"reset while closing, closed", storyEvent(event.Evidence{Hook: receive, State: event.StateFinWait1, Packet: rst, Facts: sp | event.FactDead}, closedBy(redis, time.Second), lostBytes(0, 0, 10))},
		{"reset while closing, open", storyEvent(event.Evidence{Hook: receive, State: event.StateFinWait2, Packet: rst, Facts: sp | event.FactHasSocket})},
		{"reset in LAST_ACK, open", storyEvent(event.Evidence{Hook: receive, State: event.StateLastAck, Packet: rst, Facts: sp | event.FactHasSocket | event.FactPeerFIN})},
		{"handshake aborted", storyEvent(event.Evidence{Hook: receive, Socket: event.SockRequest, State: event.StateNewSynRecv, Packet: rst, Facts: sp})},
		{"Fast Open child, accepted", storyEvent(event.Evidence{Hook: receive, State: event.StateSynRecv, Packet: rst, Facts: sp | event.FactFastOpen | event.FactHasSocket})},
		{"simultaneous open", storyEvent(event.Evidence{Hook: receive, State: event.StateSynRecv, Packet: rst, Facts: sp | event.FactHasSocket})},
		{"TIME_WAIT killed", storyEvent(event.Evidence{Hook: receive, Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateTimeWait, Packet: rst, Facts: sp}, closedBy(redis, 7*time.Minute))},
		{"FIN_WAIT2 killed", storyEvent(event.Evidence{Hook: receive, Socket: event.SockTimeWait, State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: rst, Facts: sp}, closedBy(redis, 3*time.Hour))},
		{"challenged", storyEvent(dropped("TCP_RESET", seqInside), numbers(2042, 1000, 65535))},
		{"challenged, by one, over IPv6", storyEvent(dropped("TCP_RESET", seqInside), numbers(0, 4294967295, 1), overIPv6)},
		{"challenged, before rcv_nxt", storyEvent(dropped("TCP_RESET", seqOld), numbers(988, 1000, 65535))},
		{"challenged, window was wider", storyEvent(dropped("TCP_RESET", seqBeyond), numbers(2000, 1000, 500))},
		{"challenged, numbers unknown", storyEvent(unseen("TCP_RESET"))},
		{"challenged, rcv_nxt is 0", storyEvent(dropped("TCP_RESET", seqInside), numbers(7, 0, 8))},
		{"out of window", storyEvent(dropped("TCP_INVALID_SEQUENCE", seqBeyond), numbers(10001000, 1000, 64240))},
		{"out of window, payload", storyEvent(dropped("TCP_INVALID_END_SEQUENCE", seqExact), numbers(1000, 1000, 50), func(e *event.Event) { e.RST.Len = 100 })},
		{"out of window, numbers unknown", storyEvent(unseen("TCP_INVALID_SEQUENCE"))},
		{"old", storyEvent(dropped("TCP_OLD_SEQUENCE", seqOld), numbers(500, 1000, 65535))},
		{"old, before 6.6", storyEvent(dropped("TCP_INVALID_SEQUENCE", seqOld), numbers(999, 1000, 65535))},
		{"old, likely", storyEvent(dropped("", seqOld), numbers(500, 1000, 65535))},
		{"old, numbers unknown", storyEvent(unseen("TCP_OLD_SEQUENCE"))},
		{"no connection", storyEvent(event.Evidence{Hook: reply, Socket: event.SockNone, Packet: rst, Facts: sp})},
		{"no connection, remembered", storyEvent(unseen("NO_SOCKET"), closedBy(redis, 12*time.Millisecond))},
		{"no connection, its process killed", storyEvent(unseen("NO_SOCKET"), closedBy(killed, 12*time.Millisecond), wasReset(true, false))},
		{"no connection, ended by somebody", storyEvent(unseen("NO_SOCKET"), closedBy(ss, 12*time.Millisecond), wasReset(false, false))},
		{"RST to a listener", storyEvent(event.Evidence{Hook: reply, State: event.StateListen, Packet: rst, Reason: "TCP_FLAGS", Facts: sp})},
		{"RST to a listener, dropped", storyEvent(event.Evidence{Hook: ignore, State: event.StateListen, Packet: rst, Reason: "TCP_RESET", Dropped: true, Facts: sp}, overIPv6)},
		{"RST in SYN_SENT", storyEvent(event.Evidence{Hook: ignore, State: event.StateSynSent, Packet: rst, Reason: "TCP_RESET", Dropped: true, Facts: sp})},
		{"RST in SYN_SENT, bad ACK", storyEvent(event.Evidence{Hook: reply, State: event.StateSynSent, Packet: rst | ack, Facts: sp})},
		{"handshake, challenged", storyEvent(inRequest("NOT_SPECIFIED", seqInside), numbers(1010, 1000, 64240))},
		{"handshake, challenged, numbers unknown", storyEvent(inRequest("NOT_SPECIFIED", seqInside))},
		{"RST to a listener, socket unseen", storyEvent(placed(event.CallerRcvStateProcess, "TCP_RESET", rst, listened))},
		{"RST in SYN_SENT, socket unseen", storyEvent(placed(event.CallerRcvStateProcess, "TCP_RESET", rst, sp))},
		{"RST in SYN_SENT, with ACK, socket unseen", storyEvent(placed(event.CallerDoRcv, "NOT_SPECIFIED", rst|ack, sp))},
		{"challenged, socket unseen", storyEvent(placed(event.CallerValidateIncoming, "TCP_RESET", rst, sp))},
		{"unacceptable, old or beyond", storyEvent(placed(event.CallerValidateIncoming, "TCP_INVALID_SEQUENCE", rst, sp))},
		{"beyond the window, socket unseen", storyEvent(placed(event.CallerValidateIncoming, "TCP_INVALID_SEQUENCE", rst, seqOutside))},
		{"unacceptable, place unseen", storyEvent(unseen("TCP_RESET"))},
		{"handshake, only the listener known, no challenges", storyEvent(event.Evidence{Hook: ignore, Socket: event.SockRequest, State: event.StateListen, Packet: rst, Reason: "NOT_SPECIFIED", Dropped: true, Facts: seqOutside})},
		{"handshake, only the listener known", storyEvent(event.Evidence{Hook: ignore, Socket: event.SockRequest, State: event.StateListen, Packet: rst, Reason: "NOT_SPECIFIED", Dropped: true, Facts: sp})},
		{"handshake, beyond the window", storyEvent(inRequest("TCP_OVERWINDOW", seqBeyond), numbers(100001000, 1000, 64240))},
		{"handshake, old", storyEvent(inRequest("", seqOld), numbers(1, 2, 64240))},
		{"handshake, numbers unknown", storyEvent(inRequest("TCP_OVERWINDOW", sp))},
		{"handshake, old timestamp", storyEvent(inRequest("TCP_RFC7323_PAWS", seqExact), numbers(1000, 1000, 64240))},
		{"handshake, wrong echo", storyEvent(inRequest("TCP_RFC7323_TSECR", seqExact))},
		{"handshake, exact but kept", storyEvent(inRequest("NOT_SPECIFIED", seqExact), numbers(1000, 1000, 64240))},
		{"TIME_WAIT, protected", storyEvent(inMini(event.StateTimeWait, "NOT_SPECIFIED", seqExact), numbers(1000, 1000, 500))},
		{"TIME_WAIT, inside the window", storyEvent(inMini(event.StateTimeWait, "NOT_SPECIFIED", seqInside), numbers(1001, 1000, 500))},
		{"TIME_WAIT, old timestamp", storyEvent(inMini(event.StateTimeWait, "TCP_RFC7323_TW_PAWS", seqExact))},
		{"TIME_WAIT, numbers unknown", storyEvent(inMini(event.StateTimeWait, "", seqBeyond))},
		{"FIN_WAIT2, beyond the window", storyEvent(inMini(event.StateFinWait2, "NOT_SPECIFIED", seqBeyond), numbers(9000, 1000, 500))},
		{"FIN_WAIT2, before the window", storyEvent(inMini(event.StateFinWait2, "NOT_SPECIFIED", seqOld), numbers(1000, 9000, 500))},
		{"FIN_WAIT2, exact but kept", storyEvent(inMini(event.StateFinWait2, "NOT_SPECIFIED", seqExact), numbers(1000, 1000, 500))},
		{"bad checksum", storyEvent(unseen("TCP_CSUM"))},
		{"TTL too low", storyEvent(dropped("TCP_MINTTL", sp), numbers(1, 1, 1))},
		{"hop limit too low, not seen", storyEvent(dropped("TCP_MINTTL", sp), overIPv6)},
		{"no MD5", storyEvent(dropped("TCP_MD5NOTFOUND", sp))},
		{"unwanted MD5", storyEvent(dropped("TCP_MD5UNEXPECTED", sp))},
		{"wrong MD5", storyEvent(dropped("TCP_MD5FAILURE", sp))},
		{"no AO", storyEvent(dropped("TCP_AONOTFOUND", sp))},
		{"unwanted AO", storyEvent(dropped("TCP_AOUNEXPECTED", sp))},
		{"unknown AO key", storyEvent(dropped("TCP_AOKEYNOTFOUND", sp))},
		{"wrong AO", storyEvent(dropped("TCP_AOFAILURE", sp))},
		{"malformed options", storyEvent(dropped("TCP_AUTH_HDR", sp))},
		{"unclassified, sent", storyEvent(event.Evidence{Hook: active, State: open})},
		{"unclassified, received", storyEvent(event.Evidence{Hook: receive, State: event.StateListen, Packet: rst, Facts: sp})},
		{"unclassified, ignored", storyEvent(dropped("NOT_SPECIFIED", seqExact))},
	}
}

type story struct {
	name string
	e    *event.Event
}
