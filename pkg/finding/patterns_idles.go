package finding

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// raceMillis is how soon after a close a packet may meet it by chance: the close and
// the packet crossed. Later the sender could have known of the close.
const raceMillis = 250

// serverClosed reports whether the end that listens closed first, and the other end
// wrote on.
func (g *group) serverClosed() bool {
	if g.numbers[closed].count == 0 {
		return false
	}
	e := &g.first
	_, here := serverOf(e)
	if e.Dir == event.Received {
		return !here && g.is(cause.WroteAfterPeerClose, cause.ResetAfterPeerClose)
	}
	return here && g.is(cause.DataAfterClose, cause.ClosedEarlier) && e.Earlier.EndedBy != "reset" && e.Earlier.EndedBy != "timeout"
}

// server and client name the two ends, by their process or else their address.
func (g *group) server() string {
	if _, here := serverOf(&g.first); here {
		return g.actor("the server")
	}
	return g.first.Peer.String()
}

func (g *group) client() string {
	if _, here := serverOf(&g.first); here {
		return g.peer()
	}
	return g.victim("the client")
}

// idles are about connections that were closed while they were idle.
var idles = []*pattern{
	{
		Pattern: Pattern{
			ID: "keep-alive-race", Title: "A request met a connection that was just closed",
			Meaning:  "The server closed an idle connection. Its client wrote a request in the same moment. The server's kernel answered with a RST.",
			Shows:    "The server closed first, after a silence, and payload of the client arrived at most 250 ms later.",
			Disproof: "The silence before the close differs each time: then something else than an idle limit closes.",
			Fix:      []string{"Let the client drop idle connections earlier than the server: the idle timeout of its pool must be below the server's.", "Let the client repeat requests that are safe to repeat."},
			Sources:  []string{"RFC 9112 section 9.6", "tcp_rcv_state_process in net/ipv4/tcp_input.c"},
		},
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return g.serverClosed() && g.numbers[closed].median() <= raceMillis && s.count > 0 && s.median() >= pauseMillis
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s closed idle connections after a silence of %s; %s later %s sent the next request on one%s",
				g.server(), rangeOf(&g.numbers[silence]), rangeOf(&g.numbers[closed]), g.client(), g.times())
		},
		advice: func(g *group) string { return g.belowServer(span(g.numbers[silence].min)) },
	},
	{
		Pattern: Pattern{
			ID: "closed-under-request", Title: "A request met a close",
			Meaning:  "The server closed the connection while its client was sending. No idle limit did it: payload had passed less than a second before.",
			Shows:    "The server closed first, and payload of the client arrived at most 250 ms later.",
			Disproof: "The client had seen the close, and wrote all the same.",
			Fix:      []string{"Find out why the server closes: a reload, a limit of requests for each connection, an error.", "Let the client repeat requests that are safe to repeat."},
			Sources:  []string{"RFC 9112 section 9.6"},
		},
		applies: func(g *group) bool {
			return g.serverClosed() && g.provoked > 0 && g.numbers[closed].median() <= raceMillis
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s closed connections, and %s later the next data of %s arrived%s", g.server(), rangeOf(&g.numbers[closed]), g.client(), g.times())
		},
		advice: func(g *group) string {
			return "Find out why " + g.server() + " closes (a reload, a limit of requests or idle time), and let the client repeat what is safe to repeat"
		},
	},
	{
		Pattern: Pattern{
			ID: "stale-pool", Title: "A pool kept a closed connection",
			Meaning:  "The server had closed an idle connection. The client kept it in its pool, did not look, and wrote to it much later.",
			Shows:    "Payload of the client arrived more than 250 ms after the server's close.",
			Disproof: "The network delayed the close by that time.",
			Fix:      []string{"Let the client look at a connection before it uses it again, or drop idle ones earlier than the server does."},
			Sources:  []string{"RFC 9112 section 9.6"},
		},
		applies: func(g *group) bool {
			return g.serverClosed() && g.numbers[closed].median() > raceMillis && g.provoked > 0
		},
		say: func(g *group) string {
			text := fmt.Sprintf("%s used connections that %s had closed %s before%s", g.client(), g.server(), rangeOf(&g.numbers[closed]), g.times())
			if s := &g.numbers[silence]; s.count > 0 && s.median() >= pauseMillis {
				text += fmt.Sprintf("; the close came after a silence of %s", rangeOf(s))
			}
			return text
		},
		advice: func(g *group) string {
			if s := &g.numbers[silence]; s.count > 0 && s.median() >= pauseMillis {
				return g.belowServer(span(s.min))
			}
			return "Let the client look at a pooled connection before it uses it again: it held this one for " + span(g.numbers[closed].median()) + " after the close"
		},
	},
	{
		Pattern: Pattern{
			ID: "idle-limit", Title: "An application ends idle connections with a RST",
			Meaning:  "The application closed connections after a silence, in a way that sends a RST.",
			Shows:    "The silence before the close, alike each time.",
			Disproof: "The program closes for another reason: its log says so.",
			Fix:      []string{"Raise the limit, or let the other side send something more often."},
			Sources:  []string{"documentation of the program"},
		},
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return g.is(cause.LingerZero, cause.UnreadDataOnClose, cause.Disconnect, cause.DisconnectWithUnsentData) && g.first.Owner.Ended == (event.Ended{}) &&
				s.count > 0 && s.median() >= pauseMillis && (g.resets < 3 || s.equal(s.median()/20+200))
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s ended connections after a silence of %s with a RST%s", g.actor("the application"), rangeOf(&g.numbers[silence]), g.times())
		},
		advice: func(g *group) string {
			_, here := serverOf(&g.first)
			what := idleClient
			if here {
				what = idleServer
			}
			return fmt.Sprintf("Compare %s with %s; raise it, or send something more often", setting(&g.first.Owner, what), span(g.numbers[silence].median()))
		},
		because: func(g *group) []string {
			if g.resets >= 3 {
				return nil
			}
			return []string{"the silence before the close was " + rangeOf(&g.numbers[silence])}
		},
	},
}

// belowServer advises to keep the client's idle limit below the server's.
func (g *group) belowServer(limit string) string {
	server, client := g.owners()
	return fmt.Sprintf("Set %s below %s, or raise %s", setting(client, idleClient), limit, setting(server, idleServer))
}

// owners are those of the end that listens and of the end that connected, empty where
// they were not seen.
func (g *group) owners() (server, client *event.Owner) {
	nobody := &event.Owner{}
	acted, other := &g.first.Owner, nobody
	if g.other.Dir != "" {
		other = &g.other.Owner
	}
	if _, here := serverOf(&g.first); here {
		return acted, other
	}
	return other, acted
}
