package screen

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

var start = time.Unix(1_800_000_000, 0)

// TestHistorySpread: what came between two moments is in the seconds between them, and
// nothing of it is lost.
func TestHistorySpread(t *testing.T) {
	var h history
	h.spread(start.Add(500*time.Millisecond), start.Add(2500*time.Millisecond), 8)
	for i, want := range []float64{2, 4, 2, 0} {
		if got := h.at(start.Unix() + int64(i)); math.Abs(got-want) > 1e-9 {
			t.Errorf("second %d has %v, want %v", i, got, want)
		}
	}
	series := h.series(start.Add(3 * time.Second))
	if got := series[Seconds-1]; math.Abs(got-2) > 1e-9 {
		t.Errorf("the last second before now has %v, want 2", got)
	}
	if got := h.rate(start.Add(3 * time.Second)); math.Abs(got-8.0/rateSeconds) > 1e-9 {
		t.Errorf("rate %v, want %v", got, 8.0/rateSeconds)
	}
}

// TestHistoryForgets: a history has a minute, and what is older is not in it.
func TestHistoryForgets(t *testing.T) {
	var h history
	h.add(start, 5)
	h.add(start.Add(Seconds*time.Second), 7)
	h.add(start, 3) // too late
	if got := h.at(start.Unix()); got != 0 {
		t.Errorf("the second that is a minute old has %v", got)
	}
	h.spread(start, start.Add(time.Hour), 3600)
	total := 0.0
	for _, n := range h.series(start.Add(time.Hour)) {
		total += n
	}
	if math.Abs(total-Seconds) > 1e-6 {
		t.Errorf("the last minute of an even hour has %v, want %d", total, Seconds)
	}
}

// TestStrangeTimes: what has no time, or one of long ago, is counted.
func TestStrangeTimes(t *testing.T) {
	s := New(Options{})
	for _, at := range []time.Time{{}, time.Unix(-1, 0), time.Unix(0, 0), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		must(t, s.Event(&event.Event{Time: at, Dir: event.Sent, Cause: cause.ClosedPort}))
		must(t, s.Finding(&event.Finding{Time: at, ID: 1, First: at, Last: at, Resets: 1}))
		if shot := s.Snapshot(); shot.Series[Seconds-1] != 1 {
			t.Errorf("%v: the last second has %v", at, shot.Series[Seconds-1])
		}
	}
}

// TestExactTotals: in a live run only totals count. An event is counted already.
func TestExactTotals(t *testing.T) {
	s := New(Options{Exact: true})
	e := &event.Event{Time: start, ID: 1, Dir: event.Sent, Cause: cause.ClosedPort}
	must(t, s.Event(e))
	if shot := s.Snapshot(); shot.Resets != 0 || len(shot.Causes) != 0 {
		t.Errorf("an event counted: %d resets", shot.Resets)
	}
	for i, n := range []uint64{400, 1200} {
		must(t, s.Totals(&event.Totals{Time: start.Add(time.Duration(i+1) * time.Second), Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: n}}}))
	}
	shot := s.Snapshot()
	if shot.Resets != 1200 || len(shot.Causes) != 1 || shot.Causes[0].Events != 1200 {
		t.Fatalf("%d resets in %d causes, want 1200 in one", shot.Resets, len(shot.Causes))
	}
	if got, want := shot.Rate, 1200.0/rateSeconds; math.Abs(got-want) > 1e-9 {
		t.Errorf("rate %v, want %v", got, want)
	}
}

// TestCountedTotals: in a recording events count, and its totals only add what has no event.
func TestCountedTotals(t *testing.T) {
	s := New(Options{})
	for i := range 3 {
		must(t, s.Event(&event.Event{Time: start.Add(time.Duration(i) * time.Second), ID: uint64(i + 1), Dir: event.Sent, Cause: cause.ClosedPort}))
	}
	if shot := s.Snapshot(); shot.Resets != 3 || shot.Series[Seconds-1] != 1 {
		t.Errorf("%d resets, the last second has %v; want 3 and 1", shot.Resets, shot.Series[Seconds-1])
	}
	must(t, s.Totals(&event.Totals{Time: start.Add(time.Minute), Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: 50}}}))
	if shot := s.Snapshot(); shot.Resets != 50 {
		t.Errorf("%d resets behind the totals, want 50", shot.Resets)
	}
}

// TestSnapshotStays: what was lent does not change, whatever comes later.
func TestSnapshotStays(t *testing.T) {
	s := New(Options{})
	reused := &event.Event{Time: start, Because: []string{""}}
	fill := func(from int) {
		for i := range EventsMax {
			reused.ID = uint64(from + i)
			reused.Because[0] = time.Duration(from + i).String()
			must(t, s.Event(reused))
		}
	}
	fill(0)
	shot := s.Snapshot()
	fill(EventsMax)
	fill(2 * EventsMax)
	if len(shot.Events) != EventsMax {
		t.Fatalf("%d events, want %d", len(shot.Events), EventsMax)
	}
	for i, e := range shot.Events {
		if e.ID != uint64(i) || e.Because[0] != time.Duration(i).String() {
			t.Fatalf("event %d is now #%d because of %s", i, e.ID, e.Because[0])
		}
	}
	if latest := s.Snapshot().Events; latest[0].ID != 2*EventsMax || latest[EventsMax-1].ID != 3*EventsMax-1 {
		t.Errorf("the latest are %d to %d", latest[0].ID, latest[EventsMax-1].ID)
	}
}

