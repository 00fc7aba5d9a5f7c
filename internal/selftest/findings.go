package selftest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// unnamed is a process at fault whose name is not known.
const unnamed = "a process that is not named"

// slowCall is longer than a call of a process takes on a machine that has time for it.
const slowCall = 20 * time.Millisecond

// chained is how soon after another finding one must come to be led by it.
const chained = 100 * time.Millisecond

// findingSink keeps what the stage says.
type findingSink struct {
	event.NopSink
	said []event.Finding
}

func (s *findingSink) Finding(f *event.Finding) error {
	s.said = append(s.said, *f)
	return nil
}

// findingsOf makes findings of a scenario's events and follow-ups, as the command does.
func findingsOf(events []event.Event, followups []event.Followup) []event.Finding {
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b event.Event) int { return cmp.Compare(a.ID, b.ID) })
	var to findingSink
	stage := finding.New(&to)
	// Nothing here returns an error: the sink has none.
	for i := range events {
		_ = stage.Event(&events[i])
	}
	for i := range followups {
		if slices.ContainsFunc(events, func(e event.Event) bool { return e.ID == followups[i].Event }) {
			_ = stage.Followup(&followups[i])
		}
	}
	if len(events) > 0 {
		_ = stage.Totals(&event.Totals{Time: events[len(events)-1].Time})
	}
	return to.said
}

// checkFindings: what is said of a scenario as a whole is what it did. What is said at
// first counts, too, and may be corrected only by what the scenario allows.
func (c *comparison) checkFindings() {
	said := findingsOf(c.events, c.followups)
	right := make([]bool, len(c.outcome.Findings))
	for i := range said {
		c.checkFinding(&said[i], said, right)
	}
	if c.hidesEvents() || c.slow || c.outcome.KernelDeviates != "" {
		return
	}
	for i, due := range c.outcome.Findings {
		instead := due.Timed && c.slowMachine() && slices.Contains(right, true)
		if due.Must && !right[i] && !instead {
			c.problemf("no finding is %s, that accuses %q; the findings are: %s", due.Pattern, due.Accuses, patternsOf(said))
		}
	}
	// On a slow machine the times may fit no pattern. Then nobody is accused.
	slow := c.slowMachine() && !slices.ContainsFunc(said, func(f event.Finding) bool { return f.Pattern != "" })
	if len(right) > 0 && !slices.Contains(right, true) && !slow {
		c.problemf("no finding is one of %+v; the findings are: %s", c.outcome.Findings, patternsOf(said))
	}
}

func (c *comparison) checkFinding(f *event.Finding, said []event.Finding, right []bool) {
	if f.Summary == "" || f.Remedy == "" || strings.Contains(f.Summary+f.Remedy, "%!") {
		c.problemf("finding %s has broken words: %q, %q", nameOf(f), f.Summary, f.Remedy)
	}
	accused := lab.Nobody
	if f.Pattern != "" { // else the words are those of the cause, which are checked with the event
		accused = c.accused(f)
	}
	at := slices.IndexFunc(c.outcome.Findings, func(d lab.Diagnosis) bool {
		return d.Allows(f.Pattern) && (!d.Slow || c.slowMachine()) && (!d.Hidden || c.hidesEvents()) && (mayAccuse(&d, accused) || c.namesByAddress(f, &d, accused))
	})
	if at < 0 {
		hidden := c.hidesActor(f, accused)
		c.slow = c.slow || hidden
		if accused != lab.Nobody && !hidden {
			c.problemf("finding %s (%s) accuses %q, the scenario allows %+v: %s", nameOf(f), f.Phase, accused, c.outcome.Findings, f.Summary)
		}
		return
	}
	if f.Phase != event.FindingTotal {
		return
	}
	right[at] = true
	due := &c.outcome.Findings[at]
	if f.Pattern != due.Pattern {
		return
	}
	if f.Harmless != due.Harmless && !c.hidesEvents() { // else the end that it hurt may be hidden
		c.problemf("finding %s is harmless: %t, it is: %t (%s)", f.Pattern, f.Harmless, due.Harmless, f.Summary)
	}
	for _, words := range due.Says {
		if due.Timed && (c.slowMachine() || c.hidesEvents()) { // a part of it may be another finding then, or not be seen
			break
		}
		if !strings.Contains(f.Summary+" "+f.Remedy, words) {
			c.problemf("finding %s does not say %q: %s %s", f.Pattern, words, f.Summary, f.Remedy)
		}
	}
	led := func(before event.Finding) bool {
		return before.Pattern == due.After && (before.ID == f.After || before.ID != f.ID && f.First.Sub(before.Last) > chained)
	}
	if due.After != "" && !c.hidesEvents() && !slices.ContainsFunc(said, led) {
		c.problemf("finding %s came after finding %d, it came after %s: %s", f.Pattern, f.After, due.After, patternsOf(said))
	}
	if due.Likely && (f.Certainty != event.Likely || len(f.Because) == 0) {
		c.problemf("finding %s is %s because of %q, it cannot be certain", f.Pattern, f.Certainty, f.Because)
	}
}

