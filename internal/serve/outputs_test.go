package serve

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// notes is a sink that notes what it got.
type notes struct {
	event.NopSink
	mu       sync.Mutex
	lines    []string
	reopened int
	closed   bool
	broken   error // of Reopen
}

func (l *notes) note(line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *notes) Event(e *event.Event) error { return l.note(fmt.Sprint("event ", e.ID)) }
func (l *notes) Finding(f *event.Finding) error {
	if f.Phase != event.FindingBegins { // the later ones depend on the patterns
		return nil
	}
	return l.note(fmt.Sprint("finding ", f.ID))
}
func (l *notes) Totals(t *event.Totals) error {
	return l.note(fmt.Sprintf("%d shown, %d not shown", t.Shown, t.NotShown))
}
func (l *notes) Close() error { l.closed = true; return nil }

func (l *notes) Reopen() error {
	l.reopened++
	return l.broken
}

func (l *notes) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string{}, l.lines...)
}

// opener opens logs by their specs, except for those that do not work.
type opener struct {
	logs   map[string]*notes
	filter *filter.Filter
}

func (o *opener) open(spec string) (Output, error) {
	if strings.HasPrefix(spec, "broken") {
		return Output{}, errors.New("no such folder")
	}
	if o.logs == nil {
		o.logs = make(map[string]*notes)
	}
	o.logs[spec] = &notes{}
	return Output{Name: "name of " + spec, Spec: spec, Sink: o.logs[spec], Filter: o.filter}, nil
}

// TestReplace: filter and outputs change while the tracer runs.
func TestReplace(t *testing.T) {
	var reports []string
	s := New(Options{Tracer: newFake(), Report: func(line string) { reports = append(reports, line) }})
	var o opener
	sink := s.Sink()
	must(t, s.Replace(nil, []string{"a", "b"}, o.open))
	a, b := o.logs["a"], o.logs["b"]
	must(t, sink.Event(reset(1, event.Sent, cause.ClosedPort)))

	if err := s.Replace(filter.MustParse("received"), []string{"b", "c", "broken"}, o.open); err == nil {
		t.Error("an output that cannot be opened is no error")
	}
	if !o.logs["c"].closed || a.closed || b.reopened > 0 {
		t.Error("something changed though an output could not be opened")
	}
	must(t, sink.Event(reset(2, event.Sent, cause.ClosedPort)))

	b.broken = errors.New("permission denied")
	must(t, s.Replace(filter.MustParse("received"), []string{"b", "c"}, o.open))
	c := o.logs["c"]
	if !a.closed || b.reopened != 1 || b.closed || c.reopened != 0 {
		t.Errorf("a closed: %v, b reopened %d times, closed: %v, c reopened %d times", a.closed, b.reopened, b.closed, c.reopened)
	}
	if diff := cmp.Diff([]string{"name of b: permission denied"}, reports); diff != "" {
		t.Error(diff)
	}
	must(t, sink.Event(reset(3, event.Sent, cause.ClosedPort)))
	must(t, sink.Event(reset(4, event.Received, cause.PeerGone)))
	must(t, sink.Totals(&event.Totals{Shown: 4, NotShown: 1}))
	must(t, sink.Flush(time.Now()))
	must(t, s.Close())
	totals := []string{"3 shown, 2 not shown"}
	for name, test := range map[string]struct {
		log  *notes
		want []string
	}{
		"a": {a, []string{"event 1", "finding 1", "event 2"}},
		"b": {b, append([]string{"event 1", "finding 1", "event 2", "event 4", "finding 2"}, totals...)},
		"c": {c, append([]string{"event 4", "finding 2"}, totals...)},
	} {
		if diff := cmp.Diff(test.want, test.log.got()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if !test.log.closed {
			t.Errorf("%s was not closed", name)
		}
	}
}

// TestOutputFilter: an output gets events, and findings about them.
func TestOutputFilter(t *testing.T) {
	s := New(Options{Tracer: newFake()})
	o := opener{filter: filter.MustParse("received")}
	must(t, s.Replace(nil, []string{"a"}, o.open))
	must(t, s.Sink().Event(reset(1, event.Sent, cause.ClosedPort)))
	must(t, s.Sink().Event(reset(2, event.Received, cause.PeerGone)))
	must(t, s.Sink().Flush(time.Now()))
	must(t, s.Close())
	if diff := cmp.Diff([]string{"event 2", "finding 2"}, o.logs["a"].got()); diff != "" {
		t.Error(diff)
	}
}

// TestOutputNumbers: an output that is opened anew goes on counting.
func TestOutputNumbers(t *testing.T) {
	s, web := newServer(t, newFake(), Options{})
	open := func(spec string) (Output, error) {
		return Output{Name: "log", Spec: spec, Sink: &notes{}}, nil
	}
	for i, spec := range []string{"one", "two"} {
		must(t, s.Replace(nil, []string{spec}, open))
		must(t, s.Sink().Event(reset(uint64(i+1), event.Ignored, cause.RSTOld)))
	}
	eventually(t, "all is written", func() bool {
		stats := s.outputs.stats()["log"]
		return stats.Queued == 0 && stats.Written >= 2 && len(s.outputs.snapshot()) == 1
	})
	stats := s.outputs.stats()["log"]
	if diff := cmp.Diff(queued.Stats{Written: stats.Written}, stats); diff != "" {
		t.Error(diff)
	}
	if _, text := get(t, web.URL+"/metrics"); !strings.Contains(text, fmt.Sprintf("rsttrace_sink_records_total{sink=\"log\"} %d\n", stats.Written)) {
		t.Errorf("/metrics lacks the %d lines of the sink", stats.Written)
	}
	must(t, s.Close())
}

// TestReplaceAtTheEnd: what is opened behind the end would never be closed.
func TestReplaceAtTheEnd(t *testing.T) {
	s := New(Options{Tracer: newFake()})
	var o opener
	must(t, s.Replace(nil, []string{"a"}, o.open))
	must(t, s.Close())
	if err := s.Replace(nil, []string{"a", "b"}, o.open); err == nil || o.logs["b"] != nil {
		t.Errorf("an output is opened behind the end, error %v", err)
	}
	must(t, s.Close())
}

// TestSameFilter: settings that are read again without a change hold back nothing of what
// follows an event.
func TestSameFilter(t *testing.T) {
	for filterAfter, want := range map[string]int{"received": 1, "received and port 8080": 0} {
		s := New(Options{Tracer: newFake(), Filter: filter.MustParse("received")})
		var o opener
		must(t, s.Replace(filter.MustParse("received"), []string{"a"}, o.open))
		to := &followed{}
		s.gate.to = to
		s.gate.use(filter.MustParse("received"))
		must(t, s.gate.Event(reset(1, event.Received, cause.PeerGone)))
		s.gate.replace(filter.MustParse(filterAfter))
		must(t, s.gate.Followup(&event.Followup{Event: 1, Kind: event.GotSIGPIPE}))
		if to.followups != want {
			t.Errorf("%s: %d follow-ups, want %d", filterAfter, to.followups, want)
		}
		must(t, s.Close())
	}
}

// followed counts follow-ups.
type followed struct {
	event.NopSink
	followups int
}

func (f *followed) Followup(*event.Followup) error { f.followups++; return nil }
