package report

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/timeline"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say what a page is about.
type Options struct {
	Title     string   // "": a general one
	Version   string   // of rsttrace; "": it is not written
	Sources   []string // names of the files; empty: it was live
	Filtered  bool     // the stream has less than the recording
	EventsMax int      // events on the page; 0: DefaultEventsMax
}

// DefaultEventsMax is how many events are on a page that does not say otherwise.
const DefaultEventsMax = 100_000

// Sink adds up a stream. Use New.
type Sink struct {
	event.NopSink
	options  Options
	events   uint64
	captured uint64 // of which a capture shows the packets only
	span     span
	causes   tally
	when     timeline.Timeline // by number of the cause
	names    numbered          // of causes
	quiet    durations
	ages     durations
	who      tally
	ports    tally
	peers    tally
	pairs    pairs
	losers   tally
	// undelivered are bytes that the end that sent them lost.
	undelivered uint64
	findings    findings
	account     account
	held        heldEvents
	problems    []string
}

// New returns a Sink.
func New(o Options) *Sink {
	if o.EventsMax == 0 {
		o.EventsMax = DefaultEventsMax
	}
	s := &Sink{options: o}
	s.when.Most = binsOfPage
	s.findings.when.Most = binsOfFinding
	s.held.init(o.EventsMax)
	return s
}

// NewInput says that what follows comes from another run: numbers of events begin again.
func (s *Sink) NewInput() {
	s.pairs.forget()
	s.account.newRun()
	s.held.newRun()
}

// Problem says on the page that the input could not be read as a whole, and why.
func (s *Sink) Problem(text string) { s.problems = append(s.problems, text) }

// Empty reports whether nothing came, neither events nor their totals.
func (s *Sink) Empty() bool { return s.events == 0 && s.account.runs == 0 && !s.account.has }

// Event adds an event.
func (s *Sink) Event(e *event.Event) error {
	if e.ID <= s.held.last && e.ID != 0 {
		s.NewInput() // a file may hold several runs, one behind the other
	}
	s.events++
	if e.Via == event.Capture {
		s.captured++
	}
	number := s.names.of(clip(string(e.Cause)))
	s.span.add(e.Time)
	s.when.Add(number, e.Time)
	s.causes.row(clip(string(e.Dir))+" "+s.names.names[number]).add(e, number)
	s.who.row(ownerOf(e)).add(e, number)
	s.peers.row(addressOf(e.Peer)).add(e, number)
	s.ports.row(portOf(e)).add(e, number)
	s.undelivered += uint64(e.Lost.UnsentBytes) + uint64(e.Lost.UnackedBytes)
	s.addLost(e, number)
	s.addDurations(e)
	s.pairs.add(e)
	s.findings.seen(e)
	s.held.add(e)
	return nil
}

// Followup adds what happened to an application after an event.
func (s *Sink) Followup(f *event.Followup) error {
	s.findings.followup(f)
	s.held.followup(f)
	return nil
}

// Finding takes the newest form of a finding.
func (s *Sink) Finding(f *event.Finding) error {
	s.findings.take(f)
	return nil
}

// Totals takes the exact counts of a run. Later ones of the same run replace them.
func (s *Sink) Totals(t *event.Totals) error {
	s.account.totals(t)
	return nil
}

// Loss adds a loss.
func (s *Sink) Loss(l *event.Loss) error {
	s.account.lost += l.Events
	return nil
}

// Audit takes a comparison with the counters of the kernel.
func (s *Sink) Audit(a *event.Audit) error {
	s.account.audit(a)
	return nil
}

// span is from the first to the last event.
type span struct {
	first, last time.Time
}

func (s *span) add(t time.Time) {
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if s.last.IsZero() || t.After(s.last) {
		s.last = t
	}
}
