package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDifferences(t *testing.T) {
	row := func(tracer string, instructions uint64) instructionRow {
		return instructionRow{Load: "connects", Tracer: tracer, Instructions: instructions}
	}
	committed := []counting{{Kernel: "6.1", Release: "6.1.0-1", Rows: []instructionRow{row("a", 1000), row("b", 1000)}}}
	for name, test := range map[string]struct {
		now  counting
		want []string
	}{
		"the same":       {counting{Kernel: "6.1", Rows: []instructionRow{row("a", 1000)}}, nil},
		"within a boot":  {counting{Kernel: "6.1", Rows: []instructionRow{row("a", 1029), row("b", 971)}}, nil},
		"more and less":  {counting{Kernel: "6.1", Release: "6.1.0-2", Rows: []instructionRow{row("a", 1031), row("b", 960)}}, []string{"6.1, connects, a: 1031 instructions, committed are 1000 (+3.1 %; Linux 6.1.0-2, then 6.1.0-1)", "6.1, connects, b: 960 instructions, committed are 1000 (-4.0 %; Linux 6.1.0-2, then 6.1.0-1)"}},
		"a new row":      {counting{Kernel: "6.1", Rows: []instructionRow{row("c", 1)}}, []string{"6.1, connects, c: has no committed figure"}},
		"another kernel": {counting{Kernel: "7.0"}, []string{"7.0 has no committed figures"}},
	} {
		if diff := cmp.Diff(test.want, differences(committed, []counting{test.now})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestInstructionsTable(t *testing.T) {
	got := instructionsTable([]counting{{Kernel: "6.1", Release: "6.1.0", Rows: []instructionRow{
		{Load: "connects", Tracer: untraced.name, Instructions: 20000}, {Load: "connects", Tracer: "rsttrace", Instructions: 21000},
		{Load: "connects", Tracer: "rsttrace --attach tracepoint"},
	}}})
	for _, line := range []string{"| connects | nothing (untraced) | 20 000 |  |\n", "| connects | `rsttrace` | 21 000 | 1 000 (5.0 %) |\n",
		"| connects | `rsttrace --attach tracepoint` | does not see them | |\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
}
