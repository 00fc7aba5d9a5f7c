package selftest

import (
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// TestEveryPatternBlames: whom a pattern accuses must be known, or the selftest would
// take it for one that accuses nobody.
func TestEveryPatternBlames(t *testing.T) {
	left := len(blames)
	for p := range finding.All() {
		if _, known := blames[p.ID]; !known {
			t.Errorf("blames lacks %s", p.ID)
			continue
		}
		left--
	}
	if left != 0 {
		t.Errorf("blames has %d entries of no pattern", left)
	}
}

// TestDiagnosesNamePatterns: a misspelt one would allow nothing.
func TestDiagnosesNamePatterns(t *testing.T) {
	for _, s := range lab.Scenarios() {
		for _, d := range s.Findings {
			for _, id := range append([]event.PatternID{d.Pattern}, d.Or...) {
				if _, known := finding.Lookup(id); !known && id != "" {
					t.Errorf("%s: %q is no pattern", s.Name, id)
				}
			}
		}
	}
}

// TestWrongFindingsFail: each part of what a scenario allows is compared with what is
// said of it.
func TestWrongFindingsFail(t *testing.T) {
	first := func(change func(*lab.Diagnosis)) func(*comparison) {
		return func(c *comparison) { change(&c.outcome.Findings[0]) }
	}
	for _, wrong := range []struct {
		name, says string
		spoil      func(*comparison)
	}{
		{"of another actor", `accuses "server"`, first(func(d *lab.Diagnosis) { d.Accuses = "client" })},
		{"of a slow machine only", "finding deliberate-abort (begins) accuses", first(func(d *lab.Diagnosis) { d.Slow = true })},
		{"of a hidden event only", "finding deliberate-abort (begins) accuses", first(func(d *lab.Diagnosis) { d.Hidden = true })},
		{"of nobody", `accuses "server"`, first(func(d *lab.Diagnosis) { d.Accuses = lab.Nobody })},
		{"of something outside", `accuses "server"`, first(func(d *lab.Diagnosis) { d.Accuses = lab.Outside })},
		{"with another pattern", "finding deliberate-abort (begins) accuses", first(func(d *lab.Diagnosis) { d.Pattern = "idle-limit" })},
		{"missing", "no finding is port-scan", func(c *comparison) {
			c.outcome.Findings = append(c.outcome.Findings, lab.Diagnosis{Pattern: "port-scan", Must: true})
		}},
		{"not allowed", "finding deliberate-abort (total) accuses", func(c *comparison) { c.outcome.Findings = nil }},
		{"harmless", "is harmless: false, it is: true", first(func(d *lab.Diagnosis) { d.Harmless = true })},
		{"harmful", "is harmless: true, it is: false", func(c *comparison) { c.outcome.Findings[2].Harmless = false }},
		{"too certain", "it cannot be certain", first(func(d *lab.Diagnosis) { d.Likely = true })},
		{"without a number", `does not say "5.0 s"`, first(func(d *lab.Diagnosis) { d.Says = []string{"lab-server[21]", "5.0 s"} })},
		{"after nothing", "it came after process-died", first(func(d *lab.Diagnosis) { d.After = "process-died" })},
		{"of a stranger", `accuses "lab-server[21]"`, func(c *comparison) { c.outcome.Actors[2].PID = 99 }},
	} {
		t.Run(wrong.name, func(t *testing.T) {
			c := newWorld()
			wrong.spoil(c)
			c.run()
			if c.result.Status != Failed || !strings.Contains(strings.Join(c.result.Problems, "\n"), wrong.says) {
				t.Errorf("%s, no problem says %q:\n%s", c.result.Status, wrong.says, strings.Join(c.result.Problems, "\n"))
			}
		})
	}
}

// TestOneFindingIsEnough: of several that may come to pass one must.
func TestOneFindingIsEnough(t *testing.T) {
	for _, c := range []struct {
		findings []lab.Diagnosis
		problem  bool
	}{
		{[]lab.Diagnosis{{Pattern: "deliberate-abort", Accuses: "server"}, {Pattern: "process-died", Accuses: "server"}, {Pattern: "stale-pool", Accuses: "client"}}, false},
		{[]lab.Diagnosis{{Pattern: "stale-pool", Accuses: "client"}}, true},
	} {
		w := newWorld()
		w.outcome.Findings = c.findings
		w.run()
		if failed := strings.Contains(strings.Join(w.result.Problems, "\n"), "no finding is one of"); failed != c.problem {
			t.Errorf("%+v: %q", c.findings, w.result.Problems)
		}
	}
}

// TestSlowMachine: only there another diagnosis of the list stands in for one that must come.
func TestSlowMachine(t *testing.T) {
	for slowest, fails := range map[time.Duration]bool{slowCall: true, slowCall + 1: false} {
		w := newWorld()
		w.outcome.Findings = append(w.outcome.Findings, lab.Diagnosis{Pattern: "port-scan", Must: true, Timed: true})
		w.outcome.SlowestCall = slowest
		if w.run(); (w.result.Status == Failed) != fails {
			t.Errorf("slowest call %s: %q", slowest, w.result.Problems)
		}
	}
}

// TestHiddenActor: where a kernel hides the end that acted, the other end may name its
// address and must not be certain.
func TestHiddenActor(t *testing.T) {
	c := newWorld()
	c.matched = make([]*event.Event, len(c.outcome.Expect)) // no event was shown
	f := event.Finding{Pattern: "refused-elsewhere", Dir: event.Received, Phase: event.FindingTotal, Certainty: event.Likely, Summary: "refused", Remedy: "look"}
	c.checkFinding(&f, nil, make([]bool, len(c.outcome.Findings)))
	if len(c.result.Problems) > 0 {
		t.Errorf("%q", c.result.Problems)
	}
	f.Certainty = event.Exact
	if c.checkFinding(&f, nil, make([]bool, len(c.outcome.Findings))); len(c.result.Problems) == 0 {
		t.Error("it may be certain of what it did not see")
	}
}

// TestHiddenCount: how often a thing happened is said of what the kernel shows. Where it hides
// an event, and where the machine is slow, the number of a timed diagnosis is not known.
func TestHiddenCount(t *testing.T) {
	for _, tt := range []struct{ timed, hides, slow, fails bool }{
		{timed: true, fails: true},
		{timed: true, hides: true},
		{timed: true, slow: true},
		{hides: true, slow: true, fails: true},
	} {
		c := newWorld()
		c.run()
		if tt.hides {
			c.matched = make([]*event.Event, len(c.outcome.Expect))
		}
		if tt.slow {
			c.outcome.SlowestCall = slowCall + 1
		}
		c.result.Problems = nil
		c.outcome.Findings = []lab.Diagnosis{{Pattern: "sent-by-no-socket", Accuses: lab.Outside, Timed: tt.timed, Says: []string{"(3 times)"}}}
		f := event.Finding{Pattern: "sent-by-no-socket", Dir: event.Received, Phase: event.FindingTotal, Summary: "sent", Remedy: "look"}
		c.checkFinding(&f, nil, make([]bool, 1))
		if failed := strings.Contains(strings.Join(c.result.Problems, "\n"), "does not say"); failed != tt.fails {
			t.Errorf("%+v: %q", tt, c.result.Problems)
		}
	}
}

// TestHiddenOnly: what is right where an event is hidden is right there only.
func TestHiddenOnly(t *testing.T) {
	for _, hides := range []bool{true, false} {
		c := newWorld()
		c.outcome.Findings = []lab.Diagnosis{{Pattern: "sent-by-no-socket", Accuses: lab.Outside, Hidden: true}}
		if c.match(); hides {
			c.matched = make([]*event.Event, len(c.outcome.Expect))
		}
		f := event.Finding{Pattern: "sent-by-no-socket", Dir: event.Received, Phase: event.FindingTotal, Certainty: event.Exact, Summary: "no socket sent it", Remedy: "look"}
		c.checkFinding(&f, nil, make([]bool, 1))
		if allowed := len(c.result.Problems) == 0; allowed != hides {
			t.Errorf("an event is hidden: %t, allowed: %t, %q", hides, allowed, c.result.Problems)
		}
	}
}
