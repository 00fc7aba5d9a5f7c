package finding

import (
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// alibi is what is known of the end that received RSTs name as their sender.
type alibi struct {
	none, hidden, notSeen uint64 // by what the events say
	open                  uint64 // its end was still open when the connection went on
	sentOn                uint64 // it is elsewhere, and sent on
	sentOnAfter           uint64 // milliseconds, of the first
	because               string
	hosts                 uint32 // that were traced, behind a join
	suspects              []string
}

// sentOnMillis is how long after a RST the packets that were on their way come at most.
const sentOnMillis = 100

func (a *alibi) add(p *event.PeerSent) {
	switch p.Verdict {
	case event.PeerSentNone:
		if a.none++; a.none == 1 {
			a.suspects = append([]string(nil), p.Suspects...)
		}
	case event.PeerSentHidden:
		a.hidden++
	case event.PeerSentNotSeen:
		a.notSeen++
	default:
		return
	}
	a.hosts = max(a.hosts, p.Hosts)
	if a.because == "" || p.Verdict == event.PeerSentNone && a.none == 1 {
		a.because = p.Because
	}
}

// addEcho takes what came after a RST had ended the connection here. Who sends a RST forgets
// the connection: an end that still has it did not send that RST.
func (a *alibi) addEcho(r *reset) {
	e := r.acted
	ago := e.Earlier.AgoMillis
	switch {
	case !r.both():
		if e.Trigger.Len > 0 && ago > sentOnMillis {
			if a.sentOn++; a.sentOn == 1 {
				a.sentOnAfter = ago
			}
		}
	case open(r.suffered.State) && r.suffered.Conn.AgeMillis > ago:
		if a.open++; a.open == 1 && a.none == 0 {
			a.because = fmt.Sprintf("the socket of that end is on this host, and still had the connection %s later", span(ago))
		}
	}
}

func open(s event.State) bool { return s == event.StateEstablished || s == event.StateCloseWait }

// sentByNone reports whether no socket of this host sent the RSTs: of most of them it is
// known.
func (g *group) sentByNone() bool {
	return !g.sees() && 2*(g.alibi.none+g.alibi.open) >= g.resets
}

// nobody is whose sockets did not send the RSTs.
func (g *group) nobody() string {
	if g.alibi.hosts > 0 {
		return "no socket of a traced host"
	}
	return "no socket of this host"
}

// suspectNames say what to look for.
var suspectNames = map[string]string{
	event.SuspectRule:        "a rule that rejects with tcp reset (nft list ruleset, iptables-save)",
	event.SuspectBridge:      "such a rule of a bridge",
	event.SuspectTranslation: "a rule that translates this address to one elsewhere",
	event.SuspectDevice:      "a device between both hosts",
	event.SuspectForger:      "a program or device that forges RSTs",
}

// suspectsText lists what may have sent a RST that no socket sent.
func (g *group) suspectsText() string {
	suspects := g.alibi.suspects
	if len(suspects) == 0 {
		suspects = []string{event.SuspectRule, event.SuspectForger}
	}
	var names []string
	for _, s := range suspects {
		if name := suspectNames[s]; name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", or ")
}

// whoSent advises how to find the sender of a RST that came without a sign of the peer.
func (g *group) whoSent() string {
	e := &g.first
	here := e.Peer.Addr.IsLoopback() || e.Peer.Addr == e.Local.Addr
	switch {
	case g.alibi.hidden > 0:
		return fmt.Sprintf("Show both ends of it: the other one is on this host, and --port %d alone shows both", min(e.Local.Port, e.Peer.Port))
	case g.alibi.notSeen > 0 && g.alibi.hosts > 0:
		return fmt.Sprintf("Trace the host that has %s, too, to find out who sent it: %s", e.Peer.Addr, g.alibi.because)
	case g.alibi.notSeen > 0:
		return "Look at the other end first: it is on this host, and what it did may be missing here (" + g.alibi.because + "). If it sent no RST, look for " + g.suspectsText()
	case g.alibi.sentOn > 0:
		return "Look for a rule or a device between: the peer did not send it (compare TTLs)"
	case here:
		return "Look at the other end first: it is on this host. If it sent no RST, look for " + g.suspectsText()
	}
	return fmt.Sprintf("Find out who sent it: run rsttrace at %s; if that sent none, a rule or a device between did (compare TTLs)", e.Peer.Addr)
}