// hidesEvents: with an event, or its true cause, this kernel may hide the incident.
func (c *comparison) hidesEvents() bool {
	for i, expected := range c.outcome.Expect {
		if e := c.matched[i]; e == nil || e.Cause != expected.Cause {
			return true
		}
	}
	return false
}

// hidesActor: where the end that acted is hidden, the address of that end is all that can
// be accused, and not for certain.
func (c *comparison) hidesActor(f *event.Finding, accused string) bool {
	return accused == lab.Outside && f.Dir == event.Received && f.Certainty == event.Likely && (c.hidesEvents() || c.endsFarApart(f))
}

// endsFarApart: a machine that is too slow shows both ends so late after each other that
// they may be those of different RSTs.
func (c *comparison) endsFarApart(f *event.Finding) bool {
	const apart = 100 * time.Millisecond
	for i, expected := range c.outcome.Expect {
		if e := c.matched[i]; e == nil || e.ID != f.Event {
			continue
		}
		for j, other := range c.outcome.Expect {
			if e := c.matched[j]; j != i && e != nil && other.Pair == expected.Pair {
				return e.Time.Sub(c.matched[i].Time).Abs() > apart
			}
		}
	}
	return false
}

// mayAccuse: who is not known cannot be named.
func mayAccuse(d *lab.Diagnosis, accused string) bool {
	return d.Accuses == accused || accused == unnamed && accusesActor(d)
}

func accusesActor(d *lab.Diagnosis) bool {
	return d.Accuses != lab.Nobody && d.Accuses != lab.Outside && d.Accuses != lab.ThisHost
}

// slowMachine: a call of a process took longer than on a machine that has time for it.
func (c *comparison) slowMachine() bool { return c.outcome.SlowestCall > slowCall }

// namesByAddress: the event of an actor is hidden, or on a slow machine late, maybe too late
// to be known as the other end. Then its address is all that the finding can say of it.
func (c *comparison) namesByAddress(f *event.Finding, d *lab.Diagnosis, accused string) bool {
	late := f.Phase != event.FindingTotal && c.slowMachine()
	return accused == lab.Outside && accusesActor(d) && (late || c.hidesEvents() || c.endsFarApart(f))
}

// accused is whom a finding accuses, in the words of lab.Diagnosis.
func (c *comparison) accused(f *event.Finding) string {
	var process event.ProcessRef
	switch blames[f.Pattern] {
	case outside:
		return lab.Outside
	case thisHost:
		return lab.ThisHost
	case nobody:
		return lab.Nobody
	case actor:
		if f.Dir != event.Sent {
			return lab.Outside
		}
		process = event.ProcessRef{PID: f.Actor.Owner.PID, Comm: f.Actor.Owner.Comm}
	case victim:
		if f.Dir == event.Sent && f.Victim.IsZero() {
			return lab.Outside
		}
		process = event.ProcessRef{PID: f.Victim.Owner.PID, Comm: f.Victim.Owner.Comm}
	case initiator:
		process = f.Initiator.ProcessRef
	}
	if process.PID == 0 {
		return unnamed
	}
	for _, a := range c.outcome.Actors {
		if a.PID == int(process.PID) {
			return a.Name
		}
	}
	return fmt.Sprintf("%s[%d]", process.Comm, process.PID)
}

// nameOf is the pattern of a finding, or else its cause.
func nameOf(f *event.Finding) string { return cmp.Or(string(f.Pattern), string(f.Cause)) }

// patternsOf lists what was said at the end.
func patternsOf(said []event.Finding) string {
	var names []string
	for i := range said {
		if said[i].Phase == event.FindingTotal {
			names = append(names, nameOf(&said[i]))
		}
	}
	return strings.Join(names, ", ")
}
