package text

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// render writes one event with a fresh sink.
func render(t *testing.T, o Options, e *event.Event) string {
	t.Helper()
	o.Location = time.UTC
	var out bytes.Buffer
	s := New(&out, o)
	must(t, s.Event(e))
	must(t, s.Flush(time.Time{}))
	return out.String()
}

func TestFileHasOneLinePerEvent(t *testing.T) {
	for _, e := range fixture.Events() {
		got := render(t, Options{}, e)
		if strings.Count(got, "\n") != 1 || !strings.HasSuffix(got, "\n") {
			t.Errorf("%s: want one line, got %q", e.Cause, got)
		}
		if !strings.Contains(got, e.Remedy) {
			t.Errorf("%s: remedy %q is missing in %q", e.Cause, e.Remedy, got)
		}
	}
}

// Whatever the width: addresses are whole, lines fit unless a single address or
// word does not, and all words are there.
func TestEveryWidth(t *testing.T) {
	for width := minWidth; width < 420; width++ {
		for _, e := range fixture.Events() {
			got := render(t, Options{Width: width}, e)
			for _, want := range []string{e.Local.String(), e.Peer.String(), string(e.Cause)} {
				if !strings.Contains(got, want) {
					t.Fatalf("width %d: %q is missing in\n%s", width, want, got)
				}
			}
			one := render(t, Options{}, e)
			if a, b := strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(one), " "); a != b {
				t.Fatalf("width %d changes the words:\n%s\n%s", width, a, b)
			}
			for line := range strings.Lines(got) {
				line = strings.TrimSuffix(line, "\n")
				breakable := len(strings.Fields(line)) > 4 // time, direction, address, arrow
				if cells(line) > width && (breakable || width > 80) {
					t.Fatalf("width %d: line of %d cells: %q", width, cells(line), line)
				}
				if line != strings.TrimRight(line, " ") {
					t.Fatalf("width %d: blanks at the end of %q", width, line)
				}
			}
		}
	}
}

// TestNumbersStayWhole: no terminal is so narrow that a number is torn apart, or from
// what it counts.
func TestNumbersStayWhole(t *testing.T) {
	e := fixture.Events()[0]
	e.Summary = "closed with 1 234 567 unread bytes, 12 ms after the last of 31 segments"
	for width := 20; width < 120; width++ {
		got := render(t, Options{Width: width}, e)
		for _, whole := range []string{"1 234 567 unread", "12 ms", "31 segments"} {
			if !strings.Contains(got, whole) {
				t.Errorf("%d columns: %q is broken:\n%s", width, whole, got)
			}
		}
	}
}

func TestColorChangesNothingElse(t *testing.T) {
	sequences := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{0, 80, 120, 200} {
		plain := write(t, Options{Width: width, Location: time.UTC})
		colored := write(t, Options{Width: width, Color: true, Location: time.UTC})
		if got := sequences.ReplaceAll(colored, nil); !bytes.Equal(got, plain) {
			t.Errorf("width %d: colours change the layout", width)
		}
		for line := range strings.Lines(string(colored)) {
			if open := sequences.FindAllString(line, -1); len(open) > 0 && open[len(open)-1] != reset {
				t.Errorf("a style is left open at the end of %q", line)
			}
		}
	}
}

func TestColumnShrinksAgain(t *testing.T) {
	c := column{limit: 40, width: 10}
	if got := c.fit(30); got != 30 {
		t.Fatalf("grew to %d, want 30", got)
	}
	for range forgetAfter {
		c.fit(12)
	}
	if got := c.fit(11); got != 12 {
		t.Errorf("shrank to %d, want the widest of the last events, 12", got)
	}
	if got := c.fit(41); got != 12 {
		t.Errorf("a text past the limit of 40 moves the column to %d", got)
	}
}

