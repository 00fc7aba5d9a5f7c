package audit

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var closedPort = Key{Dir: event.Sent, Cause: cause.ClosedPort, Hook: event.HookSendReply, Socket: event.SockNone}

// world is a machine of files and a tracer of numbers.
type world struct {
	fakeProc
	events  Events
	calls   int
	onPause func() // what happens while the counters are read
}

func newWorld(t *testing.T) *world {
	return &world{fakeProc: newFakeProc(t), events: Events{Counts: Counts{}}}
}

func (w *world) auditor(limits ...Limit) *Auditor {
	w.t.Helper()
	a := &Auditor{host: w.host(), limits: limits, pause: func(time.Duration) {
		if w.onPause != nil {
			w.onPause()
		}
	}}
	a.events = func() (Events, error) {
		w.calls++
		now := w.events
		now.Counts, now.Namespaces = maps.Clone(w.events.Counts), make(map[Namespace]Counts)
		for namespace, counts := range w.events.Namespaces {
			now.Namespaces[namespace] = maps.Clone(counts)
		}
		return now, nil
	}
	must(w.t, a.begin())
	return a
}

// refuse makes events in a namespace.
func (w *world) refuse(inode, mix uint32, events uint64) {
	namespace := Namespace{inode, mix}
	if w.events.Namespaces == nil {
		w.events.Namespaces = make(map[Namespace]Counts)
	}
	if w.events.Namespaces[namespace] == nil {
		w.events.Namespaces[namespace] = make(Counts)
	}
	w.events.Counts[closedPort] += events
	w.events.Namespaces[namespace][closedPort] += events
}

func (w *world) interval(a *Auditor) Report {
	w.t.Helper()
	r, err := a.Interval()
	must(w.t, err)
	return r
}

func (w *world) whole(a *Auditor) Report {
	w.t.Helper()
	r, err := a.Whole()
	must(w.t, err)
	return r
}

func outRsts(t *testing.T, r Report) CounterRow {
	t.Helper()
	for _, l := range r.Rows {
		if l.Counter == "TcpOutRsts" {
			return l
		}
	}
	t.Fatalf("no TcpOutRsts in %+v", r)
	return CounterRow{}
}

// check wants numbers of TcpOutRsts and, where it is not exact, words of its note.
func check(t *testing.T, r Report, kernel, events uint64, ok, exact bool, words ...string) {
	t.Helper()
	l := outRsts(t, r)
	if l.Kernel != kernel || l.Counted != events || l.OK != ok || l.Exact != exact {
		t.Errorf("kernel %d, events %d, ok %t, exact %t; want %d, %d, %t, %t (%s)",
			l.Kernel, l.Counted, l.OK, l.Exact, kernel, events, ok, exact, l.Note)
	}
	for _, word := range words {
		if !strings.Contains(l.Note, word) {
			t.Errorf("the note does not say %q: %s", word, l.Note)
		}
	}
}

