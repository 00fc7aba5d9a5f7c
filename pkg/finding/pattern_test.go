package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"
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
		e.Conn = event.Conn{Known: true, LastReceivedMillis: silence + closed, LastSentMillis: silence + closed, BytesReceived: 300, BytesAcked: 900}
		e.Earlier = event.Earlier{EndedBy: "process", AgoMillis: closed}
		e.Trigger = event.Segment{Flags: event.PSH | event.ACK, Len: 144}
	})
}

func conn(silence, age, received, acked uint64) event.Conn {
	return event.Conn{Known: true, LastReceivedMillis: silence, LastSentMillis: silence, AgeMillis: age, BytesReceived: received, BytesAcked: acked}
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
	return []incident{
		{"an idle limit of 5 s, met within 40 ms", times(5, closedIdle(5000, 40), nil), "keep-alive-race", []string{"node", "5.0 s", "40 ms", "server.keepAliveTimeout"}},
		{"the same, seen by the client alone", times(5, with(receivedBy(1, cause.WroteAfterPeerClose, "nginx"), func(e *event.Event) {
			e.Conn = event.Conn{Known: true, Role: event.Client, LastReceivedMillis: 5040, LastSentMillis: 1, PeerFinMillis: 40, BytesReceived: 900, BytesAcked: 300}
		}), nil), "keep-alive-race", []string{"198.51.100.1:8000 closed", "5.0 s", "40 ms", "nginx's keepalive_timeout in upstream"}},
		{"a server on a high port", times(5, with(closedIdle(5000, 40), func(e *event.Event) {
			e.Conn.Role, e.Local.Port, e.Peer.Port = event.Server, 50_000, 1024
		}), nil), "keep-alive-race", []string{"node"}},
		{"a client that closed first", times(5, with(closedIdle(5000, 40), func(e *event.Event) { e.Conn.Role = event.Client }), nil), "", nil},
		{"a request that met a close in full flow", times(3, closedIdle(40, 40), nil), "closed-under-request", []string{"node", "40 ms"}},
		{"a pool that looks 4 s later", times(3, closedIdle(60_000, 4000), nil), "stale-pool", []string{"4.0 s", "60.0 s"}},
		{"linger after 3 s of silence", []event.Event{linger("app", conn(3000, 9000, 10, 10))}, "idle-limit", []string{"3.0 s"}},
		{"linger after a pause of half a second", []event.Event{linger("app", conn(500, 9000, 10, 10))}, "deliberate-abort", nil},
		{"linger after silences that differ", times(9, linger("app", conn(0, 90_000, 10, 10)), func(i int, e *event.Event) {
			e.Conn.LastReceivedMillis, e.Conn.LastSentMillis = uint64(1000+3000*i), uint64(1000+3000*i)
		}), "deliberate-abort", nil},
		{"350 s of silence", times(3, gone(conn(350_400, 900_000, 10, 10)), nil), "idle-limit-between", []string{"5.8 min", "AWS Network Load Balancer"}},
		{"a pause of 5 s", []event.Event{gone(conn(5000, 9000, 10, 10))}, "", nil},
		{"a RST a moment after data", []event.Event{gone(conn(2, 9000, 10, 10))}, "reset-in-full-flow", []string{"2 ms"}},
		{"nothing was ever acknowledged", []event.Event{with(gone(conn(0, 60_000, 0, 1)), func(e *event.Event) { e.Conn.LastSentMillis, e.Conn.Retransmits = 200, 11 })}, "never-established", []string{"11 times", "accept queue"}},
		{"a body left unread", []event.Event{unread(6083, conn(1, 20, 6283, 0))}, "closed-before-read", []string{"6 083 bytes", "app"}},
		{"nothing read, nothing sent, closed at once", []event.Event{unread(83, conn(1, 3, 83, 0))}, "turned-away", []string{"limit of connections"}},
		{"nothing read, but after a second", []event.Event{unread(83, conn(900, 1000, 83, 0))}, "closed-before-read", nil},
		{"a TLS farewell", []event.Event{unread(24, conn(1, 500, 5000, 5000))}, "unread-farewell", nil},
		{"a request of 40 bytes", []event.Event{unread(40, conn(1, 500, 5040, 5000))}, "closed-before-read", nil},
		{"a port check", times(4, with(linger("haproxy", conn(0, 1, 0, 1)), asClient), nil), "port-check", []string{"every 1.0 s", "haproxy"}},
		{"a client that sent something", []event.Event{with(linger("curl", conn(5, 10, 100, 100)), asClient)}, "deliberate-abort", nil},
		{"a client that gives up after 2 s", times(5, with(unread(10, conn(100, 2000, 10, 100)), asClient), nil), "client-gave-up", []string{"2.0 s"}},
		{"a client that ends at any age", times(5, with(unread(10, conn(100, 0, 10, 100)), asClient), func(i int, e *event.Event) { e.Conn.AgeMillis = uint64(1000 + 700*i) }), "", nil},
		{"a process killed", times(3, with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) { e.Owner.Ended.Signal = "SIGKILL" }), nil), "process-died", []string{"SIGKILL", "3 connections", "27 bytes unread", "memory"}},
		{"killed by a person", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{PID: 77, Comm: "bash"}
		})}, "process-died", []string{"sent by bash[77]", "why bash killed it"}},
		{"killed for memory", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGKILL", event.Killer{Kernel: true, OOM: true}
		})}, "process-died", []string{"memory had run out", "more memory"}},
		{"a fault of its own", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) {
			e.Owner.Ended.Signal, e.Owner.KilledBy = "SIGSEGV", event.Killer{PID: 100, Comm: "app"}
		})}, "process-died", []string{"was killed by SIGSEGV and took", "crash"}},
		{"a process that failed", []event.Event{with(unread(9, conn(5, 900, 9, 0)), func(e *event.Event) { e.Owner.Ended = exitCode(3) })}, "process-died", []string{"exited with 3"}},
		{"a client that ended as it should", []event.Event{with(with(unread(9, conn(5, 900, 9, 0)), asClient), func(e *event.Event) { e.Owner.Ended = exitCode(0) })}, "client-went-away", nil},
		{"nobody listens", times(2, sentBy(1, cause.ClosedPort, ""), nil), "nothing-listens", []string{"198.51.100.1:8000"}},
		{"somebody listens on another address", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) { e.Elsewhere = endpoint("[::1]:8000") })}, "nothing-listens", []string{"[::1]:8000"}},
		{"somebody listened until it failed", []event.Event{with(sentBy(1, cause.ClosedPort, ""), func(e *event.Event) {
			e.FormerListener = event.FormerListener{AgoMillis: 22, PID: 4, Comm: "nginx", Ended: exitCode(1)}
		})}, "nothing-listens", []string{"nginx[4] listened until 22 ms before", "exited with 1", "why nginx ended"}},
		{"seven ports", times(7, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { e.Local.Port = uint16(20 + i) }), "nothing-listens", nil},
		{"a scan of twenty ports", times(20, sentBy(1, cause.ClosedPort, ""), func(i int, e *event.Event) { e.Local.Port = uint16(20 + i) }), "port-scan", []string{"20 ports", "198.51.100.10"}},
		{"a full accept queue", []event.Event{sentBy(1, cause.AcceptQueueOverflow, "app"), sentBy(2, cause.AckToListener, "app")}, "accept-queue-full", []string{"2 connections"}},
		{"how full the queue is", []event.Event{with(sentBy(1, cause.AcceptQueueOverflow, "app"), func(e *event.Event) { e.Listener = event.Listener{Known: true, Backlog: 5, Used: 6} })}, "accept-queue-full", []string{"backlog 5, 6 waiting"}},
		{"data for a listener, and no full queue", []event.Event{sentBy(1, cause.AckToListener, "app")}, "", nil},
		{"a listener that closed", times(3, sentBy(1, cause.ListenerClosed, "app"), nil), "listener-closed", []string{"3 connections"}},
		{"a rule", []event.Event{with(sentBy(1, cause.NetfilterReject, ""), func(e *event.Event) { e.Chain = "input" })}, "reject-rule", []string{"input"}},
		{"ss -K", []event.Event{with(sentBy(1, cause.SocketDestroyed, "app"), func(e *event.Event) { e.Initiator = event.ProcessRef{PID: 7, Comm: "ss"} })}, "destroyed-from-outside", []string{"ss[7]", "app"}},
		{"a keep-alive that ran out", []event.Event{with(sentBy(1, cause.KeepaliveTimeout, "app"), func(e *event.Event) { e.Conn = conn(30_000, 60_000, 1, 1) })}, "dead-peer", []string{"30.0 s"}},
		{"the orphan limit", []event.Event{sentBy(1, cause.OrphanLimit, "app")}, "orphan-limit", []string{"tcp_max_orphans"}},
		{"a connection that nobody knows", []event.Event{sentBy(1, cause.HalfOpen, "")}, "forgotten-here", nil},
		{"a bad checksum", []event.Event{with(receivedBy(1, cause.RSTBadChecksum, ""), func(e *event.Event) { e.Dir, e.App = event.Ignored, event.App{} })}, "damaged-or-forged", []string{"ethtool"}},
		{"a refused connection", []event.Event{receivedBy(1, cause.Refused, "curl")}, "refused-elsewhere", []string{"curl", "8000"}},
	}
}

