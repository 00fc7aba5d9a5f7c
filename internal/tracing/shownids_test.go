package tracing

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestShownIDs(t *testing.T) {
	var n shownIDs
	if got := n.lookUp(1); got != 0 {
		t.Fatalf("%d before any was shown", got)
	}
	for shown := uint64(1); shown <= 3*shownIDsKept; shown++ {
		if got := n.assign(3 * shown); got != shown { // two of three are hidden
			t.Fatalf("number %d, want %d", got, shown)
		}
	}
	const last, kept = 3 * shownIDsKept, 2*shownIDsKept + 1
	for arrival, want := range map[uint64]uint64{
		3 * last: last, 3*last - 1: 0, 3*last + 3: 0, 3 * (last - 1): last - 1, 3 * kept: kept, 3*kept - 3: 0, 1: 0, 0: 0,
	} {
		if got := n.lookUp(arrival); got != want {
			t.Errorf("arrival %d: %d, want %d", arrival, got, want)
		}
	}
}

// TestShownIDsOfEvents: what a filter hides takes no number, and numbers of other
// ends are those of events that are shown.
func TestShownIDsOfEvents(t *testing.T) {
	for name, test := range map[string]struct {
		filter string
		want   [][2]uint64 // id and peerEvent, in order
	}{
		"all":               {"", [][2]uint64{{1, 0}, {2, 4}, {3, 0}, {4, 2}, {5, 0}}},
		"hidden at arrival": {"port 80", [][2]uint64{{1, 2}, {2, 1}}},
		"all, decided late": {"comm in (app, other, server)", [][2]uint64{{1, 0}, {2, 0}, {3, 0}, {4, 2}, {5, 0}}},
		"hidden late":       {"comm in (app, server)", [][2]uint64{{1, 0}, {2, 1}}},
		"one end hidden":    {"comm in (other, server)", [][2]uint64{{1, 0}, {2, 0}, {3, 0}, {4, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tracer := tracing(newFakeSource(aPairAmongOthers()), test.filter)
				tracer.endPairs = newEndPairs()
				_, events := collect(tracer, len(test.want))
				var got [][2]uint64
				for _, e := range events {
					got = append(got, [2]uint64{e.ID, e.PeerEvent})
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("id and peerEvent (-want +got):\n%s", diff)
				}
				totals, err := tracer.Totals()
				if err != nil || totals.Shown != uint64(len(test.want)) {
					t.Errorf("%d shown, %v", totals.Shown, err)
				}
			})
		})
	}
}

// aPairAmongOthers is a refused connect between app and server as the second and
// the fourth of five events.
func aPairAmongOthers() probe.Batch {
	sent, refused := resetPair()
	events := []event.Event{closedPort(1), sent, closedPort(3), refused, closedPort(5)}
	for i, comm := range []string{"other", "server", "other", "app", "other"} {
		events[i].Kernel.Current = event.Process{PID: uint32(i + 1), Comm: comm}
	}
	return resets(events...)
}
