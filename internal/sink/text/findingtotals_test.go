package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestTotalsOfMany: the worst findings are explained, the next are named, and the rest is
// counted. Further totals begin anew.
func TestTotalsOfMany(t *testing.T) {
	for _, test := range []struct {
		findings, lines int // lines of findings, and of the count of the rest
		rest            string
	}{
		{1, 3, ""},
		{8, 8 * 3, ""},
		{9, 8*3 + 1, ""},
		{38, 8*3 + 30, ""},
		{39, 8*3 + 30 + 1, "and 1 more finding: "},
		{1039, 8*3 + 30 + 1, "and 1001 more findings: "},
	} {
		var out bytes.Buffer
		s := New(&out, Options{Width: 120, Fold: true, Location: time.UTC})
		for range 2 {
			out.Reset()
			for i := range test.findings {
				must(t, s.Finding(&event.Finding{
					ID: uint64(i + 1), Phase: event.FindingTotal, Pattern: "closed-before-read", Cause: cause.UnreadDataOnClose, Resets: 1,
					Summary: fmt.Sprintf("app closed connection %d", i+1), Remedy: "Read it",
				}))
			}
			must(t, s.Totals(&event.Totals{}))
			must(t, s.Flush(time.Time{}))
			before, _, found := strings.Cut(strings.TrimPrefix(out.String(), "\n"), "\n\n")
			if !found {
				t.Fatalf("no totals: %s", &out)
			}
			lines := strings.Split(before, "\n")
			if want := "#1 closed-before-read  1 reset of cause unread-data-on-close"; lines[0] != want {
				t.Errorf("%d findings begin with %q, want %q", test.findings, lines[0], want)
			}
			if last := lines[len(lines)-1]; len(lines) != test.lines || !strings.HasPrefix(last, test.rest) {
				t.Errorf("%d findings are %d lines, want %d; the last is %q, want %q", test.findings, len(lines), test.lines, last, test.rest)
			}
		}
	}
}

// TestProgramIsSaidOnce: what a process runs is said when it is first shown, and again for
// another one with its number.
func TestProgramIsSaidOnce(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{Width: 120, Fold: true, Location: time.UTC})
	for i, cmdline := range []string{"/usr/bin/java -jar cart.jar", "/usr/bin/java -jar cart.jar", "/usr/bin/java -jar shop.jar"} {
		must(t, s.Finding(&event.Finding{
			ID: uint64(i + 1), Phase: event.FindingBegins, Pattern: "closed-before-read", Dir: event.Sent, Resets: 1,
			Actor: event.Party{Owner: event.Owner{PID: 7, Comm: "java", Source: event.FromCurrent, Cmdline: cmdline}},
		}))
	}
	must(t, s.Flush(time.Time{}))
	for _, what := range []string{"cart.jar", "shop.jar"} {
		if n := strings.Count(out.String(), "java[7] is java -jar "+what); n != 1 {
			t.Errorf("%s is said %d times:\n%s", what, n, &out)
		}
	}
}
