package join

import (
	"cmp"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options are the bounds of a join. What is zero has a default.
type Options struct {
	// ClockError is by how much the clocks of two hosts may differ: 2 s. Both ends of a RST
	// are no further apart.
	ClockError time.Duration
	// Held is how many items wait at most: 50 000. If there are more, nothing is said of
	// those that could not wait.
	Held int
}

const (
	defaultClockError = 2 * time.Second
	defaultHeld       = 50_000
	// lateness is how far an item may be out of the order of time.
	lateness = 3 * time.Second
	// patience is how long an event waits for proof that a host saw all: until its next
	// coverage, and a little longer.
	patience = event.CoverageEvery + 2*settle
	// retryEvery is how often it is asked for that.
	retryEvery = time.Second
)

// Result is what a join came to.
type Result struct {
	Hosts   int
	Events  uint64
	Pairs   uint64 // both ends are known; Likely of them by their numbers only
	Likely  uint64
	Nobody  uint64 // received, and no traced host sent it
	Never   uint64 // sent, and never arrived
	NotSeen uint64 // one end is known, and nothing follows of the other one
	Crowded uint64 // of these, events that could not wait: see Options.Held
	Clocks  []Clock
}

// Stage joins a stream of the items of several hosts. Use New. It is for one goroutine, as
// every sink.
type Stage struct {
	to      event.Sink
	options Options
	hosts   hosts
	index   index
	clocks  clocks

	queue  []*entry // in the order in which they came
	head   int
	free   []*entry
	now    time.Time // the latest of all items
	blind  time.Time // until then, entries may have gone that would fit
	ended  bool
	ids    uint64
	latest time.Time // of what was passed on
	result Result
}

// New returns a stage in front of a sink.
func New(to event.Sink, o Options) *Stage {
	o.ClockError = cmp.Or(o.ClockError, defaultClockError)
	o.Held = cmp.Or(o.Held, defaultHeld)
	return &Stage{to: to, options: o, hosts: newHosts(), index: newIndex(o.ClockError), clocks: make(clocks)}
}

// Event takes an event. It comes out of the stage once its other end is known, or is known
// not to come.
func (s *Stage) Event(e *event.Event) error {
	h := s.arrived(&e.Host, e.Time)
	n := s.entry()
	e.CopyTo(&n.event)
	n.host = h
	n.read()
	if e.Dir != event.Observed && !e.Forwarded {
		s.hosts.own(h, e.Local.Addr)
	}
	if n.open {
		s.index.add(n)
	}
	s.named(n)
	s.result.Events++
	return s.push(n)
}

// named takes note of an event that names an earlier one of its host as the other end of its
// RST. The earlier one may have been written before that was known. It waits for no host.
func (s *Stage) named(n *entry) {
	if o := s.index.ofHost(n); o != nil {
		s.index.remove(o)
		o.open, o.event.PeerEvent = false, n.event.ID
	}
}

// Followup waits for the events before it.
func (s *Stage) Followup(f *event.Followup) error {
	c, h := *f, s.arrived(&f.Host, f.Time)
	return s.pushOther(func(to event.Sink) error {
		if c.Event = h.ids.of(c.Event); c.Event == 0 {
			return nil
		}
		return to.Followup(&c)
	})
}

// Finding is dropped: those of one host are made anew of the events of all.
func (s *Stage) Finding(f *event.Finding) error {
	s.arrived(&f.Host, f.Time)
	return nil
}

// Loss waits for the events before it.
func (s *Stage) Loss(l *event.Loss) error {
	before := s.lastOf(&l.Host, l.Time)
	h, c := s.arrived(&l.Host, l.Time), *l
	h.lose(l, before)
	return s.pushOther(func(to event.Sink) error { return to.Loss(&c) })
}

// Coverage waits for the events before it.
func (s *Stage) Coverage(v *event.Coverage) error {
	h := s.arrived(&v.Host, v.Time)
	h.cover(v)
	for _, addr := range v.Addresses {
		s.hosts.own(h, addr)
	}
	c := v.Clone()
	return s.pushOther(func(to event.Sink) error { return to.Coverage(c) })
}

// Totals are added up: End passes the sum on.
func (s *Stage) Totals(t *event.Totals) error {
	h := s.arrived(&t.Host, t.Time)
	h.totals = *t.Clone()
	return nil
}

// Audit is dropped: it is about one host.
func (s *Stage) Audit(a *event.Audit) error {
	s.arrived(&a.Host, a.Time)
	return nil
}

// Flush passes it on.
func (s *Stage) Flush(now time.Time) error { return s.to.Flush(now) }

// arrived notes that an item came of a host.
func (s *Stage) arrived(of *event.Host, at time.Time) *host {
	h := s.hosts.of(of)
	if at.After(h.last) {
		h.last = at
	}
	if at.After(s.now) {
		s.now = at
	}
	return h
}

// lastOf is when the item before came of a host: at, if there was none.
func (s *Stage) lastOf(of *event.Host, at time.Time) time.Time {
	if last := s.hosts.of(of).last; !last.IsZero() && last.Before(at) {
		return last
	}
	return at
}

func (s *Stage) pushOther(give func(event.Sink) error) error {
	n := s.entry()
	n.other = give
	return s.push(n)
}

// entry returns an empty one, in the memory of one that has gone.
func (s *Stage) entry() *entry {
	last := len(s.free) - 1
	if last < 0 {
		return new(entry)
	}
	n := s.free[last]
	s.free = s.free[:last]
	*n = entry{event: n.event}
	return n
}

func (s *Stage) push(n *entry) error {
	s.queue = append(s.queue, n)
	return s.advance()
}

// held is how many items wait.
func (s *Stage) held() int { return len(s.queue) - s.head }

// advance passes on what need not wait any longer.
func (s *Stage) advance() error {
	for s.held() > 0 {
		n := s.queue[s.head]
		if !n.released && !s.ready(n) {
			return nil
		}
		if err := s.letGo(n); err != nil {
			return err
		}
		s.drop()
	}
	return nil
}

// drop takes the first entry out of the queue.
func (s *Stage) drop() {
	n := s.queue[s.head]
	s.queue[s.head] = nil
	s.head++
	n.partner = nil
	s.free = append(s.free, n)
	if s.head > len(s.queue)/2 && s.head > 1024 {
		left := copy(s.queue, s.queue[s.head:])
		clear(s.queue[left:])
		s.queue, s.head = s.queue[:left], 0
	}
}

// letGo passes an entry on, with its other end right behind: the sender goes first.
func (s *Stage) letGo(n *entry) error {
	switch {
	case n.released:
		return nil
	case n.other != nil:
		return n.other(s.to)
	case n.partner == nil:
		return s.give(n)
	}
	first, second := n, n.partner
	if second.sent {
		first, second = second, first
	}
	s.tie(first, second)
	if err := s.give(first); err != nil {
		return err
	}
	return s.give(second)
}

// give passes an event on, with the number that it has from here on.
func (s *Stage) give(n *entry) error {
	e := &n.event
	n.released = true
	if n.open {
		s.index.remove(n)
	}
	s.ids++
	own := e.ID
	e.ID, e.HostEvent, e.Finding = s.ids, own, 0
	n.host.ids.set(own, e.ID)
	n.renumber()
	if n.partner == nil && e.PeerEvent != 0 {
		later := e.PeerEvent > own
		e.PeerEvent = n.host.ids.of(e.PeerEvent)
		e.PeerFollows = later && e.PeerEvent == 0
	}
	if e.Time.After(s.latest) {
		s.latest = e.Time
	}
	return s.to.Event(e)
}

// End says that no item comes any more. It passes on what waits, and the sum of all totals.
func (s *Stage) End() error {
	s.ended = true
	if err := s.advance(); err != nil {
		return err
	}
	if err := s.to.Totals(s.sum()); err != nil {
		return err
	}
	return s.to.Flush(s.now)
}

// Result is complete behind End.
func (s *Stage) Result() Result {
	r := s.result
	r.Hosts, r.Clocks = len(s.hosts.all), s.clocks.list(s.now)
	return r
}

// sum adds up the last totals of all hosts.
func (s *Stage) sum() *event.Totals {
	sum := &event.Totals{Time: s.now, Shown: s.ids}
	rows := make(map[event.Count]int)
	for _, h := range s.hosts.all {
		t := &h.totals
		sum.NotShown, sum.Lost, sum.Missed = sum.NotShown+t.NotShown, sum.Lost+t.Lost, sum.Missed+t.Missed
		sum.OwnersNotSought += t.OwnersNotSought
		sum.LostRecords.Add(&t.LostRecords)
		for _, c := range t.Counts {
			key := event.Count{Dir: c.Dir, Cause: c.Cause}
			at, known := rows[key]
			if !known {
				at = len(sum.Counts)
				rows[key] = at
				sum.Counts = append(sum.Counts, key)
			}
			sum.Counts[at].Events += c.Events
		}
	}
	return sum
}
