package finding

import (
	"slices"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestClockSetBack: what is open ends at once, and what comes then begins anew. No finding
// is over before it began.
func TestClockSetBack(t *testing.T) {
	for name, test := range map[string]struct {
		by    time.Duration
		flush bool // the clock goes on, and nothing happens
		order []string
	}{
		"an hour":                 {time.Hour, false, []string{"event 1", "begins 1", "ends 1", "event 2", "begins 2", "event 3"}},
		"an hour, while quiet":    {time.Hour, true, []string{"event 1", "begins 1", "ends 1", "event 2", "begins 2", "event 3"}},
		"a minute":                {time.Minute, false, []string{"event 1", "begins 1", "event 2", "event 3"}},
		"forward":                 {-time.Hour, false, []string{"event 1", "begins 1", "event 2", "grows 1", "event 3"}},
		"forward, while quiet":    {-time.Hour, true, []string{"event 1", "begins 1", "ends 1", "event 2", "begins 2", "event 3"}},
		"events in a wrong order": {time.Millisecond, true, []string{"event 1", "begins 1", "event 2", "event 3"}},
	} {
		c := new(collector)
		s := New(c)
		give := func(id uint64, at time.Time) {
			e := sentBy(id, cause.UnreadDataOnClose, "app")
			e.Time = at
			must(t, s.Event(&e))
		}
		give(1, start)
		must(t, s.Flush(start.Add(time.Millisecond)))
		if test.flush {
			must(t, s.Flush(start.Add(-test.by)))
		}
		give(2, start.Add(-test.by))
		give(3, start.Add(-test.by+time.Millisecond))
		if !slices.Equal(c.order, test.order) {
			t.Errorf("%s: %v, want %v", name, c.order, test.order)
		}
		for _, f := range c.findings {
			if f.Last.Before(f.First) {
				t.Errorf("%s: finding %d is from %s to %s", name, f.ID, f.First, f.Last)
			}
		}
	}
}

// TestClockSetBackFreesAll: nothing is left of the time before.
func TestClockSetBackFreesAll(t *testing.T) {
	s := New(event.NopSink{})
	for id := range uint64(100) {
		e := sentBy(id+1, cause.UnreadDataOnClose, "app")
		e.Time, e.Local.Port = start, uint16(id+1)
		must(t, s.Event(&e))
	}
	must(t, s.Flush(start.Add(-time.Hour)))
	if len(s.groups)+s.byUse.Len()+len(s.agenda)+len(s.sufferers)+len(s.halves)+len(s.scans.of) != 0 {
		t.Errorf("%d findings are open, %d are due", len(s.groups), len(s.agenda))
	}
}
