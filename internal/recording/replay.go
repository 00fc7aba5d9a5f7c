package recording

import (
	"fmt"
	"slices"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Replay holds a recording against the classifier and the audit of today. It
// returns what is wrong, one sentence each with kernel, method and scenario.
func (r *Recording) Replay() []string {
	p := &replay{recording: r, verdicts: r.verdicts(), usedBy: make(map[string]string)}
	p.run()
	return p.problems
}

type replay struct {
	recording *Recording
	verdicts  map[string]Verdict
	usedBy    map[string]string // evidence id: the first scenario that has it
	problems  []string
}

func (p *replay) problemf(where, format string, args ...any) {
	r := p.recording
	p.problems = append(p.problems, fmt.Sprintf("%s by %s, %s: %s", r.Kernel, r.Method, where, fmt.Sprintf(format, args...)))
}

func (p *replay) run() {
	r := p.recording
	if r.Format != Format || r.Schema != event.SchemaVersion {
		p.problemf("header", "format %d and event schema %d, want %d and %d", r.Format, r.Schema, Format, event.SchemaVersion)
	}
	for i := range r.Scenarios {
		p.scenario(&r.Scenarios[i])
	}
	for _, v := range r.Evidence {
		p.verdict(v)
	}
}

// verdict classifies one kind of evidence.
func (p *replay) verdict(v Verdict) {
	scenario := p.usedBy[v.ID]
	if scenario == "" {
		p.problemf("evidence "+v.ID, "no scenario refers to it")
		return
	}
	if id := idOf(v.Evidence); id != v.ID {
		p.problemf(scenario, "evidence %s has the content of %s: it was changed by hand", v.ID, id)
	}
	if !cause.IsReset(v.Evidence) {
		p.problemf(scenario, "%s is no longer taken for a RST: %+v", v.Cause, v.Evidence)
		return
	}
	if got := cause.Classify(v.Evidence); got.Dir != v.Dir || got.Cause != v.Cause || got.Certainty != v.Certainty {
		p.problemf(scenario, "%s %s (%s) is now %s %s (%s): %+v",
			v.Dir, v.Cause, v.Certainty, got.Dir, got.Cause, got.Certainty, v.Evidence)
	}
	if v.Cause == cause.Unclassified {
		p.problemf(scenario, "unclassified: %+v", v.Evidence)
	}
}

func (p *replay) scenario(s *Scenario) {
	where := fmt.Sprintf("%s over %s", s.Name, s.Family)
	for i := range s.Namespaces {
		n := &s.Namespaces[i]
		for _, e := range n.Events {
			v, ok := p.verdicts[e.Evidence]
			if !ok {
				p.problemf(where, "evidence %s is missing", e.Evidence)
			} else if _, used := p.usedBy[e.Evidence]; !used {
				p.usedBy[e.Evidence] = where
			}
			if ok && v.Cause != e.Expected && e.Limit == "" {
				p.problemf(where, "%s was reported as %s, and no limit says why", e.Expected, v.Cause)
			}
			p.limit(where, e.Limit)
		}
		for _, h := range n.Hidden {
			if h.Limit == "" {
				p.problemf(where, "%s was not reported, and no limit says why", h.Cause)
			}
			p.limit(where, h.Limit)
		}
		p.counters(where, n)
	}
	for _, id := range s.absent(p.verdicts) {
		p.problemf(where, "%s is what it is about, and there is neither an event nor a limit", id)
	}
}

// limit: what excuses must hold on this kernel.
func (p *replay) limit(where, id string) {
	if id != "" && !slices.Contains(p.recording.Limits, id) {
		p.problemf(where, "the limit %s does not hold on this kernel", id)
	}
}

// counters must agree with the events without the use of what the kernel
// counts in silence, but for what the scenario declares.
func (p *replay) counters(where string, n *Namespace) {
	counts := make(audit.Counts)
	for _, e := range n.Events {
		v := p.verdicts[e.Evidence]
		counts[audit.Key{Dir: v.Dir, Cause: v.Cause, Hook: v.Evidence.Hook, Socket: v.Evidence.Socket, State: e.State}] += once(e.Times)
	}
	for _, h := range n.Hidden {
		counts[audit.Key{Dir: h.Dir, Cause: h.Cause, Hook: h.Hook, Socket: h.Socket, State: h.State}] += once(h.Times)
	}
	growth := make(audit.Snapshot)
	for _, counter := range p.recording.Counters {
		growth[counter] = uint64(int64(n.Growth[counter]) - int64(n.CounterExceptions[counter]))
	}
	for _, row := range audit.Check(growth, counts) {
		if !row.Exact {
			p.problemf(where, "%s in %s grew by %d, the events make %d (%s)", row.Counter, n.Name, row.Kernel, row.Counted, row.Note)
		}
	}
}

func once(times int) uint64 { return uint64(max(times, 1)) }