// TestIncidents: each pattern is found, and what nearly looks like it is not.
func TestIncidents(t *testing.T) {
	for _, i := range incidents() {
		t.Run(i.name, func(t *testing.T) {
			c := run(t, i.events...)
			f := c.findings[len(c.findings)-1]
			for _, other := range c.findings {
				if other.Pattern == "port-scan" {
					f = other
				}
			}
			if f.Pattern != i.want {
				t.Fatalf("%q: %s\n%s", f.Pattern, f.Summary, f.Remedy)
			}
			text := f.Summary + " " + f.Remedy
			for _, want := range i.says {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in: %s", want, text)
				}
			}
			if strings.Contains(text, "%!") || f.Summary == "" || f.Remedy == "" && f.Pattern != "" {
				t.Errorf("broken text: %s", text)
			}
		})
	}
}

// TestEveryPatternHasAnIncident, and one that is nearly it is in the table above.
func TestEveryPatternHasAnIncident(t *testing.T) {
	all := incidents()
	for p := range All() {
		if p.ID == "sigpipe-death" {
			continue // see TestSIGPIPE
		}
		if !slices.ContainsFunc(all, func(i incident) bool { return i.want == p.ID }) {
			t.Errorf("no incident is %s", p.ID)
		}
	}
}

// TestSIGPIPE: a follow-up changes the diagnosis, and says whom it hurt.
func TestSIGPIPE(t *testing.T) {
	sent, received := pair(closedIdle(10, 40), with(receivedBy(2, cause.WroteAfterPeerClose, "bash"), func(e *event.Event) { e.App = event.App{Errno: "EPIPE", SIGPIPE: true} }))
	for _, fatal := range []bool{true, false} {
		c := new(collector)
		s := New(c)
		one, other := sent, received
		must(t, s.Event(&one))
		must(t, s.Event(&other))
		must(t, s.Followup(&event.Followup{Event: 2, Kind: event.GotSIGPIPE, PID: 200, Ended: fatal, Time: start}))
		f := c.last(t, 1)
		if dead := f.Pattern == "sigpipe-death"; dead != fatal {
			t.Errorf("fatal %v: %s", fatal, f.Pattern)
		}
		if fatal && !strings.Contains(f.Summary, "bash[200]") {
			t.Errorf("not named: %s", f.Summary)
		}
	}
}

