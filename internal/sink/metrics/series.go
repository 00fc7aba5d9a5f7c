package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// series is one counter of a table.
type series struct {
	labels   []*dto.LabelPair
	value    uint64
	created  *timestamppb.Timestamp
	used     time.Time // when it was counted last
	shown    bool      // a scrape had it
	exemplar exemplar
}

// table is the series of a family by their labels. It has room for a number of them.
// What finds none is counted with the labels that other returns.
type table[K comparable] struct {
	metric *Metric
	labels func(K) []string
	other  func(K) K
	own    func(K) K     // gives a key memory of its own; nil: it needs none
	room   int           // without those that other made
	keep   time.Duration // a series that rested so long gives way; 0: none does

	series   map[K]*series
	others   map[K]*series
	nextRoom time.Time // not before then is it worthwhile to look for one that rested
}

func newTable[K comparable](f *Metric, room int, labels func(K) []string, other func(K) K) *table[K] {
	return &table[K]{metric: f, labels: labels, other: other, room: room, series: make(map[K]*series), others: make(map[K]*series)}
}

// foresee makes a series that is there from the start, with 0.
func (t *table[K]) foresee(key K, now time.Time) {
	t.series[key] = t.newSeries(key, now)
	t.series[key].shown = true
}

func (t *table[K]) newSeries(key K, now time.Time) *series {
	return &series{labels: prometheus.MakeLabelPairs(t.metric.Desc, t.labels(key)), created: timestamppb.New(now), used: now}
}

// count adds n, and the event behind it, to the series of a key. False: there is no room
// for one, and it was counted as other.
func (t *table[K]) count(key K, n uint64, e *event.Event, now time.Time) bool {
	s, own := t.find(key, now)
	s.value += n
	s.used = now
	if e != nil {
		s.exemplar.set(e, float64(n))
	}
	return own
}

// find returns the series of a key, or the one of all others.
func (t *table[K]) find(key K, now time.Time) (*series, bool) {
	if s := t.series[key]; s != nil {
		return s, true
	}
	if t.other(key) == key { // it is nobody's
		return t.findOther(key, now), true
	}
	if len(t.series) >= t.room {
		t.makeRoom(now)
	}
	if len(t.series) < t.room {
		if t.own != nil {
			key = t.own(key)
		}
		s := t.newSeries(key, now)
		t.series[key] = s
		return s, true
	}
	return t.findOther(t.other(key), now), false
}

func (t *table[K]) findOther(key K, now time.Time) *series {
	if s := t.series[key]; s != nil { // it was foreseen
		return s
	}
	s := t.others[key]
	if s == nil {
		s = t.newSeries(key, now)
		t.others[key] = s
	}
	return s
}

// roomInterval is how often a full table looks for series that rested.
const roomInterval = time.Minute

// makeRoom removes the series that rested for long. They go on as "other".
func (t *table[K]) makeRoom(now time.Time) {
	if t.keep == 0 || now.Before(t.nextRoom) {
		return
	}
	t.nextRoom = now.Add(roomInterval)
	for key, s := range t.series {
		if now.Sub(s.used) >= t.keep {
			delete(t.series, key)
		}
	}
}

// collect appends what a scrape gets. A series that no scrape had yet is 0.
func (t *table[K]) collect(points []point) []point {
	for _, all := range []map[K]*series{t.series, t.others} {
		for _, s := range all {
			p := point{desc: t.metric.Desc, labels: s.labels, created: s.created}
			if s.shown {
				p.value, p.exemplar = float64(s.value), s.exemplar.export()
			}
			s.shown = true
			points = append(points, p)
		}
	}
	return points
}
