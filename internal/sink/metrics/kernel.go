package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Kernel is asked at each scrape, by the goroutine of the scraper.
type Kernel interface {
	// Counts are the exact counts. If they cannot be read, these are the last ones.
	Counts() event.Totals
	Hooks() []Hook
	// Limits are the ids of what cannot be known.
	Limits() []string
}

// Hook is a place in the kernel where rsttrace looks.
type Hook struct {
	Name   string       // of the function or tracepoint
	Method event.Method // "": it could not be attached
	Needed bool         // without it resets are not seen
}

// Describe is part of prometheus.Collector.
func (s *Sink) Describe(to chan<- *prometheus.Desc) {
	for _, f := range families {
		switch f {
		case idle:
			s.idle.Describe(to)
		case age:
			s.age.Describe(to)
		default:
			to <- f.Desc
		}
	}
}

// Collect is part of prometheus.Collector. The exact counts are read before the events are
// looked at: so no event is in the second that the first lack.
func (s *Sink) Collect(to chan<- prometheus.Metric) {
	var points []point
	var counts event.Totals
	if s.kernel != nil {
		counts = s.kernel.Counts()
		points = s.collectHooks(points)
	}
	points = s.collectCounts(points, &counts)
	for i := range points {
		to <- &points[i]
	}
	s.idle.Collect(to)
	s.age.Collect(to)
}

func (s *Sink) collectHooks(points []point) []point {
	for _, hook := range s.kernel.Hooks() {
		method := string(hook.Method)
		attached := 1.0
		if method == "" {
			method, attached = "none", 0
		}
		if hook.Needed {
			points = append(points, gauge(hookAttached, attached, hook.Name))
		}
		points = append(points, gauge(hookInfo, 1, hook.Name, method))
	}
	for _, limit := range s.kernel.Limits() {
		points = append(points, gauge(limitInfo, 1, limit))
	}
	return points
}

func (s *Sink) collectCounts(points []point, counts *event.Totals) []point {
	s.mu.Lock()
	defer s.mu.Unlock()
	points = s.collectResets(points, counts)
	points = s.owners.collect(points)
	points = s.byPort.collect(points)
	points = s.findings.collect(points)
	points = s.errors.collect(points)
	points = s.sigpipes.collect(points)
	points = s.lostBytes.collect(points)
	points = s.diagnostics.collect(points)
	for name, value := range s.audited {
		points = append(points, gauge(auditUnexplained, value, name))
	}
	return append(points,
		s.counter(eventsLost, counts.Lost),
		s.counter(eventsNotShown, s.notShown.at(s.now(), counts.Events()-counts.Lost, s.seen)),
		s.counter(probesMissed, counts.Missed),
		s.counter(ownerDisplaced, s.displaced),
	)
}

// collectResets has a series for each cause that can be counted, and for what should not
// be and is.
func (s *Sink) collectResets(points []point, counts *event.Totals) []point {
	for _, count := range counts.Counts {
		key := resetKey{count.Dir, count.Cause}
		if key.dir == "" {
			key.dir = dirUnknown
		}
		if s.exact[key] == nil {
			s.exact[key] = newExactSeries(key)
		}
		s.exact[key].sum += count.Events
	}
	for _, exact := range s.exact {
		exact.value = max(exact.value, exact.sum)
		exact.sum = 0
		p := point{desc: resets.Desc, labels: exact.labels, value: float64(exact.value), created: s.begun}
		if exact.value > 0 {
			p.exemplar = exact.exemplar.export()
		}
		points = append(points, p)
	}
	return points
}

// exactSeries is a series of resets.
type exactSeries struct {
	labels   []*dto.LabelPair
	value    uint64
	sum      uint64 // of the scrape at hand
	exemplar exemplar
}

func newExactSeries(key resetKey) *exactSeries {
	return &exactSeries{labels: prometheus.MakeLabelPairs(resets.Desc, key.labels())}
}

func (s *Sink) counter(f *Metric, value uint64) point {
	return point{desc: f.Desc, value: float64(value), created: s.begun}
}

func gauge(f *Metric, value float64, labels ...string) point {
	return point{desc: f.Desc, labels: prometheus.MakeLabelPairs(f.Desc, labels), value: value, gauge: true}
}

// settleFor is longer than any event waits between its count and the sink.
const settleFor = 10 * time.Second

// notShown is how many events were counted and did not come. An event that is on its way
// must not be taken for one, so it compares an old count with what had come by then, and
// with what came later and is older. The number never becomes smaller.
type notShown struct {
	since   time.Time // when counted was counted; zero: never
	counted uint64
	seen    uint64 // of these
	value   uint64
}

// late takes an event.
func (n *notShown) late(at time.Time) {
	if at.Before(n.since) {
		n.seen++
	}
}

// at is the number, given what was counted and has been seen until now.
func (n *notShown) at(now time.Time, counted, seen uint64) uint64 {
	first := n.since.IsZero()
	if !first && now.Sub(n.since) < settleFor {
		return n.value
	}
	if !first && n.counted > n.seen {
		n.value = max(n.value, n.counted-n.seen)
	}
	n.since, n.counted, n.seen = now, counted, seen
	return n.value
}
