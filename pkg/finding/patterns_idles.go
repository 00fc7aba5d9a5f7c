package finding

import (
	"cmp"
	"fmt"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// raceMillis is how soon after a close a packet may meet it by chance: the close and
// the packet crossed. Later the sender could have known of the close.
const raceMillis = 250

// closedByServer are the causes of serverClosed: at its own end, and at the other one.
var closedByServer = []event.CauseID{cause.DataAfterClose, cause.ClosedEarlier, cause.WroteAfterPeerClose, cause.ResetAfterPeerClose}

// serverClosed reports whether the end that listens closed first, and the other end
// wrote on.
func (g *group) serverClosed() bool {
	if g.numbers[closed].count == 0 {
		return false
	}
	e := &g.first
	_, here := serverOf(e)
	if ended(e) {
		return !here && g.is(cause.WroteAfterPeerClose, cause.ResetAfterPeerClose)
	}
	if e.State == event.StateCloseWait || e.State == event.StateLastAck {
		return false // the peer had ended its side before
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

// serverOwner is the process of the server, empty if that is not on this host.
func (g *group) serverOwner() *event.Owner {
	if _, here := serverOf(&g.first); here {
		return &g.first.Owner
	}
	return &g.other.Owner
}

// idles are about connections that were closed while they were idle.
var idles = []*pattern{
	{
		Pattern: Pattern{
			ID: "keep-alive-race", Title: "A request met a connection that was just closed",
			Causes:   closedByServer,
			Meaning:  "The server closed an idle connection. Its client wrote a request in the same moment. The server's kernel answered with a RST.",
			Shows:    "The server closed first, after silences that are alike, and payload of the client arrived at most 250 ms later.",
			Disproof: "The silence before the close differs each time: then something else than an idle limit closes.",
			Fix:      []string{"Let the client drop idle connections earlier than the server: the idle timeout of its pool must be below the server's.", "Let the client repeat requests that are safe to repeat."},
			Sources:  []string{"RFC 9112 section 9.6", "tcp_rcv_state_process in net/ipv4/tcp_input.c"},
		},
		ofSides: true, ofSilence: true,
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return g.serverClosed() && g.numbers[closed].median() <= raceMillis && s.count > 0 && s.median() >= pauseMillis && g.mayBeLimit()
		},
		because: func(g *group) []string { return g.fewSilences() },
		say: func(g *group) string {
			return fmt.Sprintf("%s closed an idle connection after a silence of %s; %s later %s sent the next request on it%s",
				g.server(), rangeOf(&g.numbers[silence]), rangeOf(&g.numbers[closed]), g.client(), g.times())
		},
		advice: func(g *group) string { return g.belowServer(span(g.numbers[silence].min)) },
	},
	{
		Pattern: Pattern{
			ID: "closed-under-request", Title: "A request met a close",
			Causes:   append(causeIDs{cause.UnreadDataOnClose}, closedByServer...),
			Meaning:  "The server closed the connection while its client was sending. An idle limit is not known to have done it: the silence was short, or is not known.",
			Shows:    "The server closed first, and payload of the client arrived at most 250 ms later. Or it lay unread at the close, and the server had answered requests of that size before.",
			Disproof: "The client had seen the close, and wrote all the same.",
			Fix:      []string{"Find out why the server closes: a reload, a limit of requests or of age for each connection (HTTP/2: GOAWAY), an error.", "Let the client repeat requests that are safe to repeat."},
			Sources:  []string{"RFC 9112 section 9.6"},
		},
		ofSides: true,
		applies: func(g *group) bool {
			return g.key.class == byRequest && g.numbers[unread].count > 0 || g.serverClosed() && g.provoked > 0 && g.numbers[closed].median() <= raceMillis
		},
		say: func(g *group) string {
			text := fmt.Sprintf("%s closed %s", g.server(), g.oneOf("a connection", "connections"))
			if s := &g.numbers[unread]; s.count > 0 {
				next := " and left %s of %s unread"
				if g.key.class == byRequest {
					next = " on which it had answered before, and left the next %s of %s unread"
				}
				text += fmt.Sprintf(next, bytesRange(s), g.client())
			}
			if s := &g.numbers[closed]; s.count > 0 {
				text += fmt.Sprintf("; %s later more data of %s arrived on %s", rangeOf(s), g.client(), g.oneOf("it", "them"))
			}
			text += g.times()
			if g.allAtOnce() {
				text += ", all within " + span(max(g.tookMillis(), 1))
			}
			return text
		},
		advice: func(g *group) string {
			const repeat = ". Let the client repeat what is safe to repeat"
			if g.allAtOnce() {
				return fmt.Sprintf("Look for a reload, a restart or a stop of %s at that time: it closed %s at once", cmp.Or(g.serverOwner().Comm, "the server"), connections(g.resets)) + repeat
			}
			reasons := closingReasons(g.serverOwner(), false)
			if g.numbers[unread].count > 0 {
				reasons = otherReasons(g.serverOwner()) // the next request was there: it was not idle
			}
			return "Find out why " + g.server() + " closed: " + reasons + repeat
		},
	},
	{
		Pattern: Pattern{
			ID: "stale-pool", Title: "A pool kept a closed connection",
			Causes:   closedByServer,
			Meaning:  "The server had closed an idle connection. The client kept it in its pool, did not look, and wrote to it much later.",
			Shows:    "Payload of the client arrived more than 250 ms after the server's close.",
			Disproof: "The network delayed the close by that time.",
			Fix:      []string{"Let the client look at a connection before it uses it again, or drop idle ones earlier than the server does."},
			Sources:  []string{"RFC 9112 section 9.6"},
		},
		ofSides: true, ofSilence: true,
		applies: func(g *group) bool {
			return g.serverClosed() && g.numbers[closed].median() > raceMillis && g.provoked > 0
		},
		say: func(g *group) string {
			text := fmt.Sprintf("%s used %s that %s had closed %s before%s", g.client(), g.oneOf("a connection", "connections"), g.server(), rangeOf(&g.numbers[closed]), g.times())
			if s := &g.numbers[silence]; s.count > 0 && s.median() >= pauseMillis {
				text += fmt.Sprintf("; the close came after a silence of %s", rangeOf(s))
			}
			return text
		},
		advice: func(g *group) string {
			if s := &g.numbers[silence]; s.count > 0 && s.median() >= pauseMillis && g.mayBeLimit() {
				return g.belowServer(span(s.min))
			}
			return "Let the client look at a pooled connection before it uses it again: it held this one for " + span(g.numbers[closed].median()) + " after the close"
		},
	},
	{
		Pattern: Pattern{
			ID: "idle-limit", Title: "An application ends idle connections with a RST",
			Causes:   aborts,
			Meaning:  "The application closed connections after a silence, in a way that sends a RST.",
			Shows:    "The silence before the close, alike each time. Nothing was unread: a connection with a request on it is not idle.",
			Disproof: "The program closes for another reason: its log says so.",
			Fix:      []string{"Raise the limit, or let the other side send something more often."},
			Sources:  []string{"documentation of the program"},
		},
		ofSides: true, ofSilence: true,
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return g.numbers[unread].count == 0 && g.first.Owner.Ended == (event.Ended{}) &&
				s.count > 0 && s.median() >= pauseMillis && (s.count < limitMin || s.equal(s.median()/20+200))
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s ended a connection with a RST after a silence of %s%s", g.actor("the application"), rangeOf(&g.numbers[silence]), g.times())
		},
		advice: func(g *group) string {
			_, here := serverOf(&g.first)
			what := idleClient
			if here {
				what = idleServer
			}
			limit := setting(&g.first.Owner, what)
			if g.fewSilences() != nil {
				return "Find out whether an idle limit closed it: " + limit + ". If so, raise it, or send something more often"
			}
			return fmt.Sprintf("Compare %s with %s; raise it, or send something more often", limit, span(g.numbers[silence].median()))
		},
		because: func(g *group) []string { return g.fewSilences() },
	},
}

// allAtOnceMin is how many connections one process closes within a second if it reloads or
// stops.
const allAtOnceMin = 5

// allAtOnce reports whether one process closed many connections in one moment.
func (g *group) allAtOnce() bool {
	_, here := serverOf(&g.first)
	return here && g.resets >= allAtOnceMin && g.actors.n == 1 && g.last.Sub(g.since) <= time.Second
}

// tookMillis fits the times that are shown: these have no fractions of a millisecond.
func (g *group) tookMillis() uint64 { return uint64(g.last.UnixMilli() - g.since.UnixMilli()) }

// limitMin is from how many equal silences on they show a limit. One may be anything: a
// person, a reload, an end of the program.
const limitMin = 3

// mayBeLimit reports whether the silences are as a limit makes them: alike, or too few to
// know. Timers of programs are coarse.
func (g *group) mayBeLimit() bool {
	s := &g.numbers[silence]
	return s.count < limitMin || s.equal(s.median()/10+1000)
}

// fewSilences is a reason to doubt a limit.
func (g *group) fewSilences() []string {
	if g.numbers[silence].count >= limitMin {
		return nil
	}
	return []string{fmt.Sprintf("the connection was silent for %s before the close, %s so far; %d equal silences would prove a limit", rangeOf(&g.numbers[silence]), timesOf(g.numbers[silence].count), limitMin)}
}

// belowServer advises to keep the client's idle limit below the server's, as far as the
// silence shows that there is one.
func (g *group) belowServer(limit string) string {
	server, client := g.owners()
	if g.numbers[silence].count < limitMin {
		return fmt.Sprintf("Find out whether an idle limit closed it: %s. If so, set %s below %s", setting(server, idleServer), setting(client, idleClient), limit)
	}
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
