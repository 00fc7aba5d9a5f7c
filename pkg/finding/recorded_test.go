package finding

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestRecorded: incidents of real programs, as a kernel showed them, are found with their
// numbers. testdata/record.py made the recordings and says what happened in each.
func TestRecorded(t *testing.T) {
	for _, test := range []struct {
		name      string
		pattern   event.PatternID
		certainty event.Certainty
		resets    uint64
		says      []string
		because   string // "" where nothing may be inferred
	}{
		{"race", "keep-alive-race", event.Exact, 3, []string{"python3", "a silence of 3.0 s"}, ""},
		{"linger", "idle-limit", event.Exact, 3, []string{"python3", "a silence of 3.0 s", "(3 times)"}, ""},
		{"forgotten", "idle-limit-between", event.Likely, 3, []string{"a silence of 11.1 s", "keep-alives more often than every 11.0 s"}, "no TCP timestamp"},
		{"flow", "sent-by-no-socket", event.Exact, 1, []string{"no socket of this host sent", "last packet had come", "has the connection", "forges RSTs"}, ""},
		{"paused", "process-paused", event.Likely, 4, []string{"python3", "did nothing on 4 connections for at least 5.1 s", "it was stopped or blocked"}, "its clients had closed between"},
		{"upload", "closed-before-read", event.Exact, 3, []string{"python3", "83 968 to 108 544 bytes", "were 1.0 s old"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := replay(t, test.name)
			if f.Pattern != test.pattern || f.Certainty != test.certainty || f.Resets != test.resets {
				t.Errorf("%s, %s, %d resets, want %s, %s, %d", f.Pattern, f.Certainty, f.Resets, test.pattern, test.certainty, test.resets)
			}
			text := f.Summary + " " + f.Remedy
			for _, want := range test.says {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in: %s", want, text)
				}
			}
			if because := strings.Join(f.Because, "; "); !strings.Contains(because, test.because) || test.because == "" && because != "" {
				t.Errorf("because %q, want %q", because, test.because)
			}
		})
	}
}

// replay returns the worst finding of a recording.
func replay(t *testing.T, name string) event.Finding {
	file, err := os.Open(filepath.Join("testdata", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := new(collector)
	source := event.Reader{Name: file.Name(), Input: file}
	must(t, source.Run(context.Background(), New(c)))
	for _, f := range c.findings {
		if f.Phase == event.FindingTotal {
			return f
		}
	}
	t.Fatalf("no totals: %v", c.order)
	return event.Finding{}
}
