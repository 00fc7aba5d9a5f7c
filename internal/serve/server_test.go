package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestEndpoints(t *testing.T) {
	f := newFake()
	f.events = 7
	s, web := newServer(t, f, Options{})
	s.counts.Counts()
	for _, test := range []struct {
		method, path string
		status       int
		part         string
	}{
		{"GET", "/", 200, `<a href="metrics">`},
		{"GET", "/", 200, "Version v1.2.3."},
		{"GET", "/metrics", 200, `rsttrace_resets_total{cause="closed-port",direction="sent"} 7`},
		{"GET", "/metrics", 200, `rsttrace_build_info{goarch=`},
		{"GET", "/metrics", 200, "process_resident_memory_bytes"},
		{"GET", "/metrics", 200, "go_goroutines"},
		{"GET", "/metrics", 200, "rsttrace_config_last_reload_successful 1"},
		{"GET", "/healthz", 200, "ok\n"},
		{"GET", "/readyz", 200, "ok\n"},
		{"POST", "/metrics", 405, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
		{"POST", "/-/reload", 403, "--web.enable-lifecycle"},
		{"GET", "/events?filter=prt+5", 400, "did you mean port"},
		{"GET", "/events?fliter=sent", 400, "?filter="},
		{"GET", "/findings?filter=sent&filter=received", 400, "want one parameter"},
	} {
		wantAnswer(t, test.method, web.URL+test.path, test.status, test.part)
	}
}

// TestLint: promlint has nothing to say of what is ours.
func TestLint(t *testing.T) {
	_, web := newServer(t, newFake(), Options{})
	_, text := get(t, web.URL+"/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	must(t, err)
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "rsttrace_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestOpenMetrics: with the format that Prometheus asks for, there are exemplars.
func TestOpenMetrics(t *testing.T) {
	f := newFake()
	f.events = 1
	s, web := newServer(t, f, Options{})
	must(t, s.Sink().Event(reset(42, event.Sent, cause.ClosedPort)))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, web.URL+"/metrics", nil)
	must(t, err)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	answer, err := http.DefaultClient.Do(request)
	must(t, err)
	defer answer.Body.Close()
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Errorf("the answer is %s", got)
	}
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if !strings.Contains(string(text), `rsttrace_resets_total{cause="closed-port",direction="sent"} 1.0 # {event_id="42"} 1.0`) {
		t.Errorf("there is no exemplar:\n%s", text)
	}
}

func TestHealth(t *testing.T) {
	f := newFake()
	s := New(Options{Tracer: f, Now: f.now})
	if err := s.alive(); err == nil {
		t.Error("a tracer that has not begun is alive")
	}
	must(t, s.Sink().Flush(f.now()))
	must(t, s.alive())
	if err := s.ready(); err == nil || !strings.Contains(err.Error(), "were not read") {
		t.Errorf("ready without counts: %v", err)
	}
	s.counts.Counts()
	must(t, s.ready())

	f.change(func() { f.blind = true })
	if err := s.ready(); err == nil || !strings.Contains(err.Error(), "not attached: tcp_reset (") {
		t.Errorf("ready without a hook: %v", err)
	}
	f.change(func() { f.blind, f.broken, f.time = false, true, f.time.Add(readFor+time.Second) })
	s.counts.Counts()
	if err := s.ready(); err == nil || !strings.Contains(err.Error(), "the map is gone") {
		t.Errorf("ready with old counts: %v", err)
	}
	if got := s.counts.failures(); got != 1 {
		t.Errorf("%d failures, want 1", got)
	}

	s.pulse.start = s.pulse.start.Add(-aliveFor - time.Minute) // the last round was long ago
	if err := s.alive(); err == nil || !strings.Contains(err.Error(), "stuck") {
		t.Errorf("alive though nothing is read: %v", err)
	}
	if err := s.ready(); err == nil {
		t.Error("ready though nothing is read")
	}
}

// TestCountsStay: after the end, and if they cannot be read, they are the last ones.
func TestCountsStay(t *testing.T) {
	f := newFake()
	f.events = 5
	c := &counts{Tracer: f, now: f.now}
	step := func(what func()) uint64 {
		f.change(func() { what(); f.time = f.time.Add(time.Minute) })
		totals := c.Counts()
		return totals.Events()
	}
	if got := step(func() {}); got != 5 {
		t.Errorf("%d events, want 5", got)
	}
	if got := step(func() { f.broken = true }); got != 5 {
		t.Errorf("%d events, want the 5 of before", got)
	}
	if got := step(func() { f.broken, f.events = false, 6 }); got != 6 {
		t.Errorf("%d events, want 6", got)
	}
	c.end()
	if got := step(func() { f.events = 9 }); got != 6 || f.asked != 3 {
		t.Errorf("%d events after %d questions: a tracer that is closed was asked", got, f.asked)
	}
}

// TestServe: clients that say nothing hold up neither others nor the end.
func TestServe(t *testing.T) {
	f := newFake()
	s := New(Options{Tracer: f, Now: f.now, Streams: 1})
	must(t, s.Sink().Flush(f.now()))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- s.Serve(ctx, []net.Listener{listener}, func(l net.Listener, server *http.Server) error { return server.Serve(l) })
	}()
	for range 100 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		must(t, err)
		defer conn.Close()
	}
	wantAnswer(t, "GET", "http://"+listener.Addr().String()+"/healthz", 200, "ok")
	stream, err := http.Get("http://" + listener.Addr().String() + "/events")
	must(t, err)
	defer stream.Body.Close()
	cancel()
	must(t, <-ended)
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// TestServeFails: the error of one listener ends all.
func TestServeFails(t *testing.T) {
	s := New(Options{Tracer: newFake()})
	one, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	broken := errors.New("no such certificate")
	err = s.Serve(t.Context(), []net.Listener{one, other}, func(l net.Listener, server *http.Server) error {
		if l.Addr() == other.Addr() {
			return broken
		}
		return server.Serve(l)
	})
	if !errors.Is(err, broken) {
		t.Errorf("Serve: %v", err)
	}
}

func TestReload(t *testing.T) {
	f := newFake()
	var failure error
	s, web := newServer(t, f, Options{Lifecycle: true, Reload: func() error { return failure }})
	wantAnswer(t, "GET", web.URL+"/-/reload", 405, "POST")
	f.change(func() { f.time = f.time.Add(time.Hour) })
	wantAnswer(t, "POST", web.URL+"/-/reload", 200, "ok")
	failure = errors.New("line 3: there is no setting")
	wantAnswer(t, "POST", web.URL+"/-/reload", 500, "line 3: there is no setting")
	if err := s.Reload(); !errors.Is(err, failure) {
		t.Errorf("Reload: %v", err)
	}
	_, text := get(t, web.URL+"/metrics")
	for _, want := range []string{
		"rsttrace_config_last_reload_successful 0", "rsttrace_config_last_reload_success_timestamp_seconds 1.772511165e+09",
		`rsttrace_config_reloads_total{result="refused"} 2`, `rsttrace_config_reloads_total{result="taken"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}
