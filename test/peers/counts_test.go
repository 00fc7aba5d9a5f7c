package peers

import (
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// kind is what a series of rsttrace_resets_total counts.
type kind struct{ Direction, Cause string }

// counts are resets by kind, without those that did not happen.
type counts map[kind]float64

// attempts: something else on the host may be reset meanwhile.
const attempts = 5

// played are scenarios whose causes every kernel and method names alike.
var played = []string{
	"closed-port", "broken-pipe", "data-after-shutdown", "linger-zero", "unread-data", "unread-data-killed", "listener-closed",
}

// testCounts: PromQL has exactly the resets that the lab has provoked, by direction and
// cause.
func testCounts(t *testing.T, w *world) {
	for range attempts {
		before := w.resets()
		want := make(counts)
		for _, name := range played {
			for k, n := range w.play(t, name) {
				want[k] += n
			}
		}
		got := w.resets().since(before)
		difference := cmp.Diff(want, got)
		if difference == "" {
			return
		}
		if !got.contain(want) {
			t.Fatalf("the lab (-) and PromQL (+) differ:\n%s", difference)
		}
		t.Logf("more resets than were made: others on this host, or a mistake\n%s", difference)
	}
	t.Errorf("PromQL has had more resets than the lab, %d times", attempts)
}

// play plays a scenario over IPv4 and returns what must be counted.
func (w *world) play(t *testing.T, name string) counts {
	t.Helper()
	scenario, found := lab.Find(name)
	if !found {
		t.Fatalf("the lab has no scenario %s", name)
	}
	outcome, err := lab.Run(t.Context(), scenario, event.IPv4, lab.Options{})
	if errors.Is(err, lab.ErrUnavailable) {
		t.Skip(err)
	}
	must(t, err)
	want := make(counts)
	for _, x := range outcome.Expect {
		want[kind{string(x.Dir), string(x.Cause)}]++
	}
	return want
}

// resets are the numbers of a scrape that begins now.
func (w *world) resets() counts {
	w.prometheus.t.Helper()
	w.prometheus.awaitScrape("rsttrace", time.Now())
	all := make(counts)
	for _, s := range w.prometheus.query("rsttrace_resets_total") {
		all[kind{s.labels["direction"], s.labels["cause"]}] = s.value
	}
	return all
}

func (c counts) since(before counts) counts {
	difference := maps.Clone(c)
	for k := range difference {
		difference[k] -= before[k]
	}
	maps.DeleteFunc(difference, func(_ kind, n float64) bool { return n == 0 })
	return difference
}

// contain reports whether there are at least as many of each kind.
func (c counts) contain(fewer counts) bool {
	for k, n := range fewer {
		if c[k] < n {
			return false
		}
	}
	return true
}
