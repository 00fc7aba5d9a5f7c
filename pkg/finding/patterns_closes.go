package finding

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// closes are about programs that close in a way that sends a RST.
var closes = []*pattern{
	{
		Pattern: Pattern{
			ID: "closed-before-read", Title: "A server closed before it had read the request",
			Causes:   causeIDs{cause.UnreadDataOnClose},
			Meaning:  "The server closed while payload of its client was unread or still arriving. The RST can destroy the answer on its way.",
			Shows:    "Unread bytes at the close of the end that listens.",
			Disproof: "The unread bytes are known to be of no use.",
			Fix:      []string{"Read the request to its end, up to a limit, before closing.", "Or half-close: shutdown(SHUT_WR), read for a while, close."},
			Sources:  []string{"RFC 1122 section 4.2.2.13", "RFC 9112 section 9.6"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			_, here := serverOf(&g.first)
			return here && g.numbers[unread].count > 0 && g.key.class != byRequest
		},
		say: func(g *group) string {
			text := fmt.Sprintf("%s closed and left %s of its client unread", g.actor("the server"), bytesRange(&g.numbers[unread]))
			if s := &g.numbers[received]; s.median() > g.numbers[unread].median() {
				text += " (it had received " + cause.Grouped(s.median()) + ")"
			}
			if s := &g.numbers[sent]; s.median() > 0 {
				text += fmt.Sprintf(", after it had sent %s", bytesOf(s.median()))
			}
			if s := &g.numbers[age]; s.count > 0 && s.median() >= pauseMillis {
				text += "; " + g.oneOf("the connection was ", "the connections were ") + rangeOf(s) + " old"
			}
			return text + g.times()
		},
		advice: func(g *group) string {
			if s := &g.numbers[age]; s.count >= 3 && s.median() >= pauseMillis && s.equal(s.median()/20+100) {
				return fmt.Sprintf("Compare %s with %s: the ages are alike; and let the server read the request to its end before it closes", setting(&g.first.Owner, requestLimit), span(s.median()))
			}
			if n := g.closings.said; n > 0 && n <= lineMax && g.unread() && g.closings.slowest <= atOnceMillis {
				who := cmp.Or(g.first.Owner.Comm, "the server")
				return fmt.Sprintf("Look at what its %s say: they are the whole answer, and it came before the request was read. They may say that %s takes no more connections. If they do not, let %[2]s read the request before it closes",
					bytesOf(n), who)
			}
			if known := settingOf(&g.first.Owner, uploadRest); known != "" {
				return "Look at " + g.first.Owner.Comm + "'s " + known + ": the rest of a request must be read before the close"
			}
			if _, known := settings[g.first.Owner.Comm]; known {
				return "Find out in the log of " + g.first.Owner.Comm + " why it closed: " + closingReasons(&g.first.Owner, true)
			}
			return "Read the request to its end before closing, or shutdown(SHUT_WR) and read on for a while"
		},
	},
	{
		Pattern: Pattern{
			ID: "destroyed-from-outside", Title: "Somebody destroyed the sockets of others",
			Causes:   causeIDs{cause.SocketDestroyed, cause.ListenerClosed},
			Meaning:  "A program with privileges destroyed sockets that are not its own, as ss -K does.",
			Shows:    "tcp_abort, called over netlink or by BPF.",
			Disproof: "Nothing: the kernel function is proof.",
			Fix:      []string{"Find out what runs ss -K or SOCK_DESTROY: VPN clients, network managers, service meshes, cron."},
			Sources:  []string{"tcp_abort in net/ipv4/tcp.c", "ss(8)"},
		},
		applies: func(g *group) bool {
			return g.is(cause.SocketDestroyed) || g.first.Initiator.PID != 0
		},
		say: func(g *group) string {
			by := initiatorText(&g.first.Initiator)
			text := fmt.Sprintf("%s destroyed %s of %s", by, connections(g.resets), g.actor("other programs"))
			if every := g.regular(); every != "" {
				text += ", one " + every
			}
			return text
		},
		advice: func(g *group) string {
			switch by := &g.first.Initiator; {
			case by.Parent.Comm != "":
				return fmt.Sprintf("Find out why %s[%d] runs %s, which destroys sockets (SOCK_DESTROY, ss -K)", by.Parent.Comm, by.Parent.PID, by.Comm)
			case by.PID != 0:
				return "Find out why " + by.Comm + " destroys sockets (SOCK_DESTROY, ss -K)"
			}
			return "Find out what destroys sockets here: ss -K, a VPN, a network manager, a service mesh"
		},
	},
}

// initiatorText names who destroyed sockets, what it runs and who started it:
// "ss[7] (ss -K dst 10.0.0.1, started by cron[5])".
func initiatorText(by *event.Initiator) string {
	if by.PID == 0 {
		return "something"
	}
	text := fmt.Sprintf("%s[%d]", by.Comm, by.PID)
	var more []string
	if by.Cmdline != "" {
		more = append(more, by.Cmdline)
	}
	if by.Parent.Comm != "" {
		more = append(more, fmt.Sprintf("started by %s[%d]", by.Parent.Comm, by.Parent.PID))
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

func bytesRange(s *spread) string {
	if s.min == s.max {
		return bytesOf(s.max)
	}
	return cause.Grouped(s.min) + " to " + bytesOf(s.max)
}
