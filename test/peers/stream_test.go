package peers

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/file"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// rounds is how often the stream has each event of the golden file.
const rounds = 20

// stream is one of which all numbers are known: the events of a golden file again and
// again, some seconds apart and over more than an hour, with what may come beside events.
type stream struct {
	event.NopSink
	events    []*event.Event
	followups []*event.Followup
	findings  []*event.Finding
	losses    []*event.Loss
	coverage  []*event.Coverage
}

func (s *stream) Event(e *event.Event) error { s.events = append(s.events, e.Clone()); return nil }
func (s *stream) Coverage(c *event.Coverage) error {
	s.coverage = append(s.coverage, c.Clone())
	return nil
}
func (s *stream) Followup(f *event.Followup) error { s.followups = append(s.followups, f); return nil }

func newStream(t *testing.T) *stream {
	t.Helper()
	var golden stream
	feed(t, "../../internal/sink/jsonl/testdata/events.golden", &golden)
	feed(t, "../../internal/sink/jsonl/testdata/followups.golden", &golden)
	if len(golden.events) < 10 || len(golden.followups) < 3 {
		t.Fatalf("%d events, %d follow-ups", len(golden.events), len(golden.followups))
	}
	s := &stream{}
	at := time.Now().UTC().Truncate(time.Second).Add(-2 * time.Hour)
	for range rounds {
		first := uint64(len(s.events))
		for _, e := range golden.events {
			c := e.Clone()
			at = at.Add(11_234_567_891 * time.Nanosecond)
			c.ID, c.Time = uint64(len(s.events)+1), at
			s.events = append(s.events, c)
		}
		for _, f := range golden.followups {
			c := *f
			c.Event, c.Time = f.Event+first, at
			s.followups = append(s.followups, &c)
		}
	}
	last := s.events[len(s.events)-1]
	for id := range uint64(3) {
		f := &event.Finding{
			Time: last.Time, ID: id + 1, Phase: event.FindingBegins, Cause: cause.ClosedPort, Dir: event.Sent, Certainty: event.Exact,
			Pattern: "scan", Harmless: id == 1, Summary: "one address tried many ports", Remedy: "block it", Resets: 1,
			Local: last.Local, Peer: last.Peer, First: last.Time, Last: last.Time, Event: last.ID,
		}
		grown := f.Clone()
		grown.Phase, grown.Resets, grown.Time = event.FindingGrows, 100*(id+1), last.Time.Add(time.Second)
		s.findings = append(s.findings, f, grown)
	}
	s.losses = append(s.losses, &event.Loss{Time: last.Time, Events: 37}, &event.Loss{Time: last.Time, Events: 5})
	return s
}

func feed(t *testing.T, path string, to event.Sink) {
	t.Helper()
	input, err := os.Open(path)
	must(t, err)
	defer input.Close()
	must(t, (&event.Reader{Name: path, Input: input}).Run(t.Context(), to))
}

// Run gives the stream to a sink, as a source does.
func (s *stream) Run(_ context.Context, to event.Sink) error {
	to = event.OfHost(event.Host{HostName: hostName}, to)
	for _, e := range s.events {
		if err := to.Event(e); err != nil {
			return err
		}
	}
	for _, f := range s.followups {
		if err := to.Followup(f); err != nil {
			return err
		}
	}
	for _, f := range s.findings {
		if err := to.Finding(f); err != nil {
			return err
		}
	}
	for _, l := range s.losses {
		if err := to.Loss(l); err != nil {
			return err
		}
	}
	if err := to.Totals(&event.Totals{Time: time.Now(), Shown: uint64(len(s.events))}); err != nil {
		return err
	}
	return to.Flush(time.Now())
}

// count is how many events are of a kind.
func (s *stream) count(is func(e *event.Event) bool) (n int) {
	for _, e := range s.events {
		if is(e) {
			n++
		}
	}
	return n
}

// hostName is that of the stream.
const hostName = "web-1"

// logFile writes the stream as a file sink does.
func (s *stream) logFile(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "resets.json")
	out, err := file.New(file.Options{Path: path})
	must(t, err)
	must(t, s.Run(t.Context(), out))
	must(t, out.Close())
	return path
}

// enginesVariable names the folder with the log engines.
const enginesVariable = "RSTTRACE_ENGINES"

// engine is the path of something in that folder.
func engine(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(os.Getenv(enginesVariable), name)
	if _, err := os.Stat(path); os.Getenv(enginesVariable) == "" || err != nil {
		t.Skipf("needs %s: make peers fetches it", name)
	}
	return path
}

// logsPage is the page with the examples.
func logsPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/logs.md")
	must(t, err)
	return string(text)
}

// block is the code in the page that begins with some text.
func block(t *testing.T, begins string) string {
	t.Helper()
	for _, part := range strings.Split(logsPage(t), "\n```")[1:] {
		_, code, _ := strings.Cut(part, "\n")
		if strings.HasPrefix(code, begins) {
			return code
		}
	}
	t.Fatalf("docs/logs.md has no code that begins with %q", begins)
	return ""
}
