package finding

import (
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// incident is some resets, and the diagnosis that they are due.
type incident struct {
	name   string
	events []event.Event
	want   event.PatternID // "" where none may be given
	says   []string        // what the texts must contain
}

// times repeats an event with other numbers, a second apart.
func times(n int, e event.Event, change func(i int, e *event.Event)) (events []event.Event) {
	for i := range n {
		one := *e.Clone()
		one.ID = uint64(i + 1)
		client := &one.Peer
		if one.Local.Port > one.Peer.Port {
			client = &one.Local
		}
		client.Port += uint16(i)
		one.Time = start.Add(time.Duration(i) * time.Second)
		if change != nil {
			change(i, &one)
		}
		events = append(events, one)
	}
	return events
}

func with(e event.Event, change func(e *event.Event)) event.Event {
	change(&e)
	return e
}

// closedIdle is a server that closed after a silence, and a client that wrote after the
// close. Times are in milliseconds.
func closedIdle(silence, closed uint64) event.Event {
	return with(sentBy(1, cause.DataAfterClose, "node"), func(e *event.Event) {
		e.Conn = event.Conn{Known: true, Role: event.Server, LastReceivedMillis: 1, LastSentMillis: silence + closed, BytesReceived: 300, BytesAcked: 900}
		e.Earlier = event.Earlier{EndedBy: "process", AgoMillis: closed}
		e.Trigger = event.Segment{Flags: event.PSH | event.ACK, Len: 144}
	})
}

func conn(silence, age, received, acked uint64) event.Conn {
	return event.Conn{Known: true, LastReceivedMillis: silence, LastSentMillis: silence, AgeMillis: age, BytesReceived: received, BytesAcked: acked}
}

// atOnce repeats an event every millisecond.
func atOnce(n int, e event.Event) []event.Event {
	return times(n, e, func(i int, e *event.Event) { e.Time = start.Add(time.Duration(i) * time.Millisecond) })
}

// tooLate is a client that closed after a second, a second before the answer came.
func tooLate(id uint64) event.Event {
	return with(sentBy(id, cause.DataAfterClose, "curl"), func(e *event.Event) {
		e.Local, e.Peer = e.Peer, e.Local
		e.State, e.Conn = event.StateFinWait2, event.Conn{Known: true, Role: event.Client, AgeMillis: 2004, BytesAcked: 80}
		e.Earlier, e.Trigger.Len = event.Earlier{EndedBy: "process", AgoMillis: 1004, IdleBeforeMillis: 1000}, 92
	})
}

// atAddress gives this host another address each time.
func atAddress(i int, e *event.Event) { e.Local.Addr = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}) }

// twoOf adds the other end of an event, a process with the same name.
func twoOf(comm string, e event.Event) []event.Event {
	e.Owner.Comm = comm
	a, b := pair(e, receivedBy(2, cause.WroteAfterPeerClose, comm))
	return []event.Event{a, b}
}

func orphaned(o event.Orphans) event.Event {
	o.Known = true
	return with(sentBy(1, cause.OrphanLimit, "app"), func(e *event.Event) { e.Orphans = o })
}

func exitCode(n int) event.Ended { return event.Ended{ExitCode: &n} }

