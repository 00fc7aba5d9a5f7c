package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

var (
	// idleBuckets lie around the limits after which something forgets or closes an idle
	// connection: 30 s, 1 min, 4 min of Azure, 350 s of AWS, 10 min of Google, 1 h, 2 h.
	idleBuckets = []float64{1, 5, 10, 30, 55, 60, 75, 120, 230, 240, 300, 340, 350, 360, 600, 900, 1800, 3600, 7200}
	ageBuckets  = []float64{0.1, 1, 10, 60, 300, 3600, 21600, 86400}
)

// A native histogram of this factor has a bucket for each 10 %.
const (
	nativeFactor  = 1.1
	nativeBuckets = 160
	nativeReset   = time.Hour
)

func newHistogram(f *Metric, buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: f.Name, Help: f.Help, Buckets: buckets,
		NativeHistogramBucketFactor: nativeFactor, NativeHistogramMaxBucketNumber: nativeBuckets, NativeHistogramMinResetDuration: nativeReset,
	}, f.Labels)
}

// histogram is one series of a histogram.
type histogram struct {
	prometheus.ExemplarObserver
	next time.Time // of an exemplar
}

func histogramOf(vec *prometheus.HistogramVec, label string) *histogram {
	return &histogram{ExemplarObserver: vec.WithLabelValues(label).(prometheus.ExemplarObserver)}
}

// openHistograms makes all series that there will be.
func (s *Sink) openHistograms(dirs []event.Dir) {
	s.idle, s.age = newHistogram(idle, idleBuckets), newHistogram(age, ageBuckets)
	s.idleOf, s.ageOf = make(map[event.CauseID]*histogram), make(map[event.Dir]*histogram)
	for _, id := range idleCauses {
		s.idleOf[id] = histogramOf(s.idle, string(id))
	}
	for _, dir := range dirs {
		s.ageOf[dir] = histogramOf(s.age, string(dir))
	}
}

// observe counts the times of an event.
func (s *Sink) observe(e *event.Event, now time.Time) {
	if h := s.idleOf[e.Cause]; h != nil {
		if millis, known := finding.Silence(e); known {
			h.observe(millis, e, now)
		}
	}
	if h := s.ageOf[e.Dir]; h != nil && e.Conn.AgeMillis > 0 {
		h.observe(e.Conn.AgeMillis, e, now)
	}
}

// exemplarInterval is how often a histogram gets an exemplar: to make one allocates.
const exemplarInterval = time.Second

func (h *histogram) observe(millis uint64, e *event.Event, now time.Time) {
	seconds := float64(millis) / 1000
	if now.Before(h.next) {
		h.ExemplarObserver.(prometheus.Observer).Observe(seconds)
		return
	}
	h.next = now.Add(exemplarInterval)
	var x exemplar
	x.set(e, seconds)
	h.ObserveWithExemplar(seconds, x.labels())
}
