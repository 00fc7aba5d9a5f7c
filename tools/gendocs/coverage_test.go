package main

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestKnowledge(t *testing.T) {
	for want, k := range map[string]recording.Knowledge{
		"—":               {},
		"exact":           {Exact: true},
		"likely":          {Likely: true},
		"exact or likely": {Exact: true, Likely: true},
		"cannot be known: [no-socketless](#no-socketless)": {Limits: []string{"no-socketless"}},
		"exact; in part cannot be known: [a](#a), [b](#b)": {Exact: true, Limits: []string{"a", "b"}},
		"**missing**":         {Absent: true},
		"likely; **missing**": {Likely: true, Absent: true},
	} {
		if got := knowledge(k); got != want {
			t.Errorf("%+v: %q, want %q", k, got, want)
		}
	}
}

// TestCell: what all methods agree on is said once.
func TestCell(t *testing.T) {
	by := func(method event.Method, k recording.Knowledge) covered {
		return covered{&recording.Recording{Method: method}, map[event.CauseID]recording.Knowledge{cause.Refused: k}}
	}
	exact, likely := recording.Knowledge{Exact: true}, recording.Knowledge{Likely: true}
	c := column{recordings: []covered{by("fentry", exact), by("kprobe", exact), by("tracepoint", exact)}}
	if got := c.cell(cause.Refused); got != "exact" {
		t.Error(got)
	}
	c.recordings[2] = by("tracepoint", likely)
	if got, want := c.cell(cause.Refused), "fentry, kprobe: exact<br>tracepoint: likely"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := dagger([]column{c}, cause.Refused) + dagger([]column{c}, cause.PeerGone); got != " †" {
		t.Errorf("daggers: %q", got)
	}
}

func TestCoverageNamesLimitsAndSkips(t *testing.T) {
	page := coveragePage([]*recording.Recording{{
		Kernel: "6.1.0", Arch: "arm64", Method: "fentry", Limits: []string{"no-socketless"},
		Scenarios: []recording.Scenario{{Name: "mptcp", Skipped: "no MPTCP"}, {Name: "ss-k", KernelDeviates: "no RST"}},
	}})
	for _, want := range []string{
		"| arm64-6.1 | 6.1.0 | fentry |",
		"### no-socketless\n\nResets sent without a full socket",
		"Holds on arm64-6.1 by fentry.",
		"| mptcp | arm64-6.1 by fentry | no MPTCP |",
		"this kernel differs: no RST |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
