package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestQuartiles(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   quartiles
	}{
		{[]float64{3}, quartiles{3, 3, 3}},
		{[]float64{4, 2}, quartiles{2.5, 3, 3.5}},
		{[]float64{5, 1, 4, 2, 3}, quartiles{2, 3, 4}},
	} {
		if got := quartilesOf(test.values); got != test.want {
			t.Errorf("%v: %v, want %v", test.values, got, test.want)
		}
	}
	if got := (quartiles{0.75, 1, 1.125}).spread(); got != 0.25 {
		t.Errorf("spread %v, want 0.25", got)
	}
}

func TestReplaceMarked(t *testing.T) {
	begin, end := markBegin(resultMarks), markEnd(resultMarks)
	others := markBegin(instructionMarks) + "stays\n" + markEnd(instructionMarks)
	got, err := replaceMarked("a\n"+begin+"old\n"+end+"\nb\n"+others, resultMarks, "new\n")
	if want := "a\n" + begin + "new\n" + end + "\nb\n" + others; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, page := range []string{"", begin, "old\n" + end, others} {
		if _, err := replaceMarked(page, resultMarks, "new"); err == nil {
			t.Errorf("%q has not both marks", page)
		}
	}
}

func TestVerdict(t *testing.T) {
	for want, ratio := range map[string]float64{"met": 0.96, "met within the spread": 0.94, "missed": 0.92} {
		if got := verdict(ratio, 0.95, 0.02); got != want {
			t.Errorf("%v: %s, want %s", ratio, got, want)
		}
	}
}

func TestParseStats(t *testing.T) {
	got, err := parseStats("rsttrace: a word before\n\nPROGRAM                RUNS     NS/RUN\n" +
		"context_state     12    61\ntracepoint_send   0     0\nring: at most 0 of 8388608 bytes used\n")
	want := []programCost{{Program: "context_state", Runs: 12, NanosPerRun: 61}, {Program: "tracepoint_send"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, text := range []string{"", "PROGRAM RUNS NS/RUN\nring: nothing\n"} {
		if _, err := parseStats(text); err == nil {
			t.Errorf("%q has no statistics", text)
		}
	}
}

// TestCheck: fewer than made is a mistake, more may be somebody else's.
func TestCheck(t *testing.T) {
	exact := totals{
		Causes: []event.Count{
			{Dir: event.Sent, Cause: cause.ClosedPort, Events: 10},
			{Dir: event.Received, Cause: cause.Refused, Events: 10},
			{Dir: event.Sent, Cause: cause.LingerZero, Events: 1},
		},
		Shown: 15, NotShown: 4, Lost: 2,
	}
	if err := exact.check(refusedConnects, 10); err != nil {
		t.Error(err)
	}
	if err := exact.check(refusedConnects, 9); !errors.Is(err, errDisturbed) {
		t.Errorf("more than made: %v", err)
	}
	if err := exact.check(refusedConnects, 11); err == nil || errors.Is(err, errDisturbed) {
		t.Errorf("fewer than made: %v", err)
	}
	missed, unbalanced := exact, exact
	missed.Missed, unbalanced.Lost = 1, 3
	for _, wrong := range []totals{missed, unbalanced} {
		if err := wrong.check(refusedConnects, 10); err == nil || errors.Is(err, errDisturbed) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}

// TestTail: the last line is there however often the memory was used again.
func TestTail(t *testing.T) {
	out, err := newOutputMem()
	if err != nil {
		t.Fatal(err)
	}
	out.begin()
	filler := []byte(strings.Repeat("x", 99_999) + "\n")
	for range 200 {
		if _, err := out.file.Write(filler); err != nil {
			t.Fatal(err)
		}
	}
	out.end()
	want := `{"kind":"counts"}`
	if _, err := out.file.WriteString("a line before\n" + want + "\n"); err != nil {
		t.Fatal(err)
	}
	got, err := out.lastLine()
	if err != nil || string(got) != want || !json.Valid(got) {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestWriteMethods: by load, in the order measured; nothing where none were.
func TestWriteMethods(t *testing.T) {
	var page strings.Builder
	r := results{}
	if r.writeMethods(&page); page.Len() != 0 {
		t.Errorf("without a guest: %q", page.String())
	}
	r.Methods = &results{Rounds: 2, SliceSeconds: 0.5, Machine: machine{Kernel: "6.12.1"}}
	for _, d := range methodsPlan("rsttrace").matchups {
		r.Methods.add(d, pair{Ratio: 0.75})
		r.Methods.add(d, pair{Ratio: 0.25})
	}
	r.writeMethods(&page)
	rows := strings.Count(page.String(), "| **0.500** (0.375 to 0.625) |\n")
	if want := 2 * (1 + len(event.Methods)); rows != want || !strings.Contains(page.String(), "Linux 6.12.1; 2 paired rounds of 0.5 s") {
		t.Errorf("%d rows, want %d:\n%s", rows, want, page.String())
	}
	const kprobe = "| refused connects | `rsttrace --summary --attach kprobe` |"
	if refused, churned := strings.Index(page.String(), kprobe), strings.Index(page.String(), "| connect, transfer, close |"); refused < 0 || churned < refused {
		t.Errorf("rows are not in order:\n%s", page.String())
	}
}
