package finding

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// report says what is new of a group: that it began, or that it is something else than
// it seemed.
func (s *Stage) report(g *group) error {
	said := &g.said
	if said.resets == 0 {
		said.due = g.since.Add(updates[0])
		s.agenda.begin(g)
		return s.say(g, event.FindingBegins)
	}
	// Its numbers change the diagnosis while there are few, and rarely later.
	if bits.OnesCount64(g.resets) != 1 && g.deaths == 0 {
		return nil
	}
	if p := diagnose(g); p != said.pattern || p.isHarmless(g) != said.harmless {
		return s.say(g, event.FindingGrows)
	}
	return nil
}

// update reports what became due, and ends what was quiet for long.
func (s *Stage) update(now time.Time) error {
	for len(s.agenda) > 0 && !now.Before(s.agenda[0].wake) {
		g := s.agenda[0]
		if now.Sub(g.last) >= quietFor {
			if err := s.say(g, event.FindingEnds); err != nil {
				return err
			}
			s.forget(s.groups[g.key])
			continue
		}
		for !now.Before(g.said.due) {
			g.said.step = min(g.said.step+1, len(updates)-1)
			g.said.due = later(g, now)
		}
		s.agenda.wakeLater(g)
		if g.resets > g.said.resets {
			if err := s.say(g, event.FindingGrows); err != nil {
				return err
			}
		}
	}
	return nil
}

// later is when the next update of a group is due.
func later(g *group, now time.Time) time.Time {
	wait := updates[g.said.step]
	if due := g.since.Add(wait); due.After(now) {
		return due
	}
	if g.said.step < len(updates)-1 {
		return g.since.Add(wait)
	}
	return now.Add(wait)
}

// say gives a finding to the next sink.
func (s *Stage) say(g *group, phase event.FindingPhase) error {
	p := diagnose(g)
	g.goesOn = phase == event.FindingBegins || phase == event.FindingGrows
	f := g.export(p)
	g.said.pattern, g.said.harmless, g.said.resets = p, f.Harmless, g.resets
	f.Time, f.Phase = s.now, phase
	return s.to.Finding(&f)
}

// ranked are the groups with resets since the last totals: what hurts before what is
// harmless, then by what was lost, then by how often.
func (s *Stage) ranked() []*group {
	var groups []*group
	for e := s.byUse.Front(); e != nil; e = e.Next() {
		if g := e.Value.(*group); g.resets > g.said.total {
			groups = append(groups, g)
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(b.weight(), a.weight()),
			cmp.Compare(b.resets, a.resets),
			cmp.Compare(a.id, b.id),
		)
	})
	return groups
}

// weight ranks a group: 3 processes died, 2 data or errors, 1 else, 0 harmless.
func (g *group) weight() int {
	switch {
	case diagnose(g).isHarmless(g):
		return 0
	case g.deaths > 0 || g.key.class == byDeath:
		return 3
	case g.hurt():
		return 2
	default:
		return 1
	}
}
