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
