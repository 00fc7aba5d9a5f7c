package finding

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// listeners are about ports: nobody listens, the queue is full, the listener ended.
var listeners = []*pattern{
	{
		Pattern: Pattern{
			ID: "port-scan", Title: "One address tries many ports or addresses",
			Causes:   attempts,
			Meaning:  "One peer sent packets to at least 8 different ports of this host within a minute, or to a port at 8 different addresses of it.",
			Shows:    "The number of ports and addresses that one peer tried. It tried each of the addresses 3 times or less: a client whose servers are down would go on.",
			Disproof: "A monitoring system is known to try these ports.",
			Fix:      []string{"Nothing, if the peer may do that. Otherwise a rule that drops it."},
			Sources:  []string{"RFC 9293 section 3.10.7.1"},
		},
		applies: func(g *group) bool { return g.key.class == byScan && (g.ports.n >= scanPlaces || g.rarely()) },
		say: func(g *group) string {
			who := g.key.client.network.Addr().String()
			if name := g.victim(g.key.client.comm); name != "" {
				who = name + " at " + who
			}
			return fmt.Sprintf("%s tried %s of this host%s", who, g.placesText(), g.soFar())
		},
		advice: func(*group) string {
			return "Nothing to do, if the peer may look at this host; otherwise a firewall rule that drops its packets"
		},
		harmless: func(*group) bool { return true },
	},
	{
		Pattern: Pattern{
			ID: "many-refuse", Title: "A program of this host tried many others, and all refused",
			Causes:   attempts,
			Meaning:  "A program of this host tried at least 8 different addresses or ports within a minute, and all refused it. A scanner does so, and so does a client whose servers are all down.",
			Shows:    "The number of addresses and ports that refused one program.",
			Disproof: "Nothing: each of them sent a RST. What the program is meant to do only its owner knows.",
			Fix:      []string{"Find out what the program is for. A program that nobody knows and that scans others is a sign of a break-in.", "If it is a client, start its servers, or correct its list of them."},
			Sources:  []string{"RFC 9293 section 3.10.7.1"},
		},
		applies: func(g *group) bool { return g.key.class == byTries },
		say: func(g *group) string {
			text := fmt.Sprintf("%s tried %s%s, and all refused", g.victim(g.key.client.comm), g.placesText(), g.soFar())
			if !g.rarely() {
				text += g.times()
			}
			return text
		},
		advice: func(g *group) string {
			if g.rarely() {
				return "Find out what " + g.key.client.comm + " does: a scan? If it is a client, correct its list of servers, or start them"
			}
			return "Start these servers, or correct the list that " + g.key.client.comm + " has: it tries them again and again"
		},
	},
	{
		Pattern: Pattern{
			ID: "accept-queue-full", Title: "The accept queue is full",
			Causes:   causeIDs{cause.AcceptQueueOverflow, cause.AckToListener},
			Meaning:  "The listener accepts connections more slowly than they come. The kernel answers with a RST because tcp_abort_on_overflow is 1, or because data came for a connection that was dropped.",
			Shows:    "The kernel's own reason at the listener.",
			Disproof: "ss -ltn shows Recv-Q far below Send-Q for the listener during the incident.",
			Fix:      []string{"Accept faster: more workers, or less work in the thread that accepts.", "A larger backlog of listen, and net.core.somaxconn at least as large, only for short peaks."},
			Sources:  []string{"tcp_v4_syn_recv_sock, tcp_check_req in net/ipv4", "ip-sysctl: tcp_abort_on_overflow, somaxconn"},
		},
		applies: func(g *group) bool {
			return g.key.class == byQueue && (g.causes.has(cause.AcceptQueueOverflow) || g.queueIsFull() || g.neverTaken())
		},
		say: func(g *group) string {
			text := fmt.Sprintf("the accept queue of %s on %s was full", g.actor("the listener"), g.first.Local)
			if l := &g.first.Listener; l.Known {
				text += fmt.Sprintf(" (backlog %d, %d waiting)", l.Backlog, l.Used)
			}
			if g.causes.has(cause.AcceptQueueOverflow) {
				text += ", and tcp_abort_on_overflow is 1"
			}
			return text + fmt.Sprintf(": %s %s refused", connections(g.resets), g.oneOf("was", "were"))
		},
		advice: func(g *group) string {
			return "Let " + g.actor("the program") + " accept faster; for short peaks raise " + setting(&g.first.Owner, queueLimit) + " and net.core.somaxconn"
		},
		because: func(g *group) []string {
			switch {
			case g.causes.has(cause.AcceptQueueOverflow):
				return nil
			case g.queueIsFull():
				return []string{"more connections wait than the backlog allows, and data came for one that is not among them"}
			}
			return []string{"its client had sent again and again, and only the SYN was acknowledged"}
		},
	},
	{
		Pattern: Pattern{
			ID: "listener-closed", Title: "A listener was closed with connections waiting",
			Causes:   causeIDs{cause.ListenerClosed},
			Meaning:  "The listener was closed while connections waited to be accepted. The kernel reset each of them.",
			Shows:    "inet_csk_listen_stop sends these RSTs, and nothing else does.",
			Disproof: "Nothing: the kernel function is proof.",
			Fix:      []string{"Accept what waits before closing.", "Pass the listener on: reload instead of restart, socket activation, or net.ipv4.tcp_migrate_req with SO_REUSEPORT."},
			Sources:  []string{"inet_csk_listen_stop in net/ipv4/inet_connection_sock.c", "ip-sysctl: tcp_migrate_req"},
		},
		applies: func(g *group) bool { return g.first.Initiator.PID == 0 },
		say: func(g *group) string {
			return fmt.Sprintf("%s closed its listener on %s while %s waited to be accepted", g.actor("the application"), g.first.Local, connections(g.resets)) + g.stillText()
		},
		advice: func(g *group) string {
			if g.listening.Sockets > 0 {
				return "Set net.ipv4.tcp_migrate_req to 1 (Linux 5.14 and later): with SO_REUSEPORT the kernel then hands what waits to the other listeners. Or accept what waits before closing"
			}
			return "Accept what waits before closing, or pass the listener on: reload instead of restart, socket activation, tcp_migrate_req with SO_REUSEPORT"
		},
	},
	{
		Pattern: Pattern{
			ID: "nothing-listens", Title: "Nothing listens on the port",
			Causes:   causeIDs{cause.ClosedPort},
			Meaning:  "A connection was tried to a port of this host on which nobody listens.",
			Shows:    "The kernel found no socket for a SYN.",
			Disproof: "ss -ltn shows a listener for that address in the same network namespace.",
			Fix:      []string{"Start the service.", "Compare the address, the family and the network namespace on which it listens with those that the client used."},
			Sources:  []string{"tcp_v4_rcv, no_tcp_socket, in net/ipv4/tcp_ipv4.c"},
		},
		applies: always,
		say: func(g *group) string {
			at := g.first.Local.String()
			if g.addrs.n > 1 {
				at = g.placesText()
			}
			text := fmt.Sprintf("%s tried %s, and nothing listens there%s", g.peer(), at, g.times())
			text += formerText(&g.first.FormerListener)
			if at := g.first.Elsewhere; at.Port != 0 {
				text += fmt.Sprintf("; but %s listens on %s", processOr(at.PID, at.Comm, "a process"), at)
				if !g.reaches(at.Addr) {
					text += ", for clients on the same host"
				}
			}
			if every := g.regular(); every != "" {
				text += ", " + every
			}
			return text
		},
		advice: func(g *group) string {
			switch former, at := &g.first.FormerListener, g.first.Elsewhere; {
			case at.Port != 0 && !g.reaches(at.Addr):
				return fmt.Sprintf("Let %s listen on %s too, if other hosts have to reach it", cmp.Or(at.Comm, "the service"), g.first.Local.Addr)
			case at.Port != 0:
				return fmt.Sprintf("Let %s listen on %s too, or let the client use %s", cmp.Or(at.Comm, "the service"), g.first.Local.Addr, at)
			case former.Comm != "" && former.Ended != (event.Ended{}):
				return "Find out why " + former.Comm + " ended, and start it again"
			case former.Comm != "":
				return "Find out why " + former.Comm + " closed its listener: a restart?"
			}
			return fmt.Sprintf("Start the service on port %d, or let the client use the address on which it listens (ss -ltnp)", g.first.Local.Port)
		},
		harmless: func(g *group) bool { return !g.hurt() && g.resets < 2 },
	},
	{
		Pattern: Pattern{
			ID: "reject-rule", Title: "A firewall rule of this host refused it",
			Causes:   causeIDs{cause.NetfilterReject},
			Meaning:  "A rule with REJECT --reject-with tcp-reset answered a packet. The peer's TCP is innocent.",
			Shows:    "The netfilter function that sends these RSTs.",
			Disproof: "Nothing: the kernel function is proof.",
			Fix:      []string{"Look at the rules: nft list ruleset, iptables-save."},
			Sources:  []string{"nf_send_reset in net/ipv4/netfilter/nf_reject_ipv4.c"},
		},
		applies: always,
		say: func(g *group) string {
			where := ""
			if g.first.Chain != "" {
				where = " in " + g.first.Chain
			}
			return fmt.Sprintf("a firewall rule%s of this host refused %s to %s%s", where, g.oneOf("a connection", "connections"), g.first.Local, g.times())
		},
		advice: func(*group) string {
			return "Look at the rules that reject with tcp reset: nft list ruleset, or iptables-save"
		},
	},
	{
		Pattern: Pattern{
			ID: "refused-elsewhere", Title: "The peer refused the connection",
			Causes:   causeIDs{cause.Refused},
			Meaning:  "The peer answered a SYN with a RST: nobody listens there, a rule refuses it, or its accept queue is full.",
			Shows:    "A RST that acknowledged the SYN.",
			Disproof: "ss -ltn at the peer shows a listener: then a rule or a full queue answered.",
			Fix:      []string{"Start the service at the peer, or correct address and port."},
			Sources:  []string{"RFC 9293 section 3.10.7.1"},
		},
		applies: always,
		say: func(g *group) string {
			return fmt.Sprintf("%s refused %s of %s%s", g.first.Peer, g.oneOf("a connection", "connections"), g.victim("this host"), g.times())
		},
		advice: func(g *group) string {
			if g.first.Peer.Addr.IsLoopback() {
				return fmt.Sprintf("Start the service on port %d, or look for a rule that refuses it", g.first.Peer.Port)
			}
			return fmt.Sprintf("Look at %s: does something listen on port %d, is its accept queue full (ss -ltn), does a rule refuse it?", g.first.Peer.Addr, g.first.Peer.Port)
		},
		because: func(g *group) []string {
			return append(slices.Clone(g.first.Because), "the RST has "+g.first.Peer.String()+" as its sender, but a rule or a device may have sent it")
		},
	},
}

