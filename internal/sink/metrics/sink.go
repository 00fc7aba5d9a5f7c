package metrics

import (
	"cmp"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// DefaultOwners is how many series by owner there are.
const DefaultOwners = 500

// restFor is for how long a series by owner or port must have rested before it gives way
// to a new one.
const restFor = time.Hour

// Options for New.
type Options struct {
	// Owners is how many series by owner there are at most; 0: DefaultOwners.
	Owners int
	// Dirs are the directions that are watched; none: sent, received and ignored.
	Dirs []event.Dir
	// Kernel gives what is exact; nil: none of it is shown.
	Kernel Kernel
	// Now is the clock; nil: time.Now. It may jump.
	Now func() time.Time
}

// Sink counts events, and is collected by a prometheus.Registry.
type Sink struct {
	event.NopSink
	kernel Kernel
	now    func() time.Time
	begun  *timestamppb.Timestamp

	mu          sync.Mutex // guards all below
	seen        uint64     // events
	displaced   uint64
	exact       map[resetKey]*exactSeries
	owners      *table[ownerKey]
	byPort      *table[portKey]
	ports       ports
	findings    *table[event.PatternID]
	reported    reported
	errors      *table[errorKey]
	sigpipes    *table[string]
	lostBytes   *table[string]
	diagnostics *table[string]
	audited     map[string]float64 // by counter
	notShown    notShown

	idle, age *prometheus.HistogramVec
	idleOf    map[event.CauseID]*histogram
	ageOf     map[event.Dir]*histogram
}

// New returns a sink whose foreseeable series are there, with 0.
func New(o Options) *Sink {
	if o.Owners == 0 {
		o.Owners = DefaultOwners
	}
	if len(o.Dirs) == 0 {
		o.Dirs = []event.Dir{event.Sent, event.Received, event.Ignored}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Sink{
		kernel: o.Kernel, now: o.Now, begun: timestamppb.New(o.Now()), exact: make(map[resetKey]*exactSeries), audited: make(map[string]float64),
		owners: newOwnerTable(o.Owners), byPort: newPortTable(), reported: make(reported),
		findings: newFindingTable(), errors: newErrorTable(), sigpipes: newWordTable(sigpipes, "true", "false"),
		lostBytes:   newWordTable(lostBytes, unread, unsent, unacked),
		diagnostics: newWordTable(diagnostics, diagnosticCodes()...),
	}
	s.owners.keep, s.byPort.keep = restFor, restFor
	for _, key := range resetKeys(o.Dirs) {
		s.exact[key] = newExactSeries(key)
	}
	s.foresee(o.Now())
	s.openHistograms(o.Dirs)
	return s
}

func (s *Sink) foresee(now time.Time) {
	for _, id := range findingIDs() {
		s.findings.foresee(id, now)
	}
	for _, key := range errorKeys {
		s.errors.foresee(key, now)
	}
	for _, ended := range []string{"true", "false"} {
		s.sigpipes.foresee(ended, now)
	}
	for _, kind := range []string{unread, unsent, unacked} {
		s.lostBytes.foresee(kind, now)
	}
	for _, code := range diagnosticCodes() {
		s.diagnostics.foresee(code, now)
	}
}

// Listening says on which ports of this host somebody listens now. Any goroutine may
// call it.
func (s *Sink) Listening(ports []uint16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, port := range ports {
		s.ports.add(port)
	}
}

// Event counts an event.
func (s *Sink) Event(e *event.Event) error {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen++
	s.notShown.late(e.Time)
	key := resetKey{e.Dir, e.Cause}
	if exact := s.exact[key]; exact != nil {
		exact.exemplar.set(e, 1)
	}
	s.countOwner(key, e, now)
	s.ports.learn(e)
	s.byPort.count(portKey{key, s.ports.of(e)}, 1, e, now)
	s.countBytes(e, now)
	if e.App.Errno != "" {
		s.errors.count(errorKey{e.App.Errno, e.App.ErrorCall}, 1, e, now)
	}
	if !e.LocalSent() && e.RST.Reason != nil {
		s.diagnostics.count(diagnosticCode(e.RST.Reason), 1, e, now)
	}
	s.observe(e, now)
	return nil
}

func (s *Sink) countOwner(key resetKey, e *event.Event, now time.Time) {
	kind, name := ownerName(&e.Owner)
	if !s.owners.count(ownerKey{key, kind, name}, 1, e, now) {
		s.displaced++
	}
}

func (s *Sink) countBytes(e *event.Event, now time.Time) {
	for _, lost := range [...]struct {
		kind  string
		bytes uint32
	}{{unread, e.Lost.UnreadBytes}, {unsent, e.Lost.UnsentBytes}, {unacked, e.Lost.UnackedBytes}} {
		if lost.bytes > 0 {
			s.lostBytes.count(lost.kind, uint64(lost.bytes), e, now)
		}
	}
}

// Followup counts a SIGPIPE.
func (s *Sink) Followup(f *event.Followup) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f.Kind {
	case event.GotSIGPIPE:
		s.sigpipes.count(strconv.FormatBool(f.Ended), 1, nil, s.now())
	case event.GotError:
		if !f.Expected {
			s.errors.count(errorKey{f.Errno, otherValue}, 1, nil, s.now())
		}
	}
	return nil
}

// Finding counts an incident once for each diagnosis that it gets.
func (s *Sink) Finding(f *event.Finding) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := cmp.Or(f.Pattern, noFinding); s.reported.isNew(f, id) {
		s.findings.count(id, 1, nil, s.now())
	}
	return nil
}

// reported is what each finding that goes on was diagnosed as last.
type reported map[uint64]event.PatternID

// reportedMax is more than package finding keeps open.
const reportedMax = 20_000

func (r reported) isNew(f *event.Finding, id event.PatternID) bool {
	if f.Phase == event.FindingTotal {
		return false // it was reported before
	}
	before, known := r[f.ID]
	if len(r) >= reportedMax && !known {
		clear(r) // of findings that ended without a word
	}
	r[f.ID] = id
	if f.Phase == event.FindingEnds {
		delete(r, f.ID)
	}
	return !known || before != id
}

// Audit keeps what the kernel's counters say otherwise than the events.
func (s *Sink) Audit(a *event.Audit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range a.Counters {
		c := &a.Counters[i]
		s.audited[c.Name] = unexplained(c)
	}
	return nil
}

// unexplained is what a counter has more than the events; less, if it is negative.
func unexplained(c *event.AuditCounter) float64 {
	switch {
	case c.OK || c.Uncompared:
		return 0
	case c.Kernel > c.Most():
		return float64(c.Kernel - c.Most())
	case c.Kernel < c.Counted:
		return -float64(c.Counted - c.Kernel)
	}
	return 0
}