// TestAgreement: what was there before counts on neither side, intervals and
// the whole are told apart.
func TestAgreement(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=1000")
	w.process("2", 200, "OutRsts=50")
	w.events.Counts[closedPort] = 3
	a := w.auditor()
	w.process("1", 100, "OutRsts=1004")
	w.process("2", 200, "OutRsts=51")
	w.events.Counts[closedPort] += 5
	check(t, w.interval(a), 5, 5, true, true)
	w.process("1", 100, "OutRsts=1006")
	w.events.Counts[closedPort] += 2
	check(t, w.interval(a), 2, 2, true, true)
	r := w.whole(a)
	check(t, r, 7, 7, true, true)
	if r.Namespaces != 2 || !r.Balanced() || len(r.Notes) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestContradictions(t *testing.T) {
	for name, test := range map[string]struct {
		change        func(*world)
		limit         string
		kernel, event uint64
		ok            bool
		words         []string
	}{
		"fewer events": {func(w *world) { w.events.Counts[closedPort] = 3 }, "", 5, 3, false, []string{"2 more than"}},
		"missed": {func(w *world) { w.events.Counts[closedPort], w.events.Missed = 4, 1 }, "", 5, 4, false,
			[]string{"did not run a probe once"}},
		"without evidence": {func(w *world) { w.events.Counts[closedPort], w.events.Uncounted = 3, 2 }, "", 5, 3, false,
			[]string{"evidence of 2 events"}},
		"hidden":           {func(w *world) { w.events.Counts[closedPort] = 3 }, "no-socketless", 5, 3, true, []string{"not comparable: because"}},
		"other limit":      {func(w *world) { w.events.Counts[closedPort] = 3 }, "no-receive", 5, 3, false, nil},
		"signatures":       {func(w *world) { w.events.Counts[closedPort] = 3 }, "no-signed", 5, 3, false, []string{"MD5"}},
		"more events":      {func(w *world) { w.events.Counts[closedPort] = 6 }, "", 5, 6, false, []string{"1 event more", "IPv6"}},
		"more events here": {func(w *world) { w.refuse(100, 1, 6) }, "", 5, 6, false, []string{"1 event more"}},
		"no excuse":        {func(w *world) { w.events.Counts[closedPort] = 6 }, "no-socketless", 5, 6, false, []string{"1 event more"}},
		"in container": {func(w *world) { w.link("1", "pid", 42); w.refuse(100, 1, 5); w.refuse(700, 2, 1) }, "", 5, 6, true,
			[]string{"could not be compared"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.process("1", 100, "OutRsts=0")
			var limits []Limit
			if test.limit != "" {
				limits = []Limit{{test.limit, "because"}}
			}
			a := w.auditor(limits...)
			w.process("1", 100, "OutRsts=5")
			test.change(w)
			r := w.whole(a)
			check(t, r, test.kernel, test.event, test.ok, false, test.words...)
			if r.Balanced() != test.ok {
				t.Errorf("balanced is %t", r.Balanced())
			}
		})
	}
}

// TestLimitIsNoExcuseWhereItAgrees: what agrees is exact, whatever could hide.
func TestLimitIsNoExcuseWhereItAgrees(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor(Limit{"no-socketless", "because"})
	w.process("1", 100, "OutRsts=5")
	w.events.Counts[closedPort] = 5
	check(t, w.whole(a), 5, 5, true, true)
}

// TestNewcomer counts in full, since its counters began at 0.
func TestNewcomer(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=10")
	a := w.auditor()
	w.process("2", 200, "OutRsts=3")
	w.events.Counts[closedPort] = 3
	r := w.interval(a)
	check(t, r, 3, 3, true, true)
	if r.Came != 1 || r.Went != 0 || len(r.Notes) != 1 || r.Notes[0] != "1 namespace came and is counted from 0" {
		t.Errorf("%+v", r)
	}
	w.events.Counts[closedPort]-- // and one with a past cannot be compared
	check(t, w.whole(a), 3, 2, true, false, "could not be compared", "1 namespace came")
	w.process("1", 100, "OutRsts=19") // which does not hide what is missing elsewhere
	check(t, w.whole(a), 12, 2, false, false, "10 more")
}

// TestLeaver: what it counted up to the last reading counts, the rest is said
// to be missing.
func TestLeaver(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=10")
	w.process("5", 200, "OutRsts=20")
	a := w.auditor()
	w.process("5", 200, "OutRsts=24")
	w.refuse(200, 5, 4)
	check(t, w.interval(a), 4, 4, true, true)
	w.end("5")
	w.refuse(200, 5, 2)
	r := w.interval(a)
	check(t, r, 0, 2, true, false, "could not be compared", "2 events more", "2 events of 1 namespace that went")
	if l := outRsts(t, r); !l.Uncompared || !r.Balanced() {
		t.Errorf("%+v", l)
	}
	if r.Went != 1 || r.Namespaces != 1 {
		t.Errorf("%+v", r)
	}
	r = w.whole(a)
	check(t, r, 4, 6, true, false, "could not be compared", "2 events of 1 namespace that went")
	if r.Came != 0 || r.Went != 1 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "1 namespace went") {
		t.Errorf("%+v", r)
	}
}

