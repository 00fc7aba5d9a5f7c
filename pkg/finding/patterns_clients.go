package finding

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// atOnceMillis is how young a connection is that was closed without a look.
	atOnceMillis = 50
	// patienceMillis is less than a client's limit of one second leaves of it: the limit has
	// begun before the connection, with the name of the server, for example.
	patienceMillis = 900
	// equalAges is how many connections of one age show a time limit.
	equalAges = 3
)

// clients are about clients that end connections.
var clients = []*pattern{
	{
		Pattern: Pattern{
			ID: "port-check", Title: "A port check",
			Causes:   slices.Concat(checks, checksSeen),
			Meaning:  "A client connected and ended the connection at once, without a byte. Load balancers and monitors test ports so.",
			Shows:    "No payload of the client, and a life of at most 50 ms. A greeting of the server meets the close.",
			Disproof: "The client meant to send something and failed.",
			Fix:      []string{"Nothing. To make it clean, let the check close normally, or send a request."},
			Sources:  []string{"RFC 9293 section 3.10.5"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			c := &g.closings
			_, here := serverOf(&g.first)
			side := g.sees() && !here && g.is(checks...) || !g.sees() && here && g.is(checksSeen...)
			return side && c.known == g.resets && c.said == 0 && c.slowest <= atOnceMillis
		},
		say: func(g *group) string {
			who := g.actor("a client")
			if !g.sees() {
				who = g.peer()
			}
			server, _ := serverOf(&g.first)
			text := fmt.Sprintf("%s connected to %s and ended the connection at once, without a byte: a check of the port%s", who, server, g.times())
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
			ID: "client-gave-up", Title: "A client gave up after its time limit",
			Causes:   slices.Concat(aborts, clientCloses),
			Meaning:  "The client aborted connections that all had the same age.",
			Shows:    "At least three aborts of the end that connected, at the same age.",
			Disproof: "Something else stopped the client at that moment.",
			Fix:      []string{"Find out why the server takes so long, or raise the client's time limit."},
			Sources:  []string{"documentation of the program"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			return g.clientClosed() && g.lasted.count >= equalAges && g.lasted.median() >= patienceMillis && g.lasted.equal(g.lasted.median()/20+100)
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s gave up connections to %s after %s%s", g.actor("the client"), g.first.Peer, rangeOf(&g.lasted), g.times()) + g.cameTooLate()
		},
		advice: func(g *group) string {
			return fmt.Sprintf("Find out why %s takes longer than %s, or raise %s", g.peer(), span(g.lasted.median()), setting(&g.first.Owner, patience))
		},
	},
	{
		Pattern: Pattern{
			ID: "client-closed-early", Title: "A client closed before it had the whole answer",
			Causes:   clientCloses,
			Meaning:  "The client closed the connection while the answer of its server was unread, or still to come. It had a time limit, somebody cancelled it, or it needed no more.",
			Shows:    "Unread bytes at the close of the end that connected, or payload of the server that came after that close.",
			Disproof: "The client reports that the server closed first.",
			Fix:      []string{"Find out why the client closed: its time limit, a person who cancelled, a program behind it that took no more.", "If it was a time limit: find out why the answer takes so long, or raise the limit.", "The server is not at fault, whatever error it got."},
			Sources:  []string{"RFC 9293 section 3.10.4", "documentation of the program"},
		},
		ofSides: true,
		applies: func(g *group) bool { return g.clientClosed() },
		say: func(g *group) string {
			text := fmt.Sprintf("%s closed %s to %s", g.actor("the client"), g.oneOf("its connection", "connections"), g.first.Peer)
			if g.lasted.max > 0 {
				text += " after " + rangeOf(&g.lasted)
			}
			if s := &g.numbers[unread]; s.count > 0 {
				text += ", with " + bytesRange(s) + " of the answer unread"
			}
			return text + g.times() + g.cameTooLate()
		},
		advice: func(g *group) string {
			limit := setting(&g.first.Owner, patience)
			if s := &g.lasted; g.late.count > 0 && s.count > 0 && s.median() >= patienceMillis {
				return fmt.Sprintf("Find out why %s takes longer than %s, or raise %s", g.peer(), span(s.median()), limit)
			}
			text := fmt.Sprintf("Find out why %s closed: %s had run out, a person cancelled it, or it needed no more", cmp.Or(g.first.Owner.Comm, "the client"), limit)
			if g.hurt() {
				text += ". The error of " + g.peer() + " is only the result"
			}
			return text
		},
		harmless: func(g *group) bool { return !g.hurt() },
	},
}

// clientClosed reports whether the end that connected closed while its server had more to
// say.
func (g *group) clientClosed() bool {
	_, here := serverOf(&g.first)
	if here || !g.sees() || g.first.Owner.Ended != (event.Ended{}) {
		return false
	}
	if g.first.Owner.Source == event.FromConnector {
		return false // it opened the connection, and who closed it is not known
	}
	if g.is(cause.DataAfterClose, cause.ClosedEarlier) {
		return g.key.class == byClient && g.first.Earlier.EndedBy == "process" && g.late.count > 0
	}
	return true
}

// cameTooLate says what came after the client had closed, "" if nothing did.
func (g *group) cameTooLate() string {
	if g.late.count == 0 || g.numbers[closed].count == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of %s came %s later", bytesRange(&g.late), g.peer(), rangeOf(&g.numbers[closed]))
}
