package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestAlikeFindingsAreBrief: the advice of a kind is said twice in a row at most. The
// totals explain the others.
func TestAlikeFindingsAreBrief(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{Width: 100, Height: 40, Fold: true, Location: time.UTC})
	one, other := findings()[0], findings()[1]
	for i := range uint64(5) {
		f := *one
		f.ID = i + 1
		must(t, s.Finding(&f))
	}
	const heads = "closed-under-request"
	count := func(text string) int { return strings.Count(out.String(), text) }
	must(t, s.Flush(time.Time{}))
	if got, advice := count(heads), count(one.Remedy); got != 5 || advice != alikeInFull {
		t.Errorf("%d findings with %d times the advice:\n%s", got, advice, &out)
	}
	later := *one
	later.ID, later.Time = 8, one.Time.Add(2*alikeWithin)
	must(t, s.Finding(&later))
	must(t, s.Flush(time.Time{}))
	if advice := count(one.Remedy); advice != alikeInFull+1 {
		t.Errorf("a while later the advice is there %d times:\n%s", advice, &out)
	}
	other.ID = 6
	must(t, s.Finding(other))
	again := *one
	again.ID = 7
	must(t, s.Finding(&again))
	must(t, s.Flush(time.Time{}))
	if advice := count(one.Remedy); advice != alikeInFull+2 {
		t.Errorf("after another kind the advice is there %d times:\n%s", advice, &out)
	}
	out.Reset()
	brief := *one
	brief.ID, brief.Phase = 5, event.FindingTotal
	must(t, s.Finding(&brief))
	must(t, s.Flush(time.Time{}))
	if count(one.Remedy) != 1 {
		t.Errorf("the totals do not explain what was brief:\n%s", &out)
	}
}

// TestTwoEventsOfOneReset: why there are more events than resets is said where both ends of
// one were seen, and only where findings count resets.
func TestTwoEventsOfOneReset(t *testing.T) {
	for _, test := range []struct{ pair, fold, want bool }{{true, true, true}, {false, true, false}, {true, false, false}} {
		var out bytes.Buffer
		s := New(&out, Options{Fold: test.fold, Location: time.UTC})
		for i, e := range fixture.Events()[:2] {
			e := *e.Clone()
			e.PeerEvent = 0
			if test.pair && i > 0 {
				e.PeerEvent = 1
			}
			must(t, s.Event(&e))
		}
		must(t, s.Totals(fixture.Totals()))
		must(t, s.Flush(time.Time{}))
		if got := strings.Contains(out.String(), "is one reset, and two events"); got != test.want {
			t.Errorf("%+v:\n%s", test, &out)
		}
	}
}
