package finding

import (
	"fmt"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// pausedMin is how many connections must have waited for one process.
	pausedMin = 3
	// pausedMoment is in which time all of them end, once it goes on.
	pausedMoment = time.Second
)

// paused is about processes that did nothing for a while, and went on.
var paused = []*pattern{
	{
		Pattern: Pattern{
			ID: "process-paused", Title: "A process paused, and went on",
			Causes: causeIDs{cause.DataAfterClose, cause.ClosedEarlier, cause.UnreadDataOnClose, cause.WroteAfterPeerClose, cause.PeerGone, cause.ResetByPeer},
			Meaning: "One process did nothing on several connections, and then acted on all of them in one moment. " +
				"Meanwhile its clients had given up or had waited. It was stopped, frozen, or blocked by something else.",
			Shows: "At least 3 connections of one process end within a second. Its clients had closed them at quite different times before, " +
				"or had sent something that lay unread for over a second.",
			Disproof: "The log of the process shows that it worked in that time.",
			Fix: []string{
				"Find out what stopped it: SIGSTOP or a debugger, a freezer (docker pause, systemctl freeze), a suspended machine, a CPU limit.",
				"If nothing did, look for what blocks it: garbage collection, a lock, a slow disk, a call without a time limit.",
			},
			Sources: []string{"signal(7): SIGSTOP", "Documentation/admin-guide/cgroup-v2.rst: cgroup.freeze"},
		},
		applies: func(g *group) bool {
			return g.resets >= pausedMin && g.last.Sub(g.since) <= pausedMoment && g.pausedFor() > 0
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s did nothing on %s for at least %s, and then acted on all of them within %s: it was stopped or blocked",
				g.still(), connections(g.resets), span(g.pausedFor()), span(max(1, uint64(g.last.Sub(g.since).Milliseconds()))))
		},
		advice: func(g *group) string {
			return "Find out what held " + g.still() + ": SIGSTOP, a debugger, a freezer (docker pause), a CPU limit; else what blocks it: a lock, garbage collection, a slow disk"
		},
		because: func(g *group) []string {
			if g.left() {
				return []string{"its clients had closed between " + span(g.numbers[closed].min) + " and " + span(g.numbers[closed].max) + " before"}
			}
			return []string{"what its clients had sent lay unread for " + rangeOf(&g.unreadFor)}
		},
	},
}

// pausedFor is for how many milliseconds one process did not act, at least; 0 if nothing
// shows that it did not.
func (g *group) pausedFor() uint64 {
	switch {
	case g.left():
		return g.numbers[closed].max
	case g.leftUnread():
		return g.unreadFor.max
	}
	return 0
}

// left reports whether clients closed at different times, and one server wrote to all of
// them later. A server that looks at its connections sees each close at once.
func (g *group) left() bool {
	s := &g.numbers[closed]
	if s.count != g.resets || s.min < pauseMillis || s.max < s.min+pauseMillis {
		return false
	}
	_, here := serverOf(&g.first)
	if g.sees() {
		return !here && g.both == g.resets && g.victims.n == 1 && g.is(cause.DataAfterClose, cause.ClosedEarlier)
	}
	return here && g.actors.n == 1 && g.is(cause.WroteAfterPeerClose, cause.PeerGone, cause.ResetByPeer)
}

// leftUnread reports whether one process closed connections on which something had waited
// to be read.
func (g *group) leftUnread() bool {
	s := &g.unreadFor
	return g.sees() && g.actors.n == 1 && g.is(cause.UnreadDataOnClose) && s.count == g.resets && s.min >= pauseMillis && g.first.Owner.Ended == (event.Ended{})
}

// still names the process that did not act.
func (g *group) still() string {
	if g.sees() && !g.leftUnread() {
		return g.victim("the server")
	}
	return nameOf(&g.first.Owner, g.actors.n, "the server")
}
