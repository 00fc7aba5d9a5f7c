package serve

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// watch opens a stream and returns its lines: kind and number of each.
func watch(t *testing.T, s *Server, url string) (next func() string, body io.ReadCloser) {
	t.Helper()
	before, _, _ := s.streams.numbers()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%s: %s, %v", url, answer.Status, answer.Header)
	}
	eventually(t, "the stream begins", func() bool { now, _, _ := s.streams.numbers(); return now == before+1 })
	lines := bufio.NewScanner(answer.Body)
	return func() string {
		t.Helper()
		for lines.Scan() {
			var line struct {
				Kind      event.Kind
				Phase     event.FindingPhase
				ID, Event uint64
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%v: %s", err, lines.Text())
			}
			if line.Kind == event.KindFinding && line.Phase != event.FindingBegins {
				continue // these depend on the patterns
			}
			return fmt.Sprint(line.Kind, " ", cmp.Or(line.ID, line.Event))
		}
		return fmt.Sprint("end: ", lines.Err())
	}, answer.Body
}

func TestStreams(t *testing.T) {
	s, web := newServer(t, newFake(), Options{})
	all, _ := watch(t, s, web.URL+"/events")
	sent, _ := watch(t, s, web.URL+"/events?filter=sent")
	findings, _ := watch(t, s, web.URL+"/findings")
	none, _ := watch(t, s, web.URL+"/findings?filter=port+1")
	sink := s.Sink()
	must(t, sink.Event(reset(1, event.Sent, cause.ClosedPort)))
	must(t, sink.Event(reset(2, event.Received, cause.PeerGone)))
	must(t, sink.Followup(&event.Followup{Event: 2, Kind: event.GotSIGPIPE}))
	must(t, sink.Event(reset(3, event.Sent, cause.LingerZero)))
	must(t, sink.Totals(&event.Totals{}))
	must(t, sink.Flush(time.Now()))
	for _, want := range []string{"event 1", "event 2", "followup 2", "event 3"} {
		if got := all(); got != want {
			t.Errorf("/events: %s, want %s", got, want)
		}
	}
	for _, want := range []string{"event 1", "event 3"} {
		if got := sent(); got != want {
			t.Errorf("/events?filter=sent: %s, want %s", got, want)
		}
	}
	for _, want := range []string{"finding 1", "finding 2"} {
		if got := findings(); got != want {
			t.Errorf("/findings: %s, want %s", got, want)
		}
	}
	s.streams.end()
	if got := none(); got != "end: <nil>" {
		t.Errorf("/findings?filter=port+1: %s, want nothing", got)
	}
	if clients, cutOff, _ := s.streams.numbers(); clients != 0 || cutOff != 0 {
		t.Errorf("%d clients are left, and %d were cut off", clients, cutOff)
	}
}

// TestQuietStream: over HTTP/2, as with TLS, a stream outlives a silence that is longer than
// a write may take.
func TestQuietStream(t *testing.T) {
	defer func(before time.Duration) { writePatience = before }(writePatience)
	writePatience = 200 * time.Millisecond
	s := New(Options{Tracer: newFake(), Streams: 1})
	web := httptest.NewUnstartedServer(s.Handler())
	web.EnableHTTP2 = true
	web.StartTLS()
	defer web.Close()
	defer s.streams.end()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/events", nil)
	must(t, err)
	answer, err := web.Client().Do(request)
	must(t, err)
	defer answer.Body.Close()
	if answer.ProtoMajor != 2 {
		t.Fatalf("the stream is over %s", answer.Proto)
	}
	lines := bufio.NewScanner(answer.Body)
	for id := range uint64(2) {
		must(t, s.Sink().Event(reset(id+1, event.Sent, cause.ClosedPort)))
		must(t, s.Sink().Flush(time.Now()))
		if !lines.Scan() {
			t.Fatalf("the stream ended before event %d: %v", id+1, lines.Err())
		}
		time.Sleep(3 * writePatience)
	}
}

// TestSlowClient: it is cut off, the others get everything, and the tracer never waits.
func TestSlowClient(t *testing.T) {
	s, web := newServer(t, newFake(), Options{})
	_, body := watch(t, s, web.URL+"/events")
	quick := s.streams.enter(nil, true, DefaultStreams)
	var got uint64
	read := func() {
		for len(quick.lines) > 0 {
			<-quick.lines
			got++
		}
	}
	var given uint64
	for cut := uint64(0); cut == 0; _, cut, _ = s.streams.numbers() {
		given++
		if given > 1_000_000 {
			t.Fatal("a client that reads nothing is not cut off")
		}
		must(t, s.Sink().Event(reset(given, event.Sent, cause.ClosedPort)))
		read()
	}
	must(t, s.Sink().Event(reset(given+1, event.Sent, cause.ClosedPort)))
	read()
	if got != given+1 {
		t.Errorf("the quick client got %d of %d events", got, given+1)
	}
	s.streams.leave(quick)
	lines := bufio.NewScanner(body)
	for lines.Scan() {
	}
	if lines.Err() == nil {
		t.Error("the slow client cannot see that it was cut off")
	}
	if _, text := get(t, web.URL+"/metrics"); !strings.Contains(text, "rsttrace_stream_clients_cut_off_total 1\n") {
		t.Error("/metrics does not have the client that was cut off")
	}
}

func TestTooManyStreams(t *testing.T) {
	s, web := newServer(t, newFake(), Options{Streams: 1})
	watch(t, s, web.URL+"/events")
	wantAnswer(t, "GET", web.URL+"/findings", 503, "--web.max-streams")
	if _, _, refused := s.streams.numbers(); refused != 1 {
		t.Errorf("%d clients were refused, want 1", refused)
	}
}

// TestClientGoes: it leaves nothing behind.
func TestClientGoes(t *testing.T) {
	s, web := newServer(t, newFake(), Options{})
	_, body := watch(t, s, web.URL+"/events")
	body.Close()
	eventually(t, "the client is forgotten", func() bool { clients, _, _ := s.streams.numbers(); return clients == 0 })
	if s.streams.encoder != nil {
		t.Error("the encoder is kept though nobody reads")
	}
}

// TestNobodyWatches: an event costs next to nothing then.
func TestNobodyWatches(t *testing.T) {
	s := &streams{}
	e := reset(1, event.Sent, cause.ClosedPort)
	if got := testing.AllocsPerRun(100, func() { _ = s.Event(e) }); got > 2 {
		t.Errorf("%v allocations for an event that nobody reads", got)
	}
}
