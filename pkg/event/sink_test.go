package event

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"testing"
	"time"
)

// goroutine is the number of the goroutine that calls it.
func goroutine() string {
	var stack [64]byte
	return string(bytes.Fields(stack[:runtime.Stack(stack[:], false)])[1])
}

// whereabouts notes in which goroutines it is called.
type whereabouts struct {
	NopSink
	in map[string]int
}

func (w *whereabouts) Event(*Event) error    { w.in[goroutine()]++; return nil }
func (w *whereabouts) Flush(time.Time) error { w.in[goroutine()]++; return nil }

// TestOneGoroutine: sources and stages call a sink in the goroutine of Run.
func TestOneGoroutine(t *testing.T) {
	one, other := &whereabouts{in: make(map[string]int)}, &whereabouts{in: make(map[string]int)}
	source := &Reader{Name: "file", Input: strings.NewReader(eventLine(1) + "\n" + eventLine(2) + "\n")}
	if err := source.Run(context.Background(), Tee(one, other)); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*whereabouts{one, other} {
		if len(w.in) != 1 || w.in[goroutine()] < 3 {
			t.Errorf("called in %v, want only in %s", w.in, goroutine())
		}
	}
	source.Input = strings.NewReader(eventLine(3) + "\n")
	for e, err := range Events(context.Background(), source) {
		if err != nil || e.ID != 3 {
			t.Errorf("%v, %v", e, err)
		}
	}
}

// TestReaderLosesNothing: it reads on only when the sink has returned.
func TestReaderLosesNothing(t *testing.T) {
	input := &counting{r: strings.NewReader(strings.Repeat(eventLine(1)+"\n", 10_000))}
	slow := &slowSink{input: input}
	if err := (&Reader{Name: "file", Input: input}).Run(context.Background(), slow); err != nil {
		t.Fatal(err)
	}
	if slow.events != 10_000 || slow.readMeanwhile {
		t.Errorf("%d events, read meanwhile: %v", slow.events, slow.readMeanwhile)
	}
}

type counting struct {
	r     *strings.Reader
	reads int
}

func (c *counting) Read(p []byte) (int, error) { c.reads++; return c.r.Read(p) }

type slowSink struct {
	NopSink
	input         *counting
	events        int
	readMeanwhile bool
}

func (s *slowSink) Event(*Event) error {
	before := s.input.reads
	runtime.Gosched()
	s.events++
	s.readMeanwhile = s.readMeanwhile || s.input.reads != before
	return nil
}
