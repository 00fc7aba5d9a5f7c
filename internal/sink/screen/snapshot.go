package screen

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Snapshot is all that the screen shows of one moment. It does not change.
type Snapshot struct {
	Version   uint64    // Snapshots of one version are equal, except for what time does to them
	Now       time.Time // of the stream
	Resets    uint64
	Rate      float64
	Series    [Seconds]float64
	Causes    []Cause        // in no order
	Findings  []Finding      // in no order
	Events    []*event.Event // the oldest first
	Followups []*event.Followup
	Account   event.Totals // without counts; zero before the first totals
	Lost      uint64       // events without details
	Notes     []string
	Filter    Filter // what events and findings match
}

// Snapshot returns what is known now.
func (s *Sink) Snapshot() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.causes.read // no second before it lacks anything
	if !s.options.Exact {
		now = s.now.Add(time.Second) // the second of the latest item is shown
	}
	shot := &Snapshot{
		Version: s.version, Now: now, Rate: s.causes.all.rate(now), Series: s.causes.all.series(now),
		Followups: s.followups[:len(s.followups):len(s.followups)],
		Account:   s.account, Lost: max(s.lost, s.account.Lost), Notes: s.notes[:len(s.notes):len(s.notes)],
		Filter: s.filter,
	}
	shot.Causes, shot.Resets = s.causes.list(now)
	shown := &s.events
	if s.filter.chooses() {
		shown = &s.shown
	}
	shot.Events = shown.lend()
	shot.Findings = s.findings.list(now, s.filter.findings(shot.Events))
	return shot
}

// Version grows with each change.
func (s *Sink) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}