// TestRareEventsStay: behind a filter the events of a storm push nothing out.
func TestRareEventsStay(t *testing.T) {
	s := New(Options{})
	rare := fixture.Events()[0]
	must(t, s.Event(rare))
	s.Show(Filter{Filter: filter.MustParse("cause " + string(rare.Cause))})
	for i := range 2 * EventsMax {
		must(t, s.Event(&event.Event{Time: start, ID: uint64(100 + i), Dir: event.Sent, Cause: cause.ClosedPort}))
	}
	shot := s.Snapshot()
	if len(shot.Events) != 1 || shot.Events[0].ID != rare.ID {
		t.Errorf("%d events match, want the rare one", len(shot.Events))
	}
	s.Show(Filter{})
	if n := len(s.Snapshot().Events); n != EventsMax {
		t.Errorf("without the filter there are %d events, want %d", n, EventsMax)
	}
}

func TestOnlyOneFinding(t *testing.T) {
	s := New(Options{})
	for i := range 6 {
		must(t, s.Event(&event.Event{Time: start, ID: uint64(i + 1), Finding: uint64(i%2 + 1)}))
	}
	s.Show(Filter{Finding: 2})
	must(t, s.Event(&event.Event{Time: start, ID: 7, Finding: 2}))
	for _, e := range s.Snapshot().Events {
		if e.Finding != 2 {
			t.Errorf("event %d is of finding %d", e.ID, e.Finding)
		}
	}
	if n := len(s.Snapshot().Events); n != 4 {
		t.Errorf("%d events, want 4", n)
	}
}

// TestFindingOfTheOtherEnd: a filter that matches the second end of a reset shows its
// finding, too.
func TestFindingOfTheOtherEnd(t *testing.T) {
	s := New(Options{})
	must(t, s.Event(&event.Event{Time: start, ID: 1, Finding: 1, Dir: event.Sent}))
	must(t, s.Event(&event.Event{Time: start, ID: 2, Finding: 1, Dir: event.Received}))
	for id := range uint64(2) {
		must(t, s.Finding(&event.Finding{Time: start, ID: id + 1, Dir: event.Sent, First: start, Last: start, Resets: 1}))
	}
	for text, want := range map[string]int{"": 2, "sent": 2, "received": 1, "ignored": 0} {
		s.Show(Filter{Filter: filter.MustParse(text)})
		if n := len(s.Snapshot().Findings); n != want {
			t.Errorf("filter %q shows %d findings, want %d", text, n, want)
		}
	}
}

// TestFindings: an absorbed finding is gone, and there is a bound.
func TestFindings(t *testing.T) {
	s := New(Options{})
	for i := range FindingsMax + 1 {
		at := start.Add(time.Duration(i) * time.Second)
		must(t, s.Finding(&event.Finding{Time: at, ID: uint64(i + 1), First: at, Last: at, Resets: 1}))
	}
	shot := s.Snapshot()
	if len(shot.Findings) != FindingsMax {
		t.Fatalf("%d findings, want %d", len(shot.Findings), FindingsMax)
	}
	alive := 0
	for _, f := range shot.Findings {
		if f.ID == 1 {
			t.Error("the one that is quiet longest is still there")
		}
		if f.Alive {
			alive++
		}
	}
	if want := int(aliveFor / time.Second); alive < want-1 || alive > want {
		t.Errorf("%d findings are alive, want about %d", alive, want)
	}
	last := start.Add(time.Duration(FindingsMax) * time.Second)
	must(t, s.Finding(&event.Finding{Time: last, ID: FindingsMax + 1, First: last, Last: last, Resets: 2, Absorbed: []uint64{2, 3}}))
	if n := len(s.Snapshot().Findings); n != FindingsMax-2 {
		t.Errorf("%d findings behind a takeover, want %d", n, FindingsMax-2)
	}
}

// TestNotes: lines for stderr are notes, and there is a bound.
func TestNotes(t *testing.T) {
	s := New(Options{})
	if _, err := s.Write([]byte("rsttrace: one\n\nrsttrace: two\n")); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Snapshot().Notes, ","); got != "one,two" {
		t.Errorf("notes %q", got)
	}
	for range 2 * notesMax {
		s.Note("more")
	}
	if n := len(s.Snapshot().Notes); n != notesMax {
		t.Errorf("%d notes, want %d", n, notesMax)
	}
}

// TestForget: a recording that begins again leaves nothing but the filter and the notes.
func TestForget(t *testing.T) {
	s := New(Options{})
	s.Show(Filter{Filter: filter.MustParse("sent")})
	s.Note("a line could not be read")
	for _, e := range fixture.Events() {
		must(t, s.Event(e))
	}
	for _, f := range fixture.Followups() {
		must(t, s.Followup(f))
	}
	must(t, s.Totals(fixture.Totals()))
	must(t, s.Loss(fixture.Loss()))
	s.Forget()
	shot := s.Snapshot()
	if shot.Resets+shot.Lost+uint64(len(shot.Events)+len(shot.Causes)+len(shot.Findings)+len(shot.Followups)) != 0 || !shot.Account.Time.IsZero() {
		t.Errorf("left: %+v", shot)
	}
	if shot.Filter.Filter.String() != "sent" || len(shot.Notes) != 1 {
		t.Errorf("filter %q, notes %q", shot.Filter.Filter, shot.Notes)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkEvent is what the tracer pays for the screen, with a snapshot as often as the
// screen takes one.
func BenchmarkEvent(b *testing.B) {
	s := New(Options{Exact: true})
	events := fixture.Events()
	next := time.Now()
	for i := range b.N {
		if i%1000 == 0 && time.Now().After(next) {
			s.Snapshot()
			next = time.Now().Add(250 * time.Millisecond)
		}
		_ = s.Event(events[i%len(events)])
	}
}
