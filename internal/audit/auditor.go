package audit

import "time"

// Events is the state of the exact event counters: of the whole host, and
// whatever was shown of the events.
type Events struct {
	Counts     Counts
	Namespaces map[Namespace]Counts // the same events by network namespace
	Uncounted  uint64               // events of which only the number is known
	Unplaced   uint64               // events that are in Counts and not in Namespaces
	Missed     uint64               // hooks that ran without being seen
}

// Auditor holds events against counters, over time. Its methods are for one
// goroutine.
type Auditor struct {
	host   Host
	events func() (Events, error)
	limits []Limit
	pause  func(time.Duration)

	ledger ledger
	first  observation
	last   observation
}

// Options for New. The zero value audits the running machine.
type Options struct {
	Host   Host
	Limits []Limit // what the attached hooks cannot see
}

// New reads the counters for the first time. events must be attached already:
// whatever comes before is in neither account.
func New(events func() (Events, error), o Options) (*Auditor, error) {
	a := &Auditor{host: o.Host, events: events, limits: o.Limits, pause: time.Sleep}
	return a, a.begin()
}

func (a *Auditor) begin() error {
	m, err := a.observe()
	if err != nil {
		return err
	}
	a.ledger.enter(m.reading)
	a.first, a.last = m, m
	return nil
}

// Interval reports on the time since the last report, or since New.
func (a *Auditor) Interval() (Report, error) {
	from := a.last
	since, err := a.advance()
	if err != nil {
		return Report{}, err
	}
	return a.report(from, a.last, since), nil
}

// Whole reports on the time since New.
func (a *Auditor) Whole() (Report, error) {
	if _, err := a.advance(); err != nil {
		return Report{}, err
	}
	return a.report(a.first, a.last, a.ledger.whole), nil
}

func (a *Auditor) advance() (account, error) {
	m, err := a.observe()
	if err != nil {
		return account{}, err
	}
	a.last = m
	return a.ledger.enter(m.reading), nil
}

// observation is one reading of the counters, with the events before and after it.
type observation struct {
	at            time.Time
	reading       *Reading
	before, after Events
}

// eventsDuring is how many events came while the counters were read.
func (m *observation) eventsDuring() uint64 {
	return m.after.total() - m.before.total()
}

func (e *Events) total() uint64 {
	total := e.Uncounted
	for _, n := range e.Counts {
		total += n
	}
	return total
}

const (
	// guard is a pause between events and counters. A reset passes its hook and
	// its counter microseconds apart, in an order that differs from path to path.
	guard = time.Millisecond
	// attempts to read the counters while no event comes.
	attempts = 5
	// patience is when no further attempt begins: whoever calls has events to
	// print meanwhile.
	patience = 30 * time.Millisecond
)

// observe reads the counters between two equal readings of the events, so that
// both tell of the same moment. Where resets come too fast for that, the
// narrowest attempt gives bounds.
func (a *Auditor) observe() (observation, error) {
	var best observation
	began := time.Now()
	for range attempts {
		m, err := a.observeOnce()
		if err != nil {
			return observation{}, err
		}
		if best.reading == nil || m.eventsDuring() < best.eventsDuring() {
			best = m
		}
		if best.eventsDuring() == 0 || time.Since(began) > patience {
			break
		}
	}
	return best, nil
}

func (a *Auditor) observeOnce() (m observation, err error) {
	if m.before, err = a.events(); err != nil {
		return m, err
	}
	a.pause(guard)
	m.at = time.Now()
	if m.reading, err = a.host.Read(); err != nil {
		return m, err
	}
	a.pause(guard)
	m.after, err = a.events()
	return m, err
}

// since returns the growth of each count, and of what has no key.
func (e *Events) since(start *Events) Events {
	growth := Events{
		Counts:     e.Counts.since(start.Counts),
		Namespaces: make(map[Namespace]Counts),
		Uncounted:  saturatingSub(e.Uncounted, start.Uncounted),
		Unplaced:   saturatingSub(e.Unplaced, start.Unplaced),
		Missed:     saturatingSub(e.Missed, start.Missed),
	}
	for namespace, counts := range e.Namespaces {
		if fresh := counts.since(start.Namespaces[namespace]); len(fresh) > 0 {
			growth.Namespaces[namespace] = fresh
		}
	}
	return growth
}

// since returns the growth of each count that grew.
func (c Counts) since(start Counts) Counts {
	growth := make(Counts)
	for key, n := range c {
		if n > start[key] {
			growth[key] = n - start[key]
		}
	}
	return growth
}

func saturatingSub(a, b uint64) uint64 { return a - min(a, b) }