func incidents() []incident {
	unread := func(bytes uint32, c event.Conn) event.Event {
		return with(sentBy(1, cause.UnreadDataOnClose, "app"), func(e *event.Event) { e.Lost.UnreadBytes, e.Conn = bytes, c })
	}
	linger := func(comm string, c event.Conn) event.Event {
		return with(sentBy(1, cause.LingerZero, comm), func(e *event.Event) { e.Conn = c })
	}
	asClient := func(e *event.Event) { e.Local, e.Peer = e.Peer, e.Local }
	gone := func(c event.Conn) event.Event {
		return with(receivedBy(1, cause.PeerGone, "curl"), func(e *event.Event) { e.Conn = c })
	}
	behind, front := proxied()
	return []incident{
		{"a proxy whose server failed", []event.Event{behind, front}, "passed-on", []string{"proxy[200]", "3 ms", "198.51.100.1:8000", "#1"}},
		{"an idle limit of 5 s, met within 40 ms", times(5, closedIdle(5000, 40), nil), "keep-alive-race", []string{"node", "5.0 s", "40 ms", "server.keepAliveTimeout"}},
		{"the same, seen by the client alone", times(5, with(receivedBy(1, cause.WroteAfterPeerClose, "nginx"), func(e *event.Event) {
			one := uint32(1)
			e.Conn = event.Conn{Known: true, Role: event.Client, LastReceivedMillis: 40, LastSentMillis: 1, PeerFinMillis: 40, BytesReceived: 900, BytesAcked: 300, SegmentsUnacked: &one}
		}), nil), "closed-under-request", []string{"198.51.100.1:8000 closed", "40 ms", "an idle limit"}},
		{"and how long it was silent", times(5, with(receivedBy(1, cause.WroteAfterPeerClose, "nginx"), func(e *event.Event) {
			e.Conn = event.Conn{Known: true, Role: event.Client, LastReceivedMillis: 40, LastSentMillis: 1, PeerFinMillis: 40, IdleBeforePeerFinMillis: 5000, BytesReceived: 900, BytesAcked: 300}
		}), nil), "keep-alive-race", []string{"198.51.100.1:8000 closed", "5.0 s", "40 ms", "nginx's keepalive_timeout in upstream"}},
		{"a close of which only the note is left", times(5, with(sentBy(1, cause.ClosedEarlier, "node"), func(e *event.Event) {
			e.Conn = event.Conn{Role: event.Server}
			e.Earlier, e.Trigger.Len = event.Earlier{EndedBy: "process", AgoMillis: 40, IdleBeforeMillis: 5000}, 144
		}), nil), "keep-alive-race", []string{"node", "5.0 s", "40 ms"}},
		{"one close after a silence", []event.Event{closedIdle(2700, 44)}, "keep-alive-race", []string{"2.7 s", "Find out whether an idle limit closed it"}},
		{"closes after silences that differ", times(9, closedIdle(5000, 40), func(i int, e *event.Event) { e.Conn.LastSentMillis = uint64(2000 + 4000*i) }), "closed-under-request", nil},
		{"a server on a high port", times(5, with(closedIdle(5000, 40), func(e *event.Event) {
			e.Conn.Role, e.Local.Port, e.Peer.Port = event.Server, 50_000, 1024
		}), nil), "keep-alive-race", []string{"node"}},
		{"a client that closed first", times(5, with(closedIdle(5000, 40), func(e *event.Event) { e.Conn.Role = event.Client }), nil), "client-closed-early", []string{"144 bytes of", "40 ms later"}},
		{"a request that met a close in full flow", times(3, closedIdle(40, 40), nil), "closed-under-request", []string{"node", "40 ms"}},
		{"a pool that looks 4 s later", times(3, closedIdle(60_000, 4000), nil), "stale-pool", []string{"4.0 s", "60.0 s"}},
		{"a proxy and its server of one name", twoOf("nginx", closedIdle(5000, 40)), "keep-alive-race", []string{"nginx[100] (server) closed", "nginx[200] (client) sent the next request"}},
		{"linger after 3 s of silence", []event.Event{linger("app", conn(3000, 9000, 10, 10))}, "idle-limit", []string{"3.0 s"}},
		{"linger after a pause of half a second", []event.Event{linger("app", conn(500, 9000, 10, 10))}, "deliberate-abort", nil},
		{"linger after silences that differ", times(9, linger("app", conn(0, 90_000, 10, 10)), func(i int, e *event.Event) {
			e.Conn.LastReceivedMillis, e.Conn.LastSentMillis = uint64(1000+3000*i), uint64(1000+3000*i)
		}), "deliberate-abort", nil},
		{"350 s of silence", times(3, gone(conn(350_400, 900_000, 10, 10)), nil), "idle-limit-between", []string{"5.8 min", "AWS Network Load Balancer"}},
		{"a pause of 5 s", []event.Event{gone(conn(5000, 9000, 10, 10))}, "", nil},
		{"a request after 11 s", []event.Event{gone(event.Conn{Known: true, LastReceivedMillis: 11_000, LastSentMillis: 1, AgeMillis: 12_000, BytesReceived: 10, BytesAcked: 10})}, "idle-limit-between", []string{"11.0 s"}},
		{"a RST a moment after data", []event.Event{gone(conn(2, 9000, 10, 10))}, "reset-in-full-flow", []string{"2 ms"}},
		{"a RST that no socket sent", times(3, with(gone(conn(2, 9000, 10, 10)), func(e *event.Event) {
			e.PeerSent = event.PeerSent{Verdict: event.PeerSentNone, Because: "each RST is seen", Suspects: []string{event.SuspectRule, event.SuspectForger}}
		}), nil), "sent-by-no-socket", []string{"no socket of this host sent", "3 connections", "each RST is seen", "a rule that rejects", "forges"}},
		{"a RST of an end that a filter hides", []event.Event{with(gone(conn(2, 9000, 10, 10)), func(e *event.Event) {
			e.PeerSent = event.PeerSent{Verdict: event.PeerSentHidden, Because: "the filter shows one end only"}
		})}, "reset-in-full-flow", []string{"on this host", "--port 8000 alone shows both"}},
		{"a silent end that a filter hides", []event.Event{with(gone(conn(60_000, 90_000, 10, 10)), func(e *event.Event) {
			e.PeerSent = event.PeerSent{Verdict: event.PeerSentHidden, Because: "the filter shows one end only"}
		})}, "idle-limit-between", []string{"--port 8000 alone shows both"}},
		{"a RST of an end that may have been missed", []event.Event{with(gone(conn(2, 9000, 10, 10)), func(e *event.Event) {
			e.PeerSent = event.PeerSent{Verdict: event.PeerSentNotSeen, Because: "3 events were lost"}
		})}, "reset-in-full-flow", []string{"it is on this host, and what it did may be missing here (3 events were lost)"}},
		{"a RST of a peer that sent on", []event.Event{gone(conn(2, 9000, 10, 10)), with(sentBy(2, cause.ClosedEarlier, "curl"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Earlier, e.Trigger.Len = event.Earlier{Event: 1, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 202}, 27
			e.Time = start.Add(202 * time.Millisecond)
		})}, "reset-in-full-flow", []string{"sent on 202 ms later", "a rule or a device between", "the peer did not send it"}},
		{"a RST of a peer whose data was on its way", []event.Event{gone(conn(2, 9000, 10, 10)), with(sentBy(2, cause.ClosedEarlier, "curl"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Earlier, e.Trigger.Len = event.Earlier{Event: 1, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 2}, 27
		})}, "reset-in-full-flow", []string{"run rsttrace at 198.51.100.1"}},
		{"a RST in an upload", []event.Event{gone(conn(2, 9000, 0, 1_000_000))}, "reset-in-full-flow", []string{"2 ms"}},
		{"nothing was ever acknowledged", []event.Event{with(gone(conn(0, 60_000, 0, 1)), func(e *event.Event) { e.Conn.LastSentMillis, e.Conn.Retransmits = 200, 11 })}, "never-established", []string{"11 times", "accept queue"}},
		{"a body left unread", []event.Event{unread(6083, conn(1, 20, 6283, 0))}, "closed-before-read", []string{"6 083 bytes", "app"}},
		{"nothing read, nothing sent, closed at once", []event.Event{unread(83, conn(1, 3, 83, 0))}, "turned-away", []string{"limit of connections"}},
		{"a full memcached, which says so", times(3, with(unread(12, conn(1, 3, 12, 0)), func(e *event.Event) { e.Owner.Comm, e.Lost.UnackedBytes = "memcached", 34 }), nil),
			"turned-away", []string{"memcached[100] accepted connections", "(3 times), after a line of 34 bytes", "memcached's -c (1024 by default)"}},
		{"a full sshd, whose line was delivered", []event.Event{with(sentBy(1, cause.DataAfterClose, "sshd"), func(e *event.Event) {
			e.State, e.Conn = event.StateFinWait2, event.Conn{Known: true, Role: event.Server, AgeMillis: 3, BytesAcked: 23}
			e.Earlier, e.Trigger.Len = event.Earlier{EndedBy: "process", AgoMillis: 2}, 40
		})}, "turned-away", []string{"a line of 22 bytes", "MaxStartups"}},
		{"a full sshd elsewhere", times(3, with(receivedBy(1, cause.WroteAfterPeerClose, "ssh"), func(e *event.Event) {
			e.Peer.Port, e.Conn = 22, event.Conn{Known: true, Role: event.Client, AgeMillis: 5, PeerFinMillis: 2, BytesReceived: 23, BytesAcked: 1}
		}), nil), "turned-away", []string{"198.51.100.1 accepted connections on 198.51.100.1:22", "(3 times), after a line of 22 bytes", "sshd's MaxStartups"}},
		{"a server of another port elsewhere", times(3, with(receivedBy(1, cause.WroteAfterPeerClose, "curl"), func(e *event.Event) {
			e.Conn = event.Conn{Known: true, Role: event.Client, AgeMillis: 5, PeerFinMillis: 2, BytesReceived: 23, BytesAcked: 1}
		}), nil), "", nil},
		{"a full sshd whose closed socket has no numbers", func() []event.Event {
			sent := with(sentBy(1, cause.DataAfterClose, "sshd"), func(e *event.Event) {
				e.Conn.Role, e.Earlier, e.Trigger.Len = event.Server, event.Earlier{EndedBy: "process", AgoMillis: 2}, 40
			})
			a, b := pair(sent, with(receivedBy(2, cause.WroteAfterPeerClose, "ssh"), func(e *event.Event) {
				e.Conn = event.Conn{Known: true, Role: event.Client, AgeMillis: 5, PeerFinMillis: 2, BytesReceived: 23, BytesAcked: 1}
			}))
			return []event.Event{a, b}
		}(), "turned-away", []string{"sshd[100] accepted a connection", "a line of 22 bytes", "MaxStartups"}},
		{"an answer without a look at the request", times(3, with(unread(83, conn(1, 3, 83, 0)), func(e *event.Event) { e.Owner.Comm, e.Lost.UnackedBytes = "nc", 34 }), nil),
			"closed-before-read", []string{"83 bytes", "its 34 bytes say", "They may say that nc takes no more connections"}},
		{"a page without a look at the request", []event.Event{with(unread(83, conn(1, 3, 83, 0)), func(e *event.Event) { e.Owner.Comm, e.Lost.UnackedBytes = "nginx", 3400 })}, "closed-before-read", nil},
		{"a memcached that answered first", []event.Event{with(unread(12, conn(1, 3, 112, 35)), func(e *event.Event) { e.Owner.Comm = "memcached" })}, "closed-before-read", nil},
		{"a memcached that closes later", []event.Event{with(unread(12, conn(1, 1300, 12, 0)), func(e *event.Event) { e.Owner.Comm, e.Lost.UnackedBytes = "memcached", 34 })}, "closed-before-read", nil},
		{"nothing read, but after a second", []event.Event{unread(83, conn(900, 1000, 83, 0))}, "closed-before-read", nil},
		{"nothing read for 3 s, and closed", []event.Event{unread(3000, conn(3000, 3010, 3000, 0))}, "closed-before-read", []string{"3 000 bytes"}},
		{"a TLS farewell", []event.Event{unread(24, conn(1, 500, 5000, 5000))}, "unread-farewell", nil},
		{"a TLS farewell that came too late", times(3, with(closedIdle(5000, 1), func(e *event.Event) { e.Trigger.Len = 24 }), nil), "unread-farewell", []string{"24 bytes", "came after node[100] had closed"}},
		{"QUIT to a database", []event.Event{with(unread(5, conn(1, 500, 5000, 5000)), func(e *event.Event) { e.Local.Port, e.State = 3306, event.StateCloseWait })}, "unread-farewell", nil},
		{"PING to a database", []event.Event{with(unread(5, conn(1, 500, 5000, 5000)), func(e *event.Event) { e.Local.Port, e.State = 3306, event.StateEstablished })}, "closed-before-read", nil},
		{"PING of a pool that met a close", times(3, with(closedIdle(5000, 400), func(e *event.Event) { e.Local.Port, e.Trigger.Len = 6379, 6 }), nil), "stale-pool", []string{"400 ms"}},
		{"QUIT that met a close", times(3, with(closedIdle(5000, 400), func(e *event.Event) {
			e.Local.Port, e.Trigger.Len, e.Trigger.Flags = 6379, 6, event.PSH|event.ACK|event.FIN
		}), nil), "unread-farewell", nil},
		{"Terminate of PostgreSQL", []event.Event{with(unread(5, conn(1, 500, 5000, 5000)), func(e *event.Event) { e.Local.Port = 5432 })}, "unread-farewell", nil},
		{"24 bytes of which no TLS was before", []event.Event{unread(24, conn(1, 500, 90, 90))}, "closed-before-read", nil},
		{"24 bytes on a port of TLS", []event.Event{with(unread(24, conn(1, 500, 90, 90)), func(e *event.Event) { e.Local.Port = 443 })}, "unread-farewell", nil},
		{"five bytes to something else", []event.Event{unread(5, conn(1, 500, 5000, 5000))}, "closed-before-read", nil},
		{"a request of 40 bytes", []event.Event{unread(40, conn(1, 500, 5040, 5000))}, "closed-before-read", nil},
		{"a request after many answers", []event.Event{unread(40, conn(1, 500, 5040, 50_000))}, "closed-under-request", []string{"had answered before, and left the next 40 bytes", "Find out why app[100] closed"}},
		{"the rest of an upload", []event.Event{unread(2000, conn(1, 500, 59_000_000, 348))}, "closed-before-read", nil},
		{"a server that reloads", atOnce(6, with(unread(39, conn(1, 500, 5538, 2_000_000)), func(e *event.Event) { e.Owner.Comm = "nginx" })), "closed-under-request", []string{"nginx[100] closed connections", "39 bytes", "(6 times), all within 5 ms", "a reload, a restart or a stop of nginx"}},
		{"a port check", times(4, with(linger("haproxy", conn(0, 1, 0, 1)), asClient), nil), "port-check", []string{"every 1.0 s", "haproxy"}},
		{"a port check that a server greets", times(3, with(sentBy(1, cause.DataAfterClose, "nc"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn, e.Earlier, e.Trigger.Len = event.Conn{Known: true, Role: event.Client, AgeMillis: 3, BytesAcked: 1}, event.Earlier{EndedBy: "process", AgoMillis: 2}, 21
		}), nil), "port-check", []string{"nc[100] connected"}},
		{"the same, seen by the server", []event.Event{with(receivedBy(1, cause.WroteAfterPeerClose, "sshd"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn = event.Conn{Known: true, Role: event.Server, AgeMillis: 3, PeerFinMillis: 2, BytesReceived: 1}
		})}, "port-check", []string{"198.51.100.10 connected"}},
		{"a client that left before the answer", []event.Event{with(receivedBy(1, cause.WroteAfterPeerClose, "app"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn = event.Conn{Known: true, Role: event.Server, AgeMillis: 3, PeerFinMillis: 2, BytesReceived: 100}
		})}, "", nil},
		{"an abort of an age that is not known", []event.Event{with(linger("haproxy", conn(0, 0, 0, 1)), asClient)}, "deliberate-abort", nil},
		{"a client that sent something", []event.Event{with(linger("curl", conn(5, 10, 100, 100)), asClient)}, "deliberate-abort", nil},
		{"a client that gives up after 2 s", times(5, with(unread(10, conn(100, 2000, 10, 100)), asClient), nil), "client-gave-up", []string{"2.0 s"}},
		{"a client that ends at any age", times(5, with(unread(10, conn(100, 0, 10, 100)), asClient), func(i int, e *event.Event) { e.Conn.AgeMillis = uint64(1000 + 700*i) }), "client-closed-early", []string{"2.4 s (1.0 s to 3.8 s)", "10 bytes of the answer unread", "app's time limit"}},
		{"an answer that came too late", []event.Event{tooLate(1)}, "client-closed-early", []string{"after 1.0 s", "92 bytes of", "came 1.0 s later", "takes longer than 1.0 s, or raise curl's --max-time"}},
		{"a limit of a second that began before the connection", []event.Event{with(tooLate(1), func(e *event.Event) { e.Earlier.AgoMillis += 40 })}, "client-closed-early", []string{"takes longer than 960 ms, or raise curl's --max-time"}},
		{"answers that came too late", times(3, tooLate(1), nil), "client-gave-up", []string{"1.0 s", "92 bytes", "curl's --max-time"}},
		{"a process killed", times(3, with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) { e.Owner.Ended.Signal = "SIGKILL" }), nil), "process-died", []string{"SIGKILL", "3 connections", "27 bytes unread", "memory"}},
		{"killed by a tool", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{PID: 7, Comm: "kill"}
		})}, "process-died", []string{"sent by kill[7]", "Find out who ran kill"}},
		{"killed after a time limit", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{PID: 1, Comm: "systemd"}
		})}, "process-died", []string{"sent by systemd[1]", "TimeoutStopSec"}},
		{"a listener that forgot a connection", func() []event.Event {
			sent := with(sentBy(1, cause.AckToListener, "app"), func(e *event.Event) {
				e.Trigger, e.Listener = event.Segment{Flags: event.PSH | event.ACK, Len: 8}, event.Listener{Known: true, Backlog: 5}
			})
			a, b := pair(sent, with(receivedBy(2, cause.PeerGone, "curl"), func(e *event.Event) { e.Conn = conn(10, 1500, 0, 50) }))
			return []event.Event{a, b}
		}(), "forgotten-here", []string{"curl[200] sent to 198.51.100.1:8000", "app[100] listens there now", "connected for 1.5 s"}},
		{"the same for a client elsewhere", []event.Event{with(sentBy(1, cause.AckToListener, "app"), func(e *event.Event) {
			e.Trigger, e.Listener = event.Segment{Flags: event.PSH | event.ACK, Len: 8}, event.Listener{Known: true, Backlog: 5}
		})}, "forgotten-here", []string{"198.51.100.10 sent to", "app[100] listens there now"}},
		{"an ACK without data", []event.Event{with(sentBy(1, cause.AckToListener, "app"), func(e *event.Event) {
			e.Listener = event.Listener{Known: true, Backlog: 5}
		})}, "", nil},
		{"killed by a person", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{PID: 77, Comm: "bash"}
		})}, "process-died", []string{"sent by bash[77]", "what made bash[77] send the signal"}},
		{"killed for memory", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{Kernel: true, OOM: true}
		})}, "process-died", []string{"memory had run out", "more memory"}},
		{"a fault of its own", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGSEGV", event.Killer{PID: 100, Comm: "app"}
		})}, "process-died", []string{"was killed by SIGSEGV, and 1 connection ended with it", "crash"}},
		{"a process that failed", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) { e.Owner.Ended = exitCode(3) })}, "process-died", []string{"exited with 3"}},
		{"a client that ended as it should", []event.Event{with(with(unread(9, conn(5, 900, 9, 0)), asClient), func(e *event.Event) { e.Owner.Ended = exitCode(0) })}, "client-went-away", nil},
		{"a server that paused, and its clients gave up", times(4, with(receivedBy(1, cause.WroteAfterPeerClose, "app"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn = event.Conn{Known: true, Role: event.Server, LastReceivedMillis: 1, LastSentMillis: 1, BytesReceived: 100}
		}), func(i int, e *event.Event) {
			e.Time, e.Conn.PeerFinMillis = start.Add(time.Duration(i)*time.Millisecond), uint64(1000+2000*i)
		}), "process-paused", []string{"app[200] did nothing on 4 connections for at least 7.0 s", "within 3 ms", "docker pause"}},
		{"clients that gave up at the same time", times(4, with(receivedBy(1, cause.WroteAfterPeerClose, "app"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn = event.Conn{Known: true, Role: event.Server, PeerFinMillis: 3000}
		}), func(i int, e *event.Event) { e.Time = start.Add(time.Duration(i) * time.Millisecond) }), "", nil},
		{"clients that gave up, and a server that answers one after the other", times(4, with(receivedBy(1, cause.WroteAfterPeerClose, "app"), func(e *event.Event) {
			e.Local, e.Peer = e.Peer, e.Local
			e.Conn = event.Conn{Known: true, Role: event.Server}
		}), func(i int, e *event.Event) { e.Conn.PeerFinMillis = uint64(1000 + 2000*i) }), "", nil},
		{"requests that lay unread", times(4, unread(83, event.Conn{Known: true, Role: event.Server, LastSentMillis: 12_000, BytesReceived: 500, BytesAcked: 500}), func(i int, e *event.Event) {
			e.Time, e.Conn.LastReceivedMillis = start.Add(time.Duration(i)*time.Millisecond), uint64(9000-1000*i)
		}), "process-paused", []string{"app[100] did nothing on 4 connections for at least 9.0 s"}},
		{"requests that came just now", times(4, unread(83, event.Conn{Known: true, Role: event.Server, LastReceivedMillis: 20, LastSentMillis: 12_000, BytesReceived: 500, BytesAcked: 500}), func(i int, e *event.Event) {
			e.Time = start.Add(time.Duration(i) * time.Millisecond)
		}), "closed-before-read", nil},
		{"nobody listens", times(2, sentBy(1, cause.ClosedPort, ""), nil), "nothing-listens", []string{"198.51.100.1:8000"}},
		{"somebody listens on another address", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) { e.Elsewhere.Endpoint = endpoint("198.51.100.2:8000") })}, "nothing-listens", []string{"but a process listens on 198.51.100.2:8000", "Let the service listen on 198.51.100.1 too, or let the client use 198.51.100.2:8000"}},
		{"a known process listens on another address", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) {
			e.Local, e.Peer = endpoint("127.0.0.1:8000"), endpoint("127.0.0.1:40000")
			e.Elsewhere = event.Elsewhere{Endpoint: endpoint("[::1]:8000"), PID: 123, Comm: "python3"}
		})}, "nothing-listens", []string{"but python3[123] listens on [::1]:8000", "Let python3 listen on 127.0.0.1 too, or let the client use [::1]:8000"}},
		{"somebody listens on a loopback address, and the client is elsewhere", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) {
			e.Elsewhere = event.Elsewhere{Endpoint: endpoint("127.0.0.1:8000"), PID: 7, Comm: "nginx"}
		})}, "nothing-listens", []string{"nginx[7] listens on 127.0.0.1:8000, for clients on the same host", "Let nginx listen on 198.51.100.1 too, if other hosts"}},
		{"somebody listened until it failed", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) {
			e.FormerListener = event.FormerListener{AgoMillis: 22, PID: 4, Comm: "nginx", Ended: exitCode(1)}
		})}, "nothing-listens", []string{"nginx[4] listened until 22 ms before", "exited with 1", "why nginx ended"}},
		{"seven ports", times(7, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { e.Local.Port = uint16(20 + i) }), "nothing-listens", nil},
		{"connections of this host that it has forgotten", times(20, with(sentBy(1, cause.HalfOpen, ""), func(e *event.Event) { e.Local.Port, e.Peer.Port = 40_000, 443 }), func(i int, e *event.Event) {
			e.Local.Port, e.Peer.Port = uint16(40_000+i), 443
		}), "forgotten-here", nil},
		{"a scan of a port at twenty addresses", times(20, sentBy(1, cause.ClosedPort, ""), atAddress), "port-scan", []string{"198.51.100.10 tried port 8000 at 20 addresses of this host"}},
		{"seven addresses", times(70, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { atAddress(i%7, e) }), "nothing-listens", nil},
		{"ten servers that are down, tried again and again", times(40, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { atAddress(i%10, e) }), "nothing-listens", []string{"tried port 8000 at 10 addresses, and nothing listens there (40 times)"}},
		{"checks of a port at twenty addresses", times(20, with(receivedBy(1, cause.HandshakeAborted, ""), asClient), atAddress), "", nil},
		{"a program that twenty addresses refuse", times(20, receivedBy(1, cause.Refused, "nmap"), func(i int, e *event.Event) {
			e.Peer.Addr = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		}), "many-refuse", []string{"nmap[200] tried port 8000 at 20 addresses, and all refused", "Find out what nmap does: a scan?"}},
		{"a program that twenty ports refuse", times(20, receivedBy(1, cause.Refused, "nmap"), func(i int, e *event.Event) { e.Peer.Port = uint16(20 + i) }), "many-refuse", []string{"nmap[200] tried 20 ports, and"}},
		{"a client that tries ten servers again and again", times(50, receivedBy(1, cause.Refused, "curl"), func(i int, e *event.Event) {
			e.Peer.Addr = netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 10)})
		}), "many-refuse", []string{"(50 times)", "Start these servers"}},
		{"a client of which seven servers refuse", times(7, receivedBy(1, cause.Refused, "curl"), func(i int, e *event.Event) {
			e.Peer.Addr = netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		}), "refused-elsewhere", nil},
		{"a scan of twenty ports", times(20, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { e.Local.Port = uint16(20 + i) }), "port-scan", []string{"20 ports", "198.51.100.10"}},
		{"a full accept queue", []event.Event{sentBy(1, cause.AcceptQueueOverflow, "app"), sentBy(2, cause.AckToListener, "app")}, "accept-queue-full", []string{"2 connections"}},
		{"how full the queue is", []event.Event{with(sentBy(1, cause.AcceptQueueOverflow, "app"), func(e *event.Event) { e.Listener = event.Listener{Known: true, Backlog: 5, Used: 6} })}, "accept-queue-full", []string{"backlog 5, 6 waiting"}},
		{"data for a listener whose queue is full", []event.Event{with(sentBy(1, cause.AckToListener, "app"), func(e *event.Event) { e.Listener = event.Listener{Known: true, Backlog: 2, Used: 3} })}, "accept-queue-full", []string{"backlog 2, 3 waiting"}},
		{"data of a client that was never taken", func() []event.Event {
			a, b := pair(sentBy(1, cause.AckToListener, "app"), with(receivedBy(2, cause.PeerGone, "curl"), func(e *event.Event) {
				e.Conn = event.Conn{Known: true, Role: event.Client, BytesAcked: 1, Retransmits: 9}
			}))
			return []event.Event{a, b}
		}(), "accept-queue-full", []string{"app[100] on 198.51.100.1:8000"}},
		{"data for a listener, and a queue with room", []event.Event{with(sentBy(1, cause.AckToListener, "app"), func(e *event.Event) { e.Listener = event.Listener{Known: true, Backlog: 2, Used: 2} })}, "", nil},
		{"data for a listener, and no full queue", []event.Event{sentBy(1, cause.AckToListener, "app")}, "", nil},
		{"a listener that closed", times(3, sentBy(1, cause.ListenerClosed, "app"), nil), "listener-closed", []string{"3 connections"}},
		{"a listener that closed, and others go on", times(3, with(sentBy(1, cause.ListenerClosed, "app"), func(e *event.Event) {
			e.StillListening = event.StillListening{Known: true, Sockets: 3}
		}), nil), "listener-closed", []string{"3 connections waited", "the port stays open: 3 other sockets listen there", "Set net.ipv4.tcp_migrate_req to 1"}},
		{"a listener that closed, and nobody goes on", []event.Event{with(sentBy(1, cause.ListenerClosed, "app"), func(e *event.Event) {
			e.StillListening = event.StillListening{Known: true}
		})}, "listener-closed", []string{"while 1 connection waited to be accepted Accept what waits"}},
		{"a worker that was killed, and others go on", []event.Event{with(sentBy(1, cause.ListenerClosed, "app"), func(e *event.Event) {
			e.Owner.Ended.Signal, e.StillListening = "SIGKILL", event.StillListening{Known: true, Sockets: 1}
		})}, "process-died", []string{"not yet accepted; the port stays open: another socket listens there"}},
		{"a rule", []event.Event{with(sentBy(1, cause.NetfilterReject, ""), func(e *event.Event) { e.Chain = "input" })}, "reject-rule", []string{"input"}},
		{"ss -K", []event.Event{with(sentBy(1, cause.SocketDestroyed, "app"), func(e *event.Event) { e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 7, Comm: "ss"}} })}, "destroyed-from-outside", []string{"ss[7]", "app"}},
		{"ss -K, started by cron", []event.Event{with(sentBy(1, cause.SocketDestroyed, "app"), func(e *event.Event) {
			e.Initiator = event.Initiator{ProcessRef: event.ProcessRef{PID: 7, Comm: "ss"}, Cmdline: "ss -K dst 10.0.0.1", Parent: event.ProcessRef{PID: 5, Comm: "cron"}}
		})}, "destroyed-from-outside", []string{"ss[7] (ss -K dst 10.0.0.1, started by cron[5]) destroyed", "why cron[5] runs ss"}},
		{"a keep-alive that ran out", []event.Event{with(sentBy(1, cause.KeepaliveTimeout, "app"), func(e *event.Event) { e.Conn = conn(30_000, 60_000, 1, 1) })}, "dead-peer", []string{"30.0 s"}},
		{"the orphan limit", []event.Event{sentBy(1, cause.OrphanLimit, "app")}, "orphan-limit", []string{"tcp_max_orphans"}},
		{"the orphan limit with its numbers", []event.Event{orphaned(event.Orphans{Limit: 8192, Open: 4097, Memory: 218, MemoryLimit: 575_796})}, "orphan-limit",
			[]string{"4 097 orphans of 8 192", "218 pages of 575 796", "Raise net.ipv4.tcp_max_orphans above 8192"}},
		{"too little memory", []event.Event{orphaned(event.Orphans{Limit: 8192, Open: 12, Memory: 900, MemoryLimit: 900})}, "orphan-limit", []string{"Raise net.ipv4.tcp_mem, which is used up"}},
		{"a limit that is not reached any more", []event.Event{orphaned(event.Orphans{Limit: 8192, Open: 12, Memory: 1, MemoryLimit: 900})}, "orphan-limit", []string{"neither limit was reached a moment later"}},
		{"a connection that nobody knows", []event.Event{sentBy(1, cause.HalfOpen, "")}, "forgotten-here", nil},
		{"a bad checksum", []event.Event{with(receivedBy(1, cause.RSTBadChecksum, ""), func(e *event.Event) { e.Dir, e.App = event.Ignored, event.App{} })}, "damaged-or-forged", []string{"ethtool"}},
		{"a refused connection", []event.Event{receivedBy(1, cause.Refused, "curl")}, "refused-elsewhere", []string{"curl", "8000"}},
	}
}
