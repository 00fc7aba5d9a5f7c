package selftest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// Options of Run. The zero value runs all scenarios by the best methods.
type Options struct {
	Attach           event.Method
	Scenarios        []lab.Scenario // nil: all
	AllowHostChanges bool           // run also what needs a host-wide setting or a module
	Part             Part           // of all plays
	// Progress gets each result as soon as it is known.
	Progress func(Result)
}

// Part is one of several parts of a run. Part 2 of 3 has the second play, the fifth and so
// on. The zero value is the whole.
type Part struct{ Number, Of int }

// holds reports whether the play with this number, from 1, is in the part.
func (p Part) holds(play int) bool { return p.Of == 0 || play%p.Of == p.Number%p.Of }

// Status of a scenario.
type Status string

const (
	Passed  Status = "pass"
	Failed  Status = "FAIL"
	Limited Status = "limited" // all that this kernel can show was right; Limits says what it cannot
	Skipped Status = "skipped" // Reason says why
)

// Result of one scenario over one address family.
type Result struct {
	Scenario string          `json:"scenario"`
	Title    string          `json:"title"`
	Family   event.Family    `json:"family"`
	Causes   []event.CauseID `json:"causes"`
	Status   Status          `json:"status"`
	Reason   string          `json:"reason,omitzero"`
	Problems []string        `json:"problems,omitzero"` // what is wrong, one sentence each
	Limits   []string        `json:"limits,omitzero"`   // what cannot be known here, one sentence each
	Owners   OwnerCounts     `json:"owners"`
	Events   []event.Event   `json:"-"` // what was reported, with evidence

	observed       []recording.ObservedNamespace // for Report.Recording
	kernelDeviates string
}

// OwnerCounts counts how often an event had to name an owner and did.
type OwnerCounts struct {
	Due     int `json:"due"`
	Present int `json:"present"`
	Wrong   int `json:"wrong"`
}

// Report is the outcome of a run.
type Report struct {
	Hooks   []probe.HookStatus
	Limits  []probe.Limit
	Results []Result
	Totals  event.Totals
}

// Count tells how many results have a status.
func (r *Report) Count(status Status) (n int) {
	for _, result := range r.Results {
		if result.Status == status {
			n++
		}
	}
	return n
}

// Owners adds up the owners of all results.
func (r *Report) Owners() (sum OwnerCounts) {
	for _, result := range r.Results {
		sum.Due += result.Owners.Due
		sum.Present += result.Owners.Present
		sum.Wrong += result.Owners.Wrong
	}
	return sum
}

// Run plays the scenarios one after the other under one tracer. An error means
// that the test could not be made; wrong events are in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Scenarios == nil {
		o.Scenarios = lab.Scenarios()
	}
	session, err := probe.Open(probe.Options{
		Attach: o.Attach, Ignored: true, Tops: true, TopSets: topSets, EagerHolders: true,
		Selection: probe.Selection{Netns: []uint32{}}, // the scenarios' own, and nothing else
	})
	if err != nil {
		return nil, err
	}
	t := tracing.FromSession(session, tracing.Options{})
	defer t.Close()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	events := newRecorder(t.Session())
	live, err := StartLive(watching, t, events)
	if err != nil {
		return nil, err
	}
	defer live.Close()
	events.settle = live.Settle
	// Before the tracer is closed its stream must have ended, whatever happens.
	defer func() { stop(); _ = live.Wait() }()

	report := &Report{}
	r := &runner{options: o, events: events, live: live, session: t.Session()}
	for s, family := range o.plays() {
		result, err := r.play(ctx, s, family)
		if err != nil {
			return report, err
		}
		report.Results = append(report.Results, result)
		if o.Progress != nil {
			o.Progress(result)
		}
	}
	// Some hooks wait for a module that a scenario brings.
	report.Hooks, report.Limits = t.Session().Hooks(), t.Session().Limits()
	if err := checkPrograms(report.Hooks); err != nil {
		return report, err
	}
	stop()
	if err := live.Wait(); err != nil {
		return report, err
	}
	if report.Totals, err = t.Totals(); err != nil {
		return report, err
	}
	if err := accountFor(report.Totals); err != nil {
		return report, err
	}
	return report, checkTopSums(t.Session())
}

// plays yields each scenario with each of its address families, of these those in the part.
func (o *Options) plays() iter.Seq2[lab.Scenario, event.Family] {
	return func(yield func(lab.Scenario, event.Family) bool) {
		n := 0
		for _, s := range o.Scenarios {
			for _, family := range s.Families {
				n++
				if o.Part.holds(n) && !yield(s, family) {
					return
				}
			}
		}
	}
}

// Plays is how many results a run gives that is not interrupted.
func (o *Options) Plays() (n int) {
	for range o.plays() {
		n++
	}
	return n
}

