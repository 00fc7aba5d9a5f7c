package finding

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// atOnceMillis is how young a connection is that was closed without a look.
	atOnceMillis = 50
	// A TLS alert is a record of 5 bytes with 2 of content: 7 in the clear, 24 to 31
	// encrypted (RFC 8446 section 5.2, by cipher).
	alertClear, alertMin, alertMax = 7, 24, 31
)

// closes are about programs that close in a way that sends a RST.
var closes = []*pattern{
	{
		Pattern: Pattern{
			ID: "port-check", Title: "A port check",
			Meaning:  "A client connected and ended the connection at once, without a byte. Load balancers and monitors test ports so.",
			Shows:    "No payload in either direction, and a life of at most 50 ms.",
			Disproof: "The client meant to send something and failed.",
			Fix:      []string{"Nothing. To make it clean, let the check close normally, or send a request."},
			Sources:  []string{"RFC 9293 section 3.10.5"},
		},
		applies: func(g *group) bool {
			_, here := serverOf(&g.first)
			client := g.is(cause.LingerZero, cause.Disconnect) && !here ||
				!g.sees() && here && g.is(cause.PeerAborted, cause.ResetByPeer, cause.HandshakeAborted)
			return client && g.first.Conn.Known && g.numbers[received].max == 0 && g.numbers[sent].max <= 1 && g.young()
		},
		say: func(g *group) string {
			who := g.actor("a client")
			if !g.sees() {
				who = g.peer()
			}
			server, _ := serverOf(&g.first)
			text := fmt.Sprintf("%s connected to %s and ended the connection at once, without a byte%s", who, server, g.times())
			if every := g.regular(); every != "" {
				text += ", " + every
			}
			return text
		},
		advice: func(*group) string {
			return "Nothing to do: this is how port checks look. A check that closes normally sends no RST"
		},
		harmless: func(*group) bool { return true },
	},
	{
		Pattern: Pattern{
			ID: "unread-farewell", Title: "Only a farewell was left unread",
			Meaning:  "The application closed with a few bytes unread. Their size is that of a TLS alert: the peer's close_notify.",
			Shows:    "7 or 24 to 31 unread bytes, and nothing that was unsent.",
			Disproof: "The unread bytes were a request.",
			Fix:      []string{"Nothing. To avoid the RST, read until the end of the stream before closing."},
			Sources:  []string{"RFC 8446 section 6.1"},
		},
		applies: func(g *group) bool {
			s := &g.numbers[unread]
			return g.is(cause.UnreadDataOnClose) && s.count == g.resets && farewell(s.min) && farewell(s.max) && g.lost.UnsentBytes == 0 && g.lost.UnackedBytes == 0
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s closed and left %s unread, the size of a TLS farewell%s", g.actor("the application"), bytesOf(g.numbers[unread].median()), g.times())
		},
		advice: func(*group) string {
			return "Nothing to do: no data was lost. Reading to the end of the stream before closing avoids the RST"
		},
		because:  func(g *group) []string { return []string{"all that was unread has the size of a TLS alert"} },
		harmless: func(*group) bool { return true },
	},
	{
		Pattern: Pattern{
			ID: "turned-away", Title: "A server turned clients away",
			Meaning:  "The server accepted connections and closed them at once. Programs that reach their limit of connections do so.",
			Shows:    "The server closed within 50 ms of the connection. It had sent nothing and read nothing.",
			Disproof: "The server's log shows another reason, such as a rule for addresses.",
			Fix:      []string{"Raise the limit of connections, or find out why so many are open."},
			Sources:  []string{"documentation of the program"},
		},
		applies: func(g *group) bool {
			_, here := serverOf(&g.first)
			return here && g.is(cause.UnreadDataOnClose, cause.LingerZero, cause.DataAfterClose, cause.ClosedEarlier) && g.first.Conn.Known &&
				g.first.Owner.Ended == (event.Ended{}) && g.numbers[sent].max <= 1 && g.readNothing() && g.closedYoung()
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s accepted connections on %s and closed them at once%s", g.actor("the server"), g.first.Local, g.times())
		},
		advice: func(g *group) string {
			return "Look at " + setting(&g.first.Owner, connectionLimit) + ": a server that is full closes new connections so"
		},
		because: func(g *group) []string {
			return []string{"the server closed within " + span(max(g.numbers[age].max, 1)) + ", read nothing and sent nothing"}
		},
	},
	{
		Pattern: Pattern{
			ID: "closed-before-read", Title: "A server closed before it had read the request",
			Meaning:  "The server closed while payload of its client was unread or still arriving. The RST can destroy the answer on its way.",
			Shows:    "Unread bytes at the close of the end that listens.",
			Disproof: "The unread bytes are known to be of no use.",
			Fix:      []string{"Read the request to its end, up to a limit, before closing.", "Or half-close: shutdown(SHUT_WR), read for a while, close."},
			Sources:  []string{"RFC 1122 section 4.2.2.13", "RFC 9112 section 9.6"},
		},
		applies: func(g *group) bool {
			_, here := serverOf(&g.first)
			return here && g.is(cause.UnreadDataOnClose) && g.numbers[unread].count > 0
		},
		say: func(g *group) string {
			text := fmt.Sprintf("%s closed with %s of the client unread", g.actor("the server"), bytesRange(&g.numbers[unread]))
			if s := &g.numbers[sent]; s.median() > 1 {
				text += fmt.Sprintf(", after it had sent %s", bytesOf(s.median()))
			}
			return text + g.times()
		},
		advice: func(g *group) string {
			if known := settingOf(&g.first.Owner, uploadRest); known != "" {
				return "Look at " + g.first.Owner.Comm + "'s " + known + ": the rest of a request must be read before the close"
			}
			return "Read the request to its end before closing, or shutdown(SHUT_WR) and read on for a while"
		},
	},
	{
		Pattern: Pattern{
			ID: "client-gave-up", Title: "A client gave up after its time limit",
			Meaning:  "The client aborted connections that all had the same age.",
			Shows:    "At least three aborts of the end that connected, at the same age.",
			Disproof: "Something else stopped the client at that moment.",
			Fix:      []string{"Find out why the server takes so long, or raise the client's time limit."},
			Sources:  []string{"documentation of the program"},
		},
		applies: func(g *group) bool {
			_, here := serverOf(&g.first)
			s := &g.numbers[age]
			return g.sees() && !here && g.is(cause.LingerZero, cause.UnreadDataOnClose, cause.Disconnect, cause.DisconnectWithUnsentData) &&
				s.count >= 3 && s.median() >= pauseMillis && s.equal(s.median()/20+100)
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s gave up connections to %s at an age of %s%s", g.actor("the client"), g.first.Peer, rangeOf(&g.numbers[age]), g.times())
		},
		advice: func(g *group) string {
			return fmt.Sprintf("Find out why the server takes longer than %s, or raise the client's time limit", span(g.numbers[age].median()))
		},
	},
	{
		Pattern: Pattern{
			ID: "destroyed-from-outside", Title: "Somebody destroyed the sockets of others",
			Meaning:  "A program with privileges destroyed sockets that are not its own, as ss -K does.",
			Shows:    "tcp_abort, called over netlink or by BPF.",
			Disproof: "Nothing: the kernel function is proof.",
			Fix:      []string{"Find out what runs ss -K or SOCK_DESTROY: VPN clients, network managers, service meshes, cron."},
			Sources:  []string{"tcp_abort in net/ipv4/tcp.c", "ss(8)"},
		},
		applies: func(g *group) bool { return g.is(cause.SocketDestroyed) },
		say: func(g *group) string {
			by := "something"
			if g.first.Initiator.PID != 0 {
				by = fmt.Sprintf("%s[%d]", g.first.Initiator.Comm, g.first.Initiator.PID)
			}
			text := fmt.Sprintf("%s destroyed %s of %s", by, connections(g.resets), g.actor("other programs"))
			if every := g.regular(); every != "" {
				text += ", one " + every
			}
			return text
		},
		advice: func(g *group) string {
			if g.first.Initiator.PID != 0 {
				return "Find out why " + g.first.Initiator.Comm + " destroys sockets (SOCK_DESTROY, ss -K)"
			}
			return "Find out what destroys sockets here: ss -K, a VPN, a network manager, a service mesh"
		},
	},
}

func farewell(n uint64) bool { return n == alertClear || n >= alertMin && n <= alertMax }

// young reports whether all connections ended soon after they began.
func (g *group) young() bool { return g.numbers[age].max <= atOnceMillis }

// closedYoung is young, measured to the close.
func (g *group) closedYoung() bool {
	s := &g.numbers[age]
	return s.count > 0 && s.max-min(s.max, g.numbers[closed].min) <= atOnceMillis
}

// readNothing reports whether the acting end left all that it received unread.
func (g *group) readNothing() bool { return g.numbers[received].max <= g.numbers[unread].min }

func bytesRange(s *spread) string {
	if s.min == s.max {
		return bytesOf(s.max)
	}
	return cause.Grouped(s.min) + " to " + bytesOf(s.max)
}