func TestRemedyStaysOnScreen(t *testing.T) {
	const rows = 10
	e := fixture.Events()[0]
	var out bytes.Buffer
	s := New(&out, Options{Width: 120, Height: rows, Location: time.UTC})
	for range 50 {
		must(t, s.Event(e))
	}
	must(t, s.Flush(time.Time{}))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	remedies := 0
	for i := range lines {
		if strings.Contains(lines[i], e.Remedy) {
			remedies++
		}
		if i+rows < len(lines) && !strings.Contains(strings.Join(lines[i:i+rows+1], "\n"), "→ "+e.Remedy) {
			t.Fatalf("no remedy in the screen after line %d", i)
		}
	}
	if remedies >= 50/2 {
		t.Errorf("the remedy is written %d times for 50 events", remedies)
	}
}

func TestRemediesAreForgotten(t *testing.T) {
	var r remedies
	for i := range 10 * forgetRemedies {
		r.due(strings.Repeat("x", i+1), uint64(i), 24)
	}
	if len(r.line) > forgetRemedies {
		t.Errorf("%d remedies are remembered, want at most %d", len(r.line), forgetRemedies)
	}
}

func TestResize(t *testing.T) {
	e := fixture.Events()[0]
	var out bytes.Buffer
	s := New(&out, Options{Location: time.UTC})
	must(t, s.Event(e))
	s.Resize(80, 24)
	must(t, s.Event(e))
	s.Resize(1, 1) // nonsense: treated as minWidth
	must(t, s.Event(e))
	must(t, s.Flush(time.Time{}))
	if lines := strings.Count(out.String(), "\n"); lines < 8 {
		t.Errorf("%d lines, want one for the file and several for each terminal:\n%s", lines, out.String())
	}
}

func TestFromEnvironment(t *testing.T) {
	for _, c := range []struct {
		env   map[string]string
		color bool
		ascii bool
	}{
		{map[string]string{"TERM": "xterm"}, true, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, false, false},
		{map[string]string{"TERM": "xterm", "NO_COLOR": ""}, true, false},
		{map[string]string{"TERM": "dumb"}, false, false},
		{map[string]string{}, false, false},
		{map[string]string{"TERM": "linux", "LANG": "C"}, true, true},
		{map[string]string{"TERM": "linux", "LANG": "de_DE.UTF-8"}, true, false},
		{map[string]string{"TERM": "linux", "LC_ALL": "POSIX", "LANG": "en_US.utf8"}, true, true},
	} {
		got := fromEnvironment(Options{Width: 80}, func(name string) string { return c.env[name] })
		if got.Color != c.color || got.ASCII != c.ascii {
			t.Errorf("%v: colour %v, ASCII %v", c.env, got.Color, got.ASCII)
		}
	}
}

func TestDetectPipe(t *testing.T) {
	r, w := pipe(t)
	defer r.Close()
	defer w.Close()
	if got := Detect(w); got != (Options{}) {
		t.Errorf("a pipe gives %+v, want nothing", got)
	}
}

func TestWriteErrorIsReturned(t *testing.T) {
	s := New(failing{}, Options{})
	must(t, s.Event(fixture.Events()[0]))
	if err := s.Flush(time.Time{}); !errors.Is(err, errFull) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// FuzzClean: nothing that a terminal obeys gets through, clean text is not
// changed, and nothing disappears.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"nginx", "\x1b[2J", "caf\u00e9", "\u202e\ufeff", "\xff\xc3", "a\x00b\u0085\x9b", "\U000e0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q lets %q through", got, r)
			}
		}
		if again := clean(got); again != got {
			t.Fatalf("cleaning %q again gives %q", got, again)
		}
		if len(text) > 0 && got == "" {
			t.Fatalf("%q disappeared", text)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	for name, o := range map[string]Options{
		"file":     {},
		"terminal": {Width: 120, Height: 40, Color: true},
	} {
		b.Run(name, func(b *testing.B) {
			events := fixture.Events()
			rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			s := New(discard{}, o)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := s.Event(events[n%len(events)]); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
			b.ReportMetric(0, "ns/op")
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
