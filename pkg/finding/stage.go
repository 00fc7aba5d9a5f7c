package finding

import (
	"container/list"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// groupsMax is how many findings may be open. The one that was quiet longest makes
// room for a new one.
const groupsMax = 10_000

// quietFor ends a finding.
const quietFor = 10 * time.Minute

// updates are how long after its first reset a finding that goes on is reported
// again. The last one repeats.
var updates = [...]time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
}

// Stage adds findings to a stream. Use New. It is for one goroutine, as every sink.
type Stage struct {
	to        event.Sink
	groups    map[key]*list.Element // of *group
	byUse     *list.List            // the one that was quiet longest first
	last      *group                // of the last reset: most have the same
	held      held
	recent    recent
	scans     scans
	halves    halves
	sufferers map[process]sufferer
	ids       uint64
	now       time.Time
	newest    time.Time // the latest that was seen
	agenda    agenda    // what is due next
}

// New returns a stage in front of a sink.
func New(to event.Sink) *Stage {
	return &Stage{to: to, groups: make(map[key]*list.Element), byUse: list.New(), sufferers: make(map[process]sufferer)}
}

// Event passes an event on, with the number of its finding, and the finding where it
// is new. An event may wait for its other end, and those behind it with it.
func (s *Stage) Event(e *event.Event) error {
	if err := s.notice(e.Time); err != nil {
		return err
	}
	s.now = e.Time
	if len(s.held.events) > 0 || awaitsEnd(e) {
		return s.hold(e)
	}
	if e.PeerEvent != 0 {
		if g := s.recent.find(e.PeerEvent); g != nil {
			return s.pass(e, s.addLate(g, e))
		}
	}
	return s.pass(e, s.count(resetOf(e, nil)))
}

// forward gives an event of a group to the next sink.
func (s *Stage) forward(e *event.Event, g *group) error {
	e.Finding = g.id
	s.recent.add(e.ID, g)
	return s.to.Event(e)
}

// pass is forward, and reports what is new of the group.
func (s *Stage) pass(e *event.Event, g *group) error {
	if err := s.forward(e, g); err != nil {
		return err
	}
	if err := s.report(g); err != nil {
		return err
	}
	return s.update(s.now)
}

// count puts a reset into its group.
func (s *Stage) count(r reset) *group {
	if g := s.recent.find(r.acted.Earlier.Event); g != nil {
		g.echoes++
		g.alibi.addEcho(&r)
		return g
	}
	r.closing = closingOf(&r)
	k := keyOf(&r)
	g := s.last
	if g == nil || g.key != k {
		if g = s.halves.find(&r, &k); g != nil {
			g.addHalf(&r)
			return g
		}
	}
	scan := s.scans.note(&r, &k)
	if g = s.last; g == nil || g.key != k {
		g = s.open(k, &r)
	}
	g.add(&r)
	if scan != nil {
		s.takeOver(g, scan)
	}
	s.scans.remember(&r, g)
	s.halves.note(&r, g)
	s.chain(g, &r)
	return g
}

// open finds the group of a key, or begins one.
func (s *Stage) open(k key, r *reset) *group {
	if known := s.groups[k]; known != nil {
		s.byUse.MoveToBack(known)
		s.last = known.Value.(*group)
		return s.last
	}
	if s.byUse.Len() >= groupsMax {
		s.forget(s.byUse.Front())
	}
	s.ids++
	g := &group{id: s.ids, key: k, since: r.acted.Time}
	r.acted.CopyTo(&g.first)
	if r.both() {
		r.suffered.CopyTo(&g.other)
		if g.first.Conn.Role == "" {
			g.first.Conn.Role = opposite[g.other.Conn.Role]
		}
	}
	s.groups[k] = s.byUse.PushBack(g)
	s.last = g
	return g
}

func (s *Stage) forget(e *list.Element) {
	g := s.byUse.Remove(e).(*group)
	delete(s.groups, g.key)
	s.agenda.remove(g)
	s.halves.remove(g)
	if s.last == g {
		s.last = nil
	}
}

// takeOver moves what a scanner did before it was known as one into the group of the
// scan.
func (s *Stage) takeOver(g *group, from *scanner) {
	for _, port := range from.groups {
		known := s.groups[port.key]
		if known == nil || known.Value.(*group) != port || port.resets > ofScan {
			continue
		}
		g.absorb(port)
		s.forget(known)
	}
	from.groups = nil
}

// addLate adds the second end of a reset whose first end was reported without it.
func (s *Stage) addLate(g *group, e *event.Event) *group {
	if !e.LocalSent() || g.first.LocalSent() {
		g.joins(e)
		return g
	}
	into := s.count(resetOf(e, nil))
	into.joins(&g.first)
	if g.resets--; g.resets == 0 {
		into.absorbed = append(into.absorbed, g.id)
		if known := s.groups[g.key]; known != nil && known.Value.(*group) == g {
			s.forget(known)
		}
	}
	return into
}

// Followup passes it on. It may show whom the reset hurt.
func (s *Stage) Followup(f *event.Followup) error {
	g := s.recent.find(f.Event)
	if g == nil {
		return s.to.Followup(f)
	}
	f.Finding = g.id
	if err := s.to.Followup(f); err != nil {
		return err
	}
	s.now = f.Time
	switch {
	case f.Kind == event.GotSIGPIPE && f.Ended:
		g.deaths++
	case f.Kind == event.GotError && !f.Expected:
		g.got(f.Errno, 1)
	}
	return s.report(g)
}

// Finding drops it: a recording holds the findings of its own time, and they are made
// anew here.
func (s *Stage) Finding(*event.Finding) error { return nil }

// Loss passes it on.
func (s *Stage) Loss(l *event.Loss) error { return s.to.Loss(l) }

// Audit passes it on.
func (s *Stage) Audit(a *event.Audit) error { return s.to.Audit(a) }

// Coverage passes it on.
func (s *Stage) Coverage(c *event.Coverage) error { return s.to.Coverage(c) }

// Totals reports the findings since the totals before, what hurts first, and passes
// the totals on.
func (s *Stage) Totals(t *event.Totals) error {
	if err := s.letAllGo(); err != nil {
		return err
	}
	s.now = t.Time
	if err := s.Report(); err != nil {
		return err
	}
	return s.to.Totals(t)
}

// Report reports the findings as Totals does, for a stream that ends without totals.
func (s *Stage) Report() error {
	if err := s.letAllGo(); err != nil {
		return err
	}
	for _, g := range s.ranked() {
		if err := s.say(g, event.FindingTotal); err != nil {
			return err
		}
		g.said.total = g.resets
	}
	return nil
}

func (s *Stage) letAllGo() error {
	for len(s.held.events) > 0 {
		if err := s.letGo(); err != nil {
			return err
		}
	}
	return nil
}

// Flush passes it on, behind what became due.
func (s *Stage) Flush(now time.Time) error {
	if err := s.notice(now); err != nil {
		return err
	}
	if err := s.release(now); err != nil {
		return err
	}
	if err := s.update(now); err != nil {
		return err
	}
	return s.to.Flush(now)
}
