package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestReadMetrics(t *testing.T) {
	got, err := readMetrics(strings.NewReader(`# HELP rsttrace_resets_total RSTs
# TYPE rsttrace_resets_total counter
rsttrace_resets_total{cause="closed-port",direction="sent"} 1.200003e+06
rsttrace_resets_total{cause="refused",direction="received"} 7
rsttrace_owner_resets_total{cause="refused",direction="received",owner="x",owner_kind="comm"} 99
rsttrace_events_lost_total 3
rsttrace_probes_missed_total 0
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &totals{
		Causes: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: 1_200_003}, {Dir: event.Received, Cause: cause.Refused, Events: 7}},
		Shown:  1_200_007, Lost: 3,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("totals (-want +got):\n%s", d)
	}
	if _, err := readMetrics(strings.NewReader("# nothing\n")); err == nil {
		t.Error("metrics without counts give totals")
	}
}