// TestReturn: a namespace without a process is not found, and comes back with
// the next process. Its past counts once.
func TestReturn(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0", "InSegs=5")
	w.process("2", 200, "OutRsts=20", "InSegs=90")
	a := w.auditor()
	w.end("2")
	w.interval(a)
	w.process("3", 200, "OutRsts=21", "InSegs=92")
	w.events.Counts[closedPort] = 1
	check(t, w.interval(a), 1, 1, true, true)
	r := w.whole(a)
	check(t, r, 1, 1, true, true)
	if r.Came != 0 || r.Went != 0 {
		t.Errorf("%+v", r)
	}
}

// TestReused: another namespace with the number of one that is gone.
func TestReused(t *testing.T) {
	for _, unseen := range []bool{true, false} {
		w := newWorld(t)
		w.process("1", 100, "OutRsts=0")
		w.process("2", 200, "OutRsts=20", "InSegs=90")
		a := w.auditor()
		w.end("2")
		if !unseen {
			w.interval(a)
		}
		w.process("3", 200, "OutRsts=2", "InSegs=4")
		w.events.Counts[closedPort] = 2
		r := w.whole(a)
		check(t, r, 2, 2, true, true)
		if r.Came != 1 || r.Went != 1 {
			t.Errorf("unseen %t: %+v", unseen, r)
		}
	}
}

// TestUnreadable: what cannot be read for a while keeps its place.
func TestUnreadable(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	w.process("2", 200, "OutRsts=20")
	a := w.auditor()
	w.end("2")
	w.process("2", 200)
	w.refuse(200, 2, 1)
	r := w.interval(a)
	check(t, r, 0, 1, true, false, "could not be compared", "1 event of 1 namespace that went or could not be read")
	if r.Unreadable != 1 || r.Went != 0 {
		t.Errorf("%+v", r)
	}
	w.process("2", 200, "OutRsts=21")
	check(t, w.interval(a), 1, 0, true, false, "could not be compared", "could be read again")
	check(t, w.whole(a), 1, 1, true, true)
}

// TestReadAgainLater: a namespace that comes back has counts of events from before
// the interval. They explain no more than that.
func TestReadAgainLater(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	w.process("2", 200, "OutRsts=20")
	a := w.auditor()
	w.end("2")
	w.refuse(200, 2, 3)
	check(t, w.interval(a), 0, 3, true, false, "could not be compared", "3 events of 1 namespace")
	w.process("3", 200, "OutRsts=24")
	w.refuse(200, 2, 1)
	check(t, w.interval(a), 4, 1, true, false, "could not be compared", "could be read again")
	check(t, w.whole(a), 4, 4, true, true)
	w.process("1", 100, "OutRsts=1")
	check(t, w.whole(a), 5, 4, false, false, "1 more than")
}

// TestReadAgain: an event while the counters are read has them read again.
func TestReadAgain(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	pauses := 0
	w.onPause = func() {
		if pauses++; pauses <= 2 {
			w.events.Counts[closedPort]++
			w.process("1", 100, "OutRsts=2")
		}
	}
	w.calls = 0
	check(t, w.whole(a), 2, 2, true, true)
	if w.calls != 4 {
		t.Errorf("the events were read %d times, want 2 attempts", w.calls)
	}
}

// TestStorm: where events never pause there are bounds, and nothing is exact.
func TestStorm(t *testing.T) {
	w := newWorld(t)
	w.process("1", 100, "OutRsts=0")
	a := w.auditor()
	w.onPause = func() { w.events.Counts[closedPort] += 10 }
	w.process("1", 100, "OutRsts=15")
	r := w.whole(a)
	check(t, r, 15, 0, true, false)
	if l := outRsts(t, r); l.Slack != 20 || l.Most() != 20 {
		t.Errorf("%+v", l)
	}
	if w.calls != 2+2*attempts {
		t.Errorf("the events were read %d times", w.calls)
	}
	// Beyond the bounds is a contradiction.
	w.process("1", 100, "OutRsts=15000")
	check(t, w.whole(a), 15000, 100, false, false, "more than there are events")
}

func TestEveryHiddenCounterExists(t *testing.T) {
	s, err := OfThread()
	must(t, err)
	for id, counters := range hiddenBy {
		for _, counter := range counters {
			if _, ok := s[counter]; !ok {
				t.Errorf("%s hides %s, which this kernel does not have", id, counter)
			}
		}
	}
}