// stillText says that the port of a closed listener is open all the same.
func (g *group) stillText() string {
	s := &g.listening
	if s.Sockets == 0 {
		return ""
	}
	others := "another socket listens"
	if s.Sockets > 1 {
		others = cause.Grouped(uint64(s.Sockets)) + " other sockets listen"
	}
	return "; the port stays open: " + others + " there"
}

// queueIsFull reports whether the listener that got data of an unknown connection had no
// room for another one.
func (g *group) queueIsFull() bool {
	l := &g.first.Listener
	return l.Known && l.Used > l.Backlog
}

// neverTaken reports whether the client of that data thought that it was connected.
func (g *group) neverTaken() bool {
	c := &g.other.Conn
	return g.other.Dir != "" && c.Known && c.BytesAcked <= 1 && c.BytesReceived == 0 && c.Retransmits > 0
}

// reaches reports whether the client could use an address of this host: a loopback address
// only within its own network namespace.
func (g *group) reaches(at netip.Addr) bool {
	e := &g.first
	return !at.IsLoopback() || e.Peer.Addr.IsLoopback() || e.Peer.Addr == e.Local.Addr
}

// formerText says who listened, until when.
func formerText(f *event.FormerListener) string {
	if f.Comm == "" && f.AgoMillis == 0 {
		return ""
	}
	text := fmt.Sprintf("; %s listened until %s before", processOr(f.PID, f.Comm, "a process"), span(f.AgoMillis))
	if f.Ended != (event.Ended{}) {
		text += ", when it " + endOf(&f.Ended) + killerText(&f.KilledBy, f.PID)
	}
	return text
}

// processOr is the process as people write it, or other if it is not known.
func processOr(pid uint32, comm, other string) string {
	if comm == "" {
		return other
	}
	return fmt.Sprintf("%s[%d]", comm, pid)
}

// regular says in which interval resets come, "" where that is not regular.
func (g *group) regular() string {
	s := &g.numbers[interval]
	if s.count < 3 || s.median() < 500 || !s.equal(s.median()/10) {
		return ""
	}
	return "every " + span(s.median())
}
