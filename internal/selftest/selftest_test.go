package selftest

import (
	"os"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

func TestMain(m *testing.M) {
	if lab.ActorMain() {
		return
	}
	os.Exit(m.Run())
}

// TestRun plays two scenarios under a live tracer. Under the race detector it
// shows whether what the selftest calls beside the tracer may be called there.
func TestRun(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	var scenarios []lab.Scenario
	for _, name := range []string{"unread-data", "reset-by-peer"} {
		s, ok := lab.Find(name)
		if !ok {
			t.Fatalf("no scenario is called %s", name)
		}
		s.Families = []event.Family{event.IPv4}
		scenarios = append(scenarios, s)
	}
	report, err := Run(t.Context(), Options{Scenarios: scenarios})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(report.Results); n != len(scenarios) {
		t.Errorf("%d results for %d scenarios", n, len(scenarios))
	}
	for _, r := range report.Results {
		if r.Status == Failed || r.Status == Skipped {
			t.Errorf("%s: %s %s\n%s", r.Scenario, r.Status, r.Reason, strings.Join(r.Problems, "\n"))
		}
	}
}

// TestParts: the parts are the whole, and no play is in two.
func TestParts(t *testing.T) {
	both, one := []event.Family{event.IPv4, event.IPv6}, []event.Family{event.IPv4}
	scenarios := []lab.Scenario{{Name: "a", Families: both}, {Name: "b", Families: one}, {Name: "c", Families: both}, {Name: "d", Families: one}}
	for part, want := range map[Part]string{
		{}:     "a4 a6 b4 c4 c6 d4",
		{1, 1}: "a4 a6 b4 c4 c6 d4",
		{1, 2}: "a4 b4 c6",
		{2, 2}: "a6 c4 d4",
		{1, 3}: "a4 c4",
		{2, 3}: "a6 c6",
		{3, 3}: "b4 d4",
	} {
		o := Options{Scenarios: scenarios, Part: part}
		var played []string
		for s, family := range o.plays() {
			played = append(played, s.Name+strings.TrimPrefix(string(family), "ipv"))
		}
		if got := strings.Join(played, " "); got != want || o.Plays() != len(played) {
			t.Errorf("part %v: %s, want %s; %d plays", part, got, want, o.Plays())
		}
	}
}
