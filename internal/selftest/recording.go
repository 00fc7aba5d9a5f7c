package selftest

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// Recording is the run in the form that package recording keeps, of a kernel
// that was reached by the given method. It is refused where something failed,
// and where it would not replay.
func (r *Report) Recording(via event.Method) (*recording.Recording, error) {
	if failed := r.Count(Failed); failed > 0 {
		return nil, fmt.Errorf("nothing is recorded: %d of %d scenarios failed", failed, len(r.Results))
	}
	var host unix.Utsname
	if err := unix.Uname(&host); err != nil {
		return nil, fmt.Errorf("uname: %w", err)
	}
	header := recording.Recording{
		Kernel: unix.ByteSliceToString(host.Release[:]), Arch: runtime.GOARCH, Method: via,
		Realtime: strings.Contains(unix.ByteSliceToString(host.Version[:]), "PREEMPT_RT"),
		Hooks:    make(map[string]event.Method),
	}
	for _, h := range r.Hooks {
		header.Hooks[h.Function] = h.Method
	}
	for _, limit := range r.Limits {
		header.Limits = append(header.Limits, limit.ID)
	}
	var observed []recording.Observed
	for _, result := range r.Results {
		o := recording.Observed{Namespaces: result.observed}
		o.Scenario = recording.Scenario{
			Name: result.Scenario, Family: result.Family, Causes: result.Causes, Skipped: result.Reason, KernelDeviates: result.kernelDeviates,
		}
		observed = append(observed, o)
	}
	kept, err := recording.New(header, observed)
	if err != nil {
		return nil, err
	}
	if problems := kept.Replay(); len(problems) > 0 {
		return nil, fmt.Errorf("the recording does not replay: %q", problems)
	}
	return kept, nil
}

// observe keeps what the recording needs of a comparison that was made.
func (c *comparison) observe() {
	c.result.kernelDeviates = c.outcome.KernelDeviates
	for _, n := range c.outcome.Namespaces {
		o := recording.ObservedNamespace{Name: n.Name, Growth: c.witness.growth[n.Name]}
		for i, expected := range c.outcome.Expect {
			if expected.Namespace != n.Name {
				continue
			}
			if e := c.matched[i]; e != nil {
				o.Matched = append(o.Matched, c.matchOf(expected, e))
			} else {
				o.Hidden = append(o.Hidden, c.hidden(expected))
			}
		}
		for _, u := range c.outcome.CounterExceptions {
			if u.Namespace == n.Name {
				if o.CounterExceptions == nil {
					o.CounterExceptions = make(map[string]int)
				}
				o.CounterExceptions[u.Counter] += u.More
			}
		}
		c.result.observed = append(c.result.observed, o)
	}
}

func (c *comparison) matchOf(expected lab.Expectation, e *event.Event) recording.Match {
	m := recording.Match{Expected: expected.Cause, Event: e}
	_, m.Limit = c.due(expected)
	return m
}

func (c *comparison) hidden(expected lab.Expectation) recording.Hidden {
	h := recording.Hidden{
		Dir: expected.Dir, Cause: expected.Cause, Hook: expected.Hook, Socket: expected.Socket, Limit: c.hiddenBy(expected),
	}
	if len(expected.States) == 1 {
		h.State = expected.States[0]
	}
	return h
}
