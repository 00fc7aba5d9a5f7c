package screen

import (
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say what kind of stream it is.
type Options struct {
	// Exact: totals come at least every second. Without it, as in a recording, events are
	// counted, and totals only correct the numbers.
	Exact bool
}

// followupsMax is how many follow-ups are known.
const followupsMax = 1024

// Sink is what is known of a stream. Use New. Any goroutine may use it.
type Sink struct {
	options Options

	mu        sync.Mutex
	version   uint64    // grows with each change
	now       time.Time // of the latest item
	causes    causes
	findings  findings
	events    ring
	shown     ring // the events of the filter
	filter    Filter
	followups []*event.Followup
	account   event.Totals // the latest, without counts
	lost      uint64
	notes     notes
}

// New returns a Sink that knows nothing yet.
func New(o Options) *Sink {
	s := &Sink{options: o}
	s.forget()
	return s
}

// Forget makes the sink as it was in the beginning, except for the filter and the notes.
func (s *Sink) Forget() {
	defer s.change()()
	s.forget()
}

func (s *Sink) forget() {
	s.now = time.Time{}
	s.causes = causes{exact: s.options.Exact, rows: make(map[causeKey]*causeRow)}
	s.findings = make(findings)
	s.events, s.shown = ring{}, ring{}
	s.followups, s.account, s.lost = nil, event.Totals{}, 0
}

// change begins a change. What it returns ends it.
func (s *Sink) change() (end func()) {
	s.mu.Lock()
	s.version++
	return s.mu.Unlock
}

// Show shows only what a filter matches, from now on and of what is known. Totals are
// those of all.
func (s *Sink) Show(f Filter) {
	defer s.change()()
	s.filter = f
	s.shown = ring{}
	if f.chooses() {
		s.shown.refill(&s.events, f.event)
	}
}

// Event takes an event.
func (s *Sink) Event(e *event.Event) error {
	s.mu.Lock() // no change: it is the way that all events take
	defer s.mu.Unlock()
	s.version++
	s.passed(e.Time)
	s.causes.event(e)
	s.events.add(e)
	if s.filter.chooses() && s.filter.event(e) {
		s.shown.add(e)
	}
	return nil
}

// passed notes how far the stream is.
func (s *Sink) passed(at time.Time) {
	if at.After(s.now) {
		s.now = at
	}
}

// Followup takes what an event led to.
func (s *Sink) Followup(f *event.Followup) error {
	defer s.change()()
	s.passed(f.Time)
	copied := *f
	if len(s.followups) == followupsMax {
		s.followups = append(s.followups[:0:0], s.followups[followupsMax/2:]...)
	}
	s.followups = append(s.followups, &copied)
	return nil
}

// Finding takes what is new of an incident.
func (s *Sink) Finding(f *event.Finding) error {
	defer s.change()()
	s.passed(f.Time)
	s.findings.add(f)
	return nil
}

// Totals takes the exact counts.
func (s *Sink) Totals(t *event.Totals) error {
	defer s.change()()
	s.passed(t.Time)
	s.causes.totals(t)
	s.account = *t
	s.account.Counts, s.account.Tops = nil, nil
	return nil
}

// Loss notes that details are missing.
func (s *Sink) Loss(l *event.Loss) error {
	defer s.change()()
	s.passed(l.Time)
	s.lost += l.Events
	return nil
}

// Audit notes what the audit says.
func (s *Sink) Audit(a *event.Audit) error {
	s.Note(sentence.Audit(a))
	return nil
}

// Coverage shows nothing: doctor says what cannot be known here.
func (s *Sink) Coverage(*event.Coverage) error { return nil }

// Flush notes how far the stream is.
func (s *Sink) Flush(now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed(now)
	return nil
}
