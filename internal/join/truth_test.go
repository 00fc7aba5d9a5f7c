package join

import (
	"fmt"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var start = time.Date(2026, 3, 3, 3, 0, 0, 0, time.UTC)

// judge compares what a join says with the truth.
type judge struct {
	event.NopSink
	t        testing.TB
	wrong    int
	events   map[uint64]kept // the last ones, by number
	last     uint64
	byRST    map[uint64]int // ends that were seen, of RSTs that both have
	pairs    int
	likely   int
	nobody   int
	never    int
	coverage int
	totals   *event.Totals
}

type kept struct {
	truth fleet.Truth
	dir   event.Dir
	host  string
	peer  uint64
}

func newJudge(t testing.TB) *judge {
	return &judge{t: t, events: make(map[uint64]kept), byRST: make(map[uint64]int)}
}

func (j *judge) errorf(format string, args ...any) {
	j.t.Helper()
	if j.wrong++; j.wrong < 10 {
		j.t.Errorf(format, args...)
	}
}

func (j *judge) Event(e *event.Event) error {
	truth := fleet.TruthOf(e)
	if e.ID != j.last+1 {
		j.errorf("event %d behind %d", e.ID, j.last)
	}
	j.last = e.ID
	if truth.Traced && truth.Arrived {
		j.byRST[truth.RST]++
	}
	j.events[e.ID] = kept{truth, e.Dir, e.HostName, e.PeerEvent}
	delete(j.events, e.ID-2)
	switch {
	case e.PeerEvent != 0:
		j.pair(e, truth)
	case e.PeerSent.Verdict == event.PeerSentNone:
		if j.nobody++; truth.Traced {
			j.errorf("event %d of %s: a traced host sent it, and it says %q", e.ID, e.HostName, e.PeerSent.Because)
		}
	case e.PeerGot.Verdict == event.PeerSentNone:
		if j.never++; truth.Arrived {
			j.errorf("event %d of %s: it arrived, and it says %q", e.ID, e.HostName, e.PeerGot.Because)
		}
	case e.Dir == event.Sent && e.PeerGot.Because == "", e.Dir != event.Sent && e.PeerSent.Because == "":
		j.errorf("event %d has no verdict and no reason", e.ID)
	}
	return nil
}

// pair looks at the second end of a pair, which comes right behind the first.
func (j *judge) pair(e *event.Event, truth fleet.Truth) {
	if e.PeerHost == nil {
		j.errorf("event %d names no host", e.ID)
		return
	}
	if e.PeerEvent > e.ID {
		if e.Dir != event.Sent {
			j.errorf("event %d: the receiver comes first", e.ID)
		}
		return
	}
	other := j.events[e.PeerEvent]
	j.pairs++
	if e.PeerHost.Certainty == event.Likely {
		j.likely++
	}
	switch {
	case other.truth.RST != truth.RST || !truth.Traced || !truth.Arrived:
		j.errorf("events %d and %d are of the RSTs %+v and %+v", e.PeerEvent, e.ID, other.truth, truth)
	case other.peer != e.ID || other.dir != event.Sent || e.Dir == event.Sent || other.host != e.PeerHost.Host || other.host == e.HostName:
		j.errorf("event %d of %s (%s) has the other end %+v", e.ID, e.HostName, e.Dir, other)
	}
}

func (j *judge) Coverage(*event.Coverage) error { j.coverage++; return nil }

func (j *judge) Totals(t *event.Totals) error {
	if j.totals != nil {
		j.errorf("totals came twice")
	}
	j.totals = t.Clone()
	return nil
}

// both is how many RSTs have events of both ends.
func (j *judge) both() (n int) {
	for _, ends := range j.byRST {
		if ends == 2 {
			n++
		}
	}
	return n
}

// TestTruth: no pair is wrong, and nothing is said that is not so, whatever the fleet does.
// Nor does it help to say nothing: most pairs are found, and most of what can be known is
// said.
func TestTruth(t *testing.T) {
	sizes := []fleet.Options{
		{Hosts: 20, Events: 60_000, Rate: 200, Seed: 1},
		{Hosts: 60, Events: 60_000, Rate: 2000, Seed: 2},
		{Hosts: 16, Events: 20_000, Rate: 20, Seed: 3},
		{Hosts: 3, Events: 10_000, Rate: 100, Seed: 4},
	}
	for _, o := range sizes {
		t.Run(fmt.Sprintf("%d hosts, %d a second", o.Hosts, o.Rate), func(t *testing.T) {
			o.Start = start
			j := newJudge(t)
			s := New(j, Options{})
			if err := fleet.Run(o, s); err != nil {
				t.Fatal(err)
			}
			if err := s.End(); err != nil {
				t.Fatal(err)
			}
			r := s.Result()
			t.Logf("%+v", Result{Hosts: r.Hosts, Events: r.Events, Pairs: r.Pairs, Likely: r.Likely, Nobody: r.Nobody, Never: r.Never, NotSeen: r.NotSeen})
			both := j.both()
			t.Logf("%d pairs of %d, %d of them likely", j.pairs, both, j.likely)
			if j.last != r.Events || j.totals == nil || j.coverage == 0 {
				t.Errorf("%d events of %d, totals %v, %d times coverage", j.last, r.Events, j.totals, j.coverage)
			}
			if uint64(j.pairs) != r.Pairs || uint64(j.nobody) != r.Nobody || uint64(j.never) != r.Never {
				t.Errorf("the result %+v does not fit %d pairs, %d, %d", r, j.pairs, j.nobody, j.never)
			}
			if j.pairs < both*85/100 || j.likely == 0 {
				t.Errorf("%d pairs of %d, %d likely", j.pairs, both, j.likely)
			}
			if (o.Hosts == 20 || o.Hosts == 3) && (j.nobody == 0 || j.never == 0) {
				t.Errorf("nothing is said of %d and %d", j.nobody, j.never)
			}
		})
	}
}
