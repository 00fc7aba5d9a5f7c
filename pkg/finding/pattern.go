package finding

import (
	"iter"
	"slices"

	"github.com/rsttrace/rsttrace/internal/nearest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

type causeIDs = []event.CauseID

// Pattern describes one row of the table of diagnoses, for readers.
type Pattern struct {
	ID       event.PatternID
	Title    string // for lists: a few words
	Meaning  string // what happened
	Shows    string // by which facts it is known
	Disproof string // what would show that it is something else
	// Causes are those that its first reset can have at the end that acted, or that was
	// seen; nil: any.
	Causes  []event.CauseID
	Fix     []string // what to change
	Sources []string // where the knowledge comes from
}

// pattern is a row with what the engine needs: a condition over the numbers of a group,
// a sentence with its values, and one piece of advice.
type pattern struct {
	Pattern
	applies  func(*group) bool // asked only for its causes
	say      func(*group) string
	advice   func(*group) string
	because  func(*group) []string // nil: it rests on facts of the kernel alone
	harmless func(*group) bool     // nil: never
	// ofSides: it says which end is the server. ofSilence: it rests on the silence before
	// the end. Where the group only infers these, the pattern is likely.
	ofSides, ofSilence bool
}

// reasons are what a pattern rests on beside facts of the kernel.
func (g *group) reasons(p *pattern) []string {
	var reasons []string
	if p.because != nil {
		reasons = p.because(g)
	}
	if p.ofSilence && g.inferred > 0 {
		reasons = append(slices.Clip(reasons), "the silence is taken from when the end that closed had sent last; what it received after that is not known")
	}
	if _, known := serverSide(&g.first); p.ofSides && !known {
		server, _ := serverOf(&g.first)
		reasons = append(slices.Clip(reasons), "which end listens was not seen; "+server.String()+" has the lower port")
	}
	return reasons
}

// patterns in the order in which they are tried: the most specific first.
var patterns = slices.Concat(deaths, chains, paused, listeners, networks, lastWords, limits, idles, clients, closes, ends)

// All yields every pattern in the order in which they are tried.
func All() iter.Seq[Pattern] {
	return func(yield func(Pattern) bool) {
		for _, p := range patterns {
			if !yield(p.Pattern) {
				return
			}
		}
	}
}

// Lookup returns the pattern of an id; false where the id names none.
func Lookup(id event.PatternID) (Pattern, bool) {
	for _, p := range patterns {
		if p.ID == id {
			return p.Pattern, true
		}
	}
	return Pattern{}, false
}

// Suggest returns the pattern whose id is nearest to a misspelt one; false where none
// is near.
func Suggest(name string) (event.PatternID, bool) {
	ids := make([]string, 0, len(patterns))
	for _, p := range patterns {
		ids = append(ids, string(p.ID))
	}
	if near := nearest.Suggest(name, ids, nil); len(near) > 0 {
		return event.PatternID(near[0]), true
	}
	return "", false
}

// concerns reports whether resets with this cause can make the pattern.
func (p *Pattern) concerns(id event.CauseID) bool {
	return p.Causes == nil || slices.Contains(p.Causes, id)
}

// always is the condition of patterns that the cause alone proves.
func always(*group) bool { return true }

// diagnose returns the first pattern that fits, nil where none does.
func diagnose(g *group) *pattern {
	for _, p := range patterns {
		if p.concerns(g.first.Cause) && p.applies(g) {
			return p
		}
	}
	return nil
}

// isHarmless may be asked of no pattern at all: then the cause decides.
func (p *pattern) isHarmless(g *group) bool {
	if p == nil {
		return g.first.Dir == event.Ignored && !g.hurt()
	}
	return p.harmless != nil && p.harmless(g)
}

// certainty is exact where the pattern rests on nothing that is only likely.
func (g *group) certainty(p *pattern) event.Certainty {
	switch {
	case g.first.Via == event.Capture:
		return event.Likely
	case p == nil:
		return g.first.Certainty
	case len(g.reasons(p)) > 0:
		return event.Likely
	}
	return event.Exact
}

// export is the finding as readers get it.
func (g *group) export(p *pattern) event.Finding {
	e := &g.first
	server, _ := serverOf(e)
	f := event.Finding{
		Host: e.Host, ID: g.id, Cause: e.Cause, Dir: e.Dir, FromLocal: e.Capture.FromLocal, Certainty: g.certainty(p), Harmless: p.isHarmless(g),
		Summary: e.Summary, Remedy: e.Remedy, Because: e.Because,
		Server: server, Local: e.Local, Peer: e.Peer, Netns: e.Netns, Initiator: e.Initiator, Resets: g.resets, First: g.since, Last: g.last, Peers: g.peers.export(), Lost: g.lost,
		Errors: slices.Clone(g.errors()), Event: e.ID, Absorbed: slices.Clone(g.absorbed),
	}
	if g.key.class == byScan || g.key.class == byTries || g.key.class == byDeath {
		f.Server = event.Endpoint{}
	}
	if p != nil {
		f.Pattern, f.Summary, f.Remedy, f.Because = p.ID, p.say(g)+cause.Said(g.rst()), p.advice(g), g.reasons(p)
	}
	if g.spaces.n > 1 {
		f.Namespaces = g.spaces.export()
	}
	if e.Via == event.Capture {
		f.Because = append(slices.Clip(f.Because), "from packets alone: no process and no socket was seen")
	}
	f.After, _ = g.led.most(g.resets)
	g.exportParties(&f)
	for n := range g.numbers {
		if s := &g.numbers[n]; s.count > 0 {
			f.Numbers = append(f.Numbers, s.export(number(n)))
		}
	}
	return f
}

// rst is the first RST as it arrived, or else as it was sent.
func (g *group) rst() *event.Segment {
	if g.first.LocalSent() && g.both > 0 {
		return &g.other.RST
	}
	return &g.first.RST
}

func (g *group) exportParties(f *event.Finding) {
	if g.first.LocalSent() {
		f.Actor = event.Party{Owner: g.first.Owner, PIDs: g.actors.export()}
		f.Victim = event.Party{Owner: g.other.Owner, PIDs: g.victims.export()}
		if g.first.HostEvent != 0 {
			f.Actor.Host, f.Victim.Host = g.first.HostName, g.other.HostName
		}
		return
	}
	f.Victim = event.Party{Owner: g.first.Owner, PIDs: g.actors.export()}
	if g.first.HostEvent != 0 {
		f.Victim.Host = g.first.HostName
	}
}

// is reports whether the acting end has one of these causes.
func (g *group) is(ids ...event.CauseID) bool { return slices.Contains(ids, g.first.Cause) }

// entry is the catalogue's entry of the group's cause.
func (g *group) entry() cause.Entry {
	entry, _ := cause.Lookup(g.first.Cause)
	return entry
}