// TestPatternsAreWhole: every row has all that readers get.
func TestPatternsAreWhole(t *testing.T) {
	seen := make(map[event.PatternID]bool)
	for p := range All() {
		if seen[p.ID] {
			t.Errorf("%s is there twice", p.ID)
		}
		seen[p.ID] = true
		for name, text := range map[string]string{"title": p.Title, "meaning": p.Meaning, "shows": p.Shows, "disproof": p.Disproof, "fix": strings.Join(p.Fix, ""), "sources": strings.Join(p.Sources, "")} {
			if text == "" {
				t.Errorf("%s has no %s", p.ID, name)
			}
		}
		if _, isCause := cause.Lookup(event.CauseID(p.ID)); isCause && p.ID != "listener-closed" && p.ID != "orphan-limit" {
			t.Errorf("%s is a cause, too: explain could not tell them apart", p.ID)
		}
	}
}

// TestRanks: what hurts comes first, what is harmless last.
func TestRanks(t *testing.T) {
	check := with(sentBy(1, cause.LingerZero, "haproxy"), func(e *event.Event) {
		e.Local, e.Peer = e.Peer, e.Local
		e.Conn = conn(0, 1, 0, 1)
	})
	var events []event.Event
	for i := range 5 {
		e := check
		e.ID = uint64(i + 1)
		events = append(events, e)
	}
	hurt := receivedBy(6, cause.PeerGone, "curl")
	dead := with(sentBy(7, cause.UnreadDataOnClose, "app"), func(e *event.Event) { e.Owner.Ended.Signal = "SIGSEGV" })
	c := run(t, append(events, hurt, dead)...)
	var order []string
	for _, f := range c.findings {
		if f.Phase == event.FindingTotal {
			order = append(order, fmt.Sprint(f.ID))
		}
	}
	if got := strings.Join(order, " "); got != "3 2 1" {
		t.Errorf("order %s, want 3 2 1", got)
	}
}
