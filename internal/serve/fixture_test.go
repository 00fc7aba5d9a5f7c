package serve

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// fake is a tracer without a kernel, and a clock.
type fake struct {
	mu     sync.Mutex
	events uint64
	asked  int
	broken bool
	blind  bool
	time   time.Time
}

func newFake() *fake { return &fake{time: time.Date(2026, 3, 3, 3, 12, 45, 0, time.UTC)} }

func (f *fake) Counted() (event.Totals, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.broken {
		return event.Totals{}, errors.New("the map is gone")
	}
	return event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: f.events}}}, nil
}

func (f *fake) Hooks() []metrics.Hook {
	f.mu.Lock()
	defer f.mu.Unlock()
	hook := metrics.Hook{Name: "tcp_reset", Method: event.Fentry, Needed: true}
	if f.blind {
		hook.Method = ""
	}
	return []metrics.Hook{hook, {Name: "nf_send_reset"}}
}

func (f *fake) Limits() []string             { return []string{"no-reject"} }
func (f *fake) Listening() ([]uint16, error) { return []uint16{443}, nil }

func (f *fake) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.time
}

func (f *fake) change(what func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what()
}

// newServer returns a server whose tracer has begun.
func newServer(t *testing.T, f *fake, o Options) (*Server, *httptest.Server) {
	t.Helper()
	o.Tracer, o.Now, o.Version = f, f.now, "v1.2.3"
	if o.Streams == 0 {
		o.Streams = DefaultStreams
	}
	s := New(o)
	if err := s.Sink().Flush(f.now()); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		s.streams.end()
		web.Close()
	})
	return s, web
}

// get returns the status and the text of an answer.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	return ask(t, http.MethodGet, url)
}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func wantAnswer(t *testing.T, method, url string, status int, part string) {
	t.Helper()
	if got, text := ask(t, method, url); got != status || !strings.Contains(text, part) {
		t.Errorf("%s %s: %d %s, want %d and %q", method, url, got, text, status, part)
	}
}

func reset(id uint64, dir event.Dir, why event.CauseID) *event.Event {
	return &event.Event{Schema: event.SchemaVersion, ID: id, Time: time.Date(2026, 3, 3, 3, 12, 45, 0, time.UTC), Dir: dir, Cause: why, Certainty: event.Exact, Summary: strings.Repeat("it was so, ", 10)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what other goroutines do.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}