// checkPrograms: a kernel may lack an attach method or a function, but a program of
// ours that its verifier does not accept is a mistake, also where another stands
// in for it.
func checkPrograms(hooks []probe.HookStatus) error {
	var errs []error
	for _, hook := range hooks {
		for _, refusal := range hook.Refused {
			if refusal.ByVerifier() {
				errs = append(errs, fmt.Errorf("the program for %s: %s", hook.Function, refusal))
			}
		}
	}
	return errors.Join(errs...)
}

// accountFor checks the promise of the counters: what was shown or lost was
// counted. Elsewhere on the host more may have happened, which nobody asked for.
func accountFor(totals event.Totals) error {
	if counted := totals.Events(); counted < totals.Shown+totals.Lost {
		return fmt.Errorf("the kernel-side counters have %d events, but %d were shown and %d lost", counted, totals.Shown, totals.Lost)
	}
	return nil
}

// inOrder calls two functions, the second even if the first failed.
func inOrder(first, second func([]*lab.Namespace) error) func([]*lab.Namespace) error {
	return func(namespaces []*lab.Namespace) error {
		return errors.Join(first(namespaces), second(namespaces))
	}
}

type runner struct {
	options Options
	events  *recorder
	live    *Live
	session *probe.Session
}

// play runs one scenario, and again for each other call by which its
// application may learn of the reset; its error ends the whole run.
func (r *runner) play(ctx context.Context, s lab.Scenario, family event.Family) (Result, error) {
	calls := r.firstCalls(s, family)
	result, probedCalls, err := r.playOnce(ctx, s, family, calls[0])
	if !probedCalls {
		return result, err
	}
	for _, first := range calls[1:] {
		again, _, err := r.playOnce(ctx, s, family, first)
		if err != nil {
			return result, err
		}
		if again.Status == Failed {
			result.Status = Failed
		}
		for _, problem := range again.Problems {
			result.Problems = append(result.Problems, fmt.Sprintf("with %s as the first call: %s", first, problem))
		}
	}
	return result, nil
}

// firstCalls are those to be the first, one after the other: all of them, shared
// among the address families, since what an application gets does not depend on
// these. Who asks for one method will ask for the others: then it is one call,
// another with each method.
func (r *runner) firstCalls(s lab.Scenario, family event.Family) (calls []lab.Call) {
	if method := slices.Index(event.Methods, r.options.Attach); method >= 0 {
		at := method + slices.Index(s.Families, family)
		return []lab.Call{lab.Calls[at%len(lab.Calls)]}
	}
	for i, call := range lab.Calls {
		if s.Families[i%len(s.Families)] == family {
			calls = append(calls, call)
		}
	}
	return calls
}

// playOnce plays it with one call before the others. probedCalls says that there was
// an application to make it.
func (r *runner) playOnce(ctx context.Context, s lab.Scenario, family event.Family, first lab.Call) (result Result, probedCalls bool, err error) {
	result = Result{Scenario: s.Name, Title: s.Title, Family: family, Causes: s.Causes}
	if s.HostChanges && !r.options.AllowHostChanges {
		result.Status, result.Reason = Skipped, "changes a setting of the whole host: --allow-host-changes runs it"
		return result, false, nil
	}
	watch, tops := newWitness(), &topWitness{session: r.session}
	options := lab.Options{
		OnNamespaces:   inOrder(tops.start, inOrder(r.events.open, watch.start)),
		BeforeTeardown: inOrder(watch.stop, inOrder(r.events.close, tops.stop)),
		FirstCall:      first,
	}
	counted, err := startCounting(r.session)
	if err != nil {
		return result, false, err
	}
	var settled error
	if s.HostChanges {
		// A module may have come: what waits for it must be attached before
		// anything else happens.
		options.Step = func(string) { settled = errors.Join(settled, r.live.Settle()) }
	}
	outcome, err := lab.Run(ctx, s, family, options)
	switch {
	case ctx.Err() != nil:
		return result, false, ctx.Err()
	case errors.Is(err, lab.ErrUnavailable):
		result.Status, result.Reason = Skipped, err.Error()
		return result, false, nil
	case err != nil:
		result.Status, result.Problems = Failed, []string{err.Error()}
		return result, false, nil
	}
	if settled != nil {
		return result, false, settled
	}
	if err := counted.stop(r.session); err != nil {
		return result, false, err
	}
	c := comparison{result: &result, outcome: outcome, visibility: r.session.Visibility(), witness: watch, tops: tops, counted: counted}
	for _, n := range outcome.Namespaces {
		c.events = append(c.events, r.events.of(n.Inode)...)
	}
	c.events = append(c.events, r.events.of(noNamespace)...)
	c.followups = r.events.said()
	c.run()
	c.observe()
	return result, outcome.ProbedCalls, nil
}

// unclassified must not occur in any scenario.
const unclassified = cause.Unclassified
