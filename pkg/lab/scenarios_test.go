package lab_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/capture"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func TestMain(m *testing.M) {
	if lab.ActorMain() {
		return
	}
	if os.Getenv(holdVariable) != "" {
		hold()
		return
	}
	os.Exit(m.Run())
}

// observer watches the namespaces of one run.
type observer struct {
	captures map[string]*capture.Capture
	before   map[string]audit.Snapshot

	segments map[string][]capture.Segment
	diff     map[string]audit.Snapshot
}

func newObserver() *observer {
	return &observer{
		captures: map[string]*capture.Capture{}, before: map[string]audit.Snapshot{},
		segments: map[string][]capture.Segment{}, diff: map[string]audit.Snapshot{},
	}
}

func (o *observer) start(namespaces []*lab.Namespace) error {
	for _, n := range namespaces {
		err := n.Do(func() (err error) {
			if o.captures[n.Name()], err = capture.Open(); err != nil {
				return err
			}
			o.before[n.Name()], err = audit.OfThread()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *observer) stop(namespaces []*lab.Namespace) error {
	for _, n := range namespaces {
		err := n.Do(func() (err error) {
			after, err := audit.OfThread()
			o.diff[n.Name()] = after.Diff(o.before[n.Name()])
			return err
		})
		if err != nil {
			return err
		}
		c := o.captures[n.Name()]
		if o.segments[n.Name()], err = c.Segments(); err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

// hostChangesVariable lets the test play what changes settings of the host.
const hostChangesVariable = "RSTTRACE_TEST_HOST_CHANGES"

// TestScenarios plays every scenario and holds what it promises against what
// was on the wire and what the kernel counted.
func TestScenarios(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	for _, s := range lab.Scenarios() {
		if s.HostChanges && os.Getenv(hostChangesVariable) == "" {
			t.Run(s.Name, func(t *testing.T) { t.Skipf("changes the host: %s=1 runs it", hostChangesVariable) })
			continue
		}
		for _, family := range s.Families {
			t.Run(s.Name+"/"+string(family), func(t *testing.T) {
				var steps []string
				o := newObserver()
				outcome, err := lab.Run(context.Background(), s, family, lab.Options{
					Step:         func(text string) { steps = append(steps, text) },
					OnNamespaces: o.start, BeforeTeardown: o.stop,
				})
				if errors.Is(err, lab.ErrUnavailable) {
					t.Skip(err)
				}
				if err != nil {
					t.Fatalf("%v\nsteps:\n%s\non the wire: %v", err, strings.Join(steps, "\n"), o.segments)
				}
				t.Log(strings.Join(steps, "\n"))
				checkOutcome(t, s, outcome)
				for _, n := range outcome.Namespaces {
					checkWire(t, n.Name, outcome.Expect, o.segments[n.Name])
					checkCounters(t, n.Name, outcome, o.diff[n.Name])
				}
				if outcome.ProbedCalls && family == s.Families[0] {
					playOtherCalls(t, s, family)
				}
			})
		}
	}
}

// playOtherCalls plays a scenario again for each call by which its application
// may learn of the reset.
func playOtherCalls(t *testing.T, s lab.Scenario, family event.Family) {
	t.Helper()
	for _, first := range lab.Calls {
		if first == lab.CallRead {
			continue // the default
		}
		if _, err := lab.Run(context.Background(), s, family, lab.Options{FirstCall: first}); err != nil {
			t.Errorf("with %s as the first call: %v", first, err)
		}
	}
}

// checkWire compares the RSTs in a namespace one by one.
func checkWire(t *testing.T, namespace string, expect []lab.Expectation, segments []capture.Segment) {
	t.Helper()
	var want, got []string
	seen := map[int]bool{}
	for _, x := range expect {
		if x.Namespace != namespace || !x.OnWire || seen[x.Pair] {
			continue
		}
		seen[x.Pair] = true // on loopback both ends are here
		from, to := x.Wire()
		want = append(want, fmt.Sprintf("%s > %s %s window %t", from, to, x.Flags, x.AbortShape))
	}
	for _, s := range segments {
		got = append(got, fmt.Sprintf("%s > %s %s window %t", s.Src, s.Dst, s.Flags, s.Window != 0))
		if s.Time.IsZero() || s.TTL == 0 {
			t.Errorf("captured without time or TTL: %+v", s)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("RSTs on the wire in %s (-want +got):\n%s", namespace, diff)
	}
}

// checkCounters: what happens in silence in a namespace of ours is known, so
// every equation must hold exactly.
func checkCounters(t *testing.T, namespace string, outcome *lab.Outcome, diff audit.Snapshot) {
	t.Helper()
	for _, u := range outcome.CounterExceptions {
		if u.Namespace == namespace {
			diff[u.Counter] -= uint64(u.More)
		}
	}
	counts := audit.Counts{}
	for _, x := range outcome.Expect {
		if x.Namespace != namespace {
			continue
		}
		e := &event.Event{Dir: x.Dir, Cause: x.Cause, Evidence: event.Evidence{Hook: x.Hook, Socket: x.Socket}}
		if len(x.States) > 0 {
			e.State = x.States[0]
		}
		counts.Add(e)
	}
	rows := audit.Check(diff, counts)
	if len(rows) < len(audit.Equations) {
		t.Errorf("%d rows for %d equations: counters are missing", len(rows), len(audit.Equations))
	}
	for _, row := range rows {
		if !row.Exact {
			t.Errorf("%s in %s: kernel %d, expected %d (perhaps %d more)", row.Counter, namespace, row.Kernel, row.Counted, row.MayCount)
		}
	}
}

// checkOutcome checks what the expectations say about themselves.
func checkOutcome(t *testing.T, s lab.Scenario, outcome *lab.Outcome) {
	t.Helper()
	actors := map[string]lab.ActorInfo{}
	pids := map[int]bool{}
	for _, a := range outcome.Actors {
		actors[a.Name], pids[a.PID] = a, true
	}
	if len(pids) != len(outcome.Actors) {
		t.Errorf("actors share a process: %v", outcome.Actors)
	}
	causes := map[event.CauseID]bool{}
	for _, x := range outcome.Expect {
		causes[x.Cause] = true
		if x.Local.Port == 0 || x.Peer.Port == 0 || !x.Local.Addr.IsValid() || !x.Peer.Addr.IsValid() {
			t.Errorf("%s: incomplete addresses %s, %s", x.Cause, x.Local, x.Peer)
		}
		if _, ok := actors[x.Owner]; x.Owner != "" && !ok {
			t.Errorf("%s: owner %q is no actor", x.Cause, x.Owner)
		}
		if (x.Owner == "") != (len(x.Sources) == 0) {
			t.Errorf("%s: owner %q with sources %v", x.Cause, x.Owner, x.Sources)
		}
	}
	for _, cause := range s.Causes {
		if !causes[cause] && outcome.KernelDeviates == "" {
			t.Errorf("claims to show %s and expects no such event", cause)
		}
	}
}
