package serve

import (
	"sync/atomic"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// gate is a stage whose filter can be replaced while the tracer runs. Before the next item
// the new one takes effect.
type gate struct {
	to    event.Sink
	next  atomic.Pointer[filter.Filter]
	used  string // the filter in use, as a text
	stage event.Sink

	came, passed uint64 // events
}

func newGate(f *filter.Filter, to event.Sink) *gate {
	g := &gate{to: to}
	g.use(f)
	return g
}

func (g *gate) use(f *filter.Filter) { g.used, g.stage = f.String(), f.Stage(&passing{g.to, g}) }

// passing counts the events that the filter lets pass.
type passing struct {
	event.Sink
	gate *gate
}

func (p *passing) Event(e *event.Event) error {
	p.gate.passed++
	return p.Sink.Event(e)
}

// replace may be called by any goroutine.
func (g *gate) replace(f *filter.Filter) {
	if f == nil {
		f = &filter.Filter{}
	}
	g.next.Store(f)
}

func (g *gate) current() event.Sink {
	// A new stage does not know which events have passed, and holds back what follows them.
	if f := g.next.Swap(nil); f != nil && f.String() != g.used {
		g.use(f)
	}
	return g.stage
}

func (g *gate) Event(e *event.Event) error {
	g.came++
	return g.current().Event(e)
}

// Totals has those that the tracer showed and the filter held back among those not shown.
func (g *gate) Totals(t *event.Totals) error {
	totals := *t
	held := min(g.came-g.passed, totals.Shown)
	totals.Shown -= held
	totals.NotShown += held
	return g.to.Totals(&totals)
}

// Coverage has the filter that is in use.
func (g *gate) Coverage(c *event.Coverage) error {
	g.current() // a new filter is in use from here on
	return g.to.Coverage(c.Hides(g.used))
}

func (g *gate) Followup(f *event.Followup) error { return g.current().Followup(f) }
func (g *gate) Loss(l *event.Loss) error         { return g.to.Loss(l) }
func (g *gate) Audit(a *event.Audit) error       { return g.to.Audit(a) }
func (g *gate) Finding(f *event.Finding) error   { return g.to.Finding(f) }
func (g *gate) Flush(now time.Time) error        { return g.to.Flush(now) }

// ofMatching is a stage behind the one that makes findings: it lets pass what a filter
// matches. Of a finding, the first event counts.
type ofMatching struct {
	event.Sink // what it lets pass
	to         event.Sink
	filter     *filter.Filter
}

// matching puts a filter in front of a sink.
func matching(f *filter.Filter, to event.Sink) event.Sink {
	if f.String() == "" {
		return to
	}
	return &ofMatching{Sink: f.Stage(to), to: to, filter: f}
}

// Finding passes a finding whose first event matches.
func (m *ofMatching) Finding(f *event.Finding) error {
	if !m.filter.Match(f.FirstEvent()) {
		return nil
	}
	return m.to.Finding(f)
}
