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
		s.soonest(said.due)
		return s.say(g, event.FindingBegins)
	}
	// Its numbers change the diagnosis while there are few, and rarely later.
	if bits.OnesCount64(g.resets) != 1 && g.deaths == 0 {
		return nil
	}
	if diagnose(g) != said.pattern {
		return s.say(g, event.FindingGrows)
	}
	return nil
}

// soonest remembers when the next update may be due.
func (s *Stage) soonest(due time.Time) {
	if s.next.IsZero() || due.Before(s.next) {
		s.next = due
	}
}

// update reports what became due, and ends what was quiet for long.
func (s *Stage) update(now time.Time) error {
	if s.next.IsZero() || now.Before(s.next) {
		return nil
	}
	s.next = time.Time{}
	for e := s.byUse.Front(); e != nil; {
		g, next := e.Value.(*group), e.Next()
		switch {
		case now.Sub(g.last) >= quietFor:
			if err := s.say(g, event.FindingEnds); err != nil {
				return err
			}
			s.forget(e)
		case !now.Before(g.said.due):
			for !now.Before(g.said.due) {
				g.said.step = min(g.said.step+1, len(updates)-1)
				g.said.due = later(g, now)
			}
			if g.resets > g.said.resets {
				if err := s.say(g, event.FindingGrows); err != nil {
					return err
				}
			}
			s.soonest(g.said.due)
		default:
			s.soonest(g.said.due)
		}
		e = next
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
	g.said.pattern, g.said.resets = p, g.resets
	f := g.export(p)
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
