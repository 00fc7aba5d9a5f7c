package otlp

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func numbered(id uint64) *event.Event {
	e := fixture.Events()[0]
	e.ID = id
	return e
}

// ids are the numbers of the events that were taken.
func (c *collector) ids() (ids []int64) {
	for _, r := range c.records() {
		for _, a := range r.Attributes {
			if a.Key == "rsttrace.id" {
				ids = append(ids, a.Value.GetIntValue())
			}
		}
	}
	return ids
}

func upTo(n int64) (ids []int64) {
	for id := int64(1); id <= n; id++ {
		ids = append(ids, id)
	}
	return ids
}

// TestRetried: each failure that may pass is tried again, in order, and nothing is lost.
func TestRetried(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			c := collect(t, func(number int, w http.ResponseWriter) bool {
				if number%3 != 2 { // two of three fail
					w.WriteHeader(status)
					return false
				}
				return true
			})
			s := open(t, Options{Endpoint: c.URL, Batch: 4})
			stage := queued.New(s, queued.Options{Retry: time.Millisecond, RetryMax: 4 * time.Millisecond})
			for id := range uint64(20) {
				must(t, stage.Event(numbered(id+1)))
			}
			closeStage(t, stage)
			if diff := cmp.Diff(upTo(20), c.ids()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(queued.Stats{Written: 20}, stage.Stats()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func closeStage(t *testing.T, stage *queued.Sink) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	must(t, stage.Close(ctx))
}

// TestConnectionErrors: a server that is not there, and one that hangs up.
func TestConnectionErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := listener.Addr().String()
	must(t, listener.Close())
	s := open(t, Options{Endpoint: "http://" + address})
	must(t, s.Event(numbered(1)))
	var later *sink.RetryError
	if err := s.Flush(fixture.Start); !errors.As(err, &later) || !strings.HasPrefix(err.Error(), "http://"+address+"/v1/logs: dial tcp") {
		t.Errorf("nobody listens: %v", err)
	}
	c := collect(t, func(number int, w http.ResponseWriter) bool {
		if number == 0 {
			conn, _, err := w.(http.Hijacker).Hijack()
			must(t, err)
			must(t, conn.Close())
			return false
		}
		return true
	})
	s = open(t, Options{Endpoint: c.URL})
	must(t, s.Event(numbered(1)))
	if err := s.Flush(fixture.Start); !errors.As(err, &later) {
		t.Errorf("the server hangs up: %v", err)
	}
	must(t, s.Flush(fixture.Start))
	if diff := cmp.Diff(upTo(1), c.ids()); diff != "" {
		t.Error(diff)
	}
}

// TestTimeout: a server that does not answer is tried again.
func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(silent.CloseClientConnections)
	s := open(t, Options{Endpoint: silent.URL, Timeout: 50 * time.Millisecond})
	must(t, s.Event(numbered(1)))
	var later *sink.RetryError
	if err := s.Flush(fixture.Start); !errors.As(err, &later) || !strings.HasSuffix(err.Error(), "no answer in time") {
		t.Error(err)
	}
}

// TestInterrupt: a request without an answer ends at once.
func TestInterrupt(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(came); <-release }))
	defer close(release)
	s := open(t, Options{Endpoint: silent.URL, Timeout: time.Hour})
	must(t, s.Event(numbered(1)))
	failed := make(chan error)
	go func() { failed <- s.Flush(fixture.Start) }()
	<-came
	s.Interrupt()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(2 * time.Minute):
		t.Error("the request goes on")
	}
}

// TestRefused: what the server refuses for good is lost, counted and not sent again.
func TestRefused(t *testing.T) {
	c := collect(t, func(number int, w http.ResponseWriter) bool {
		if number == 0 {
			http.Error(w, "cannot parse\x1b[2J it\nsecond line", http.StatusBadRequest)
			return false
		}
		return true
	})
	s := open(t, Options{Endpoint: c.URL, Batch: 3})
	for id := uint64(1); id <= 3; id++ {
		must(t, s.Event(numbered(id)))
	}
	err := s.Event(numbered(4))
	var lost *sink.LostError
	if !errors.As(err, &lost) || lost.Items != 3 {
		t.Fatalf("the error is %v", err)
	}
	if want := c.URL + `/v1/logs: the server says 400 Bad Request: cannot parse\x1b[2J it`; lost.Err.Error() != want {
		t.Errorf("%s\nwant %s", lost.Err, want)
	}
	must(t, s.Flush(fixture.Start))
	if diff := cmp.Diff([]int64{4}, c.ids()); diff != "" {
		t.Error(diff)
	}
	if c.count() != 2 {
		t.Errorf("%d requests", c.count())
	}
}

// TestRedirect: it is not followed, and its target is said.
func TestRedirect(t *testing.T) {
	c := collect(t, func(_ int, w http.ResponseWriter) bool {
		w.Header().Set("Location", "https://elsewhere.example/v1/logs")
		w.WriteHeader(http.StatusMovedPermanently)
		return false
	})
	s := open(t, Options{Endpoint: c.URL})
	must(t, s.Event(numbered(1)))
	var lost *sink.LostError
	if err := s.Flush(fixture.Start); !errors.As(err, &lost) || !strings.HasSuffix(err.Error(), "301 Moved Permanently: it is at https://elsewhere.example/v1/logs") {
		t.Error(err)
	}
}

// TestPartialSuccess: the server counts what it refuses.
func TestPartialSuccess(t *testing.T) {
	answer := func(rejected uint64, why string) []byte {
		inner := message(nil).number(partialRejected, rejected).text(partialMessage, why)
		return message(nil).fixed64(15, 1).inner(responsePartialSuccess, inner)
	}
	for _, tt := range []struct {
		response []byte
		lost     uint64
		err      string
	}{
		{nil, 0, ""},
		{[]byte("{}"), 0, ""},
		{answer(0, ""), 0, ""},
		{answer(2, "too old"), 2, "the server refuses records: too old"},
		{answer(1, ""), 1, "the server refuses records: it does not say why"},
		{answer(0, "slow down"), 0, "the server refuses records: slow down"},
		{answer(2, "too old")[:4], 0, ""},
		{protowire.AppendVarint(nil, 1<<63), 0, ""},
	} {
		c := collect(t, func(_ int, w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "application/x-protobuf")
			_, err := w.Write(tt.response)
			must(t, err)
			return true
		})
		s := open(t, Options{Endpoint: c.URL})
		for id := uint64(1); id <= 3; id++ {
			must(t, s.Event(numbered(id)))
		}
		err := s.Flush(fixture.Start)
		var lost *sink.LostError
		switch {
		case tt.err == "" && err != nil:
			t.Errorf("%x: %v", tt.response, err)
		case tt.err != "" && (!errors.As(err, &lost) || lost.Items != tt.lost || lost.Err.Error() != tt.err):
			t.Errorf("%x: %v", tt.response, err)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	c := collect(t, func(_ int, w http.ResponseWriter) bool {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	})
	s := open(t, Options{Endpoint: c.URL})
	must(t, s.Event(numbered(1)))
	var later *sink.RetryError
	if err := s.Flush(fixture.Start); !errors.As(err, &later) || later.After != 17*time.Second {
		t.Errorf("%+v", err)
	}
}

// TestLongOutage: the queue holds as much as it has room for, and the loss is in the
// records.
func TestLongOutage(t *testing.T) {
	var mu sync.Mutex
	up := false
	c := collect(t, func(_ int, w http.ResponseWriter) bool {
		mu.Lock()
		defer mu.Unlock()
		if !up {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return up
	})
	s := open(t, Options{Endpoint: c.URL, Batch: 8})
	stage := queued.New(s, queued.Options{Items: 50, Retry: time.Millisecond, RetryMax: 4 * time.Millisecond})
	sent := uint64(0)
	for stage.Stats().Dropped < 100 {
		sent++
		must(t, stage.Event(numbered(sent)))
	}
	mu.Lock()
	up = true
	mu.Unlock()
	closeStage(t, stage)
	lost := int64(0)
	for _, r := range c.records() {
		if r.EventName == nameLost {
			lost += plain(t, r.Attributes)["rsttrace.lost_events"].(int64)
		}
	}
	ids := c.ids()
	for i := 1; i < len(ids); i++ {
		if ids[i] <= ids[i-1] {
			t.Fatalf("event %d comes behind %d", ids[i], ids[i-1])
		}
	}
	if lost < 100 || uint64(lost)+uint64(len(ids)) != sent || uint64(lost) != stage.Stats().Dropped {
		t.Errorf("%d records and %d lost of %d; %+v", len(ids), lost, sent, stage.Stats())
	}
}

// TestHeaders: those of the options, and those of the protocol.
func TestHeaders(t *testing.T) {
	c := collect(t, nil)
	for _, plain := range []bool{false, true} {
		s := open(t, Options{Endpoint: c.URL + "/insert/opentelemetry/v1/logs", Version: "1.2", Plain: plain, Headers: map[string]string{"authorization": "Bearer secret"}})
		must(t, s.Event(numbered(1)))
		must(t, s.Flush(fixture.Start))
	}
	for i, want := range []string{"gzip", ""} {
		h := c.headers[i]
		if h.Get("Authorization") != "Bearer secret" || h.Get("User-Agent") != "rsttrace/1.2" || h.Get("Content-Encoding") != want {
			t.Errorf("%v", h)
		}
	}
}

// TestTLS: the server's certificate is checked.
func TestTLS(t *testing.T) {
	c := &collector{t: t}
	server := httptest.NewTLSServer(c)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	s := open(t, Options{Endpoint: server.URL})
	must(t, s.Event(numbered(1)))
	var later *sink.RetryError
	if err := s.Flush(fixture.Start); !errors.As(err, &later) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown certificate: %v", err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(t, os.WriteFile(file, certificate, 0o600))
	s = open(t, Options{Endpoint: server.URL, CAFile: file})
	must(t, s.Event(numbered(1)))
	must(t, s.Flush(fixture.Start))
	if diff := cmp.Diff(upTo(1), c.ids()); diff != "" {
		t.Error(diff)
	}
}

func TestWrongOptions(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	must(t, os.WriteFile(empty, nil, 0o600))
	for _, tt := range []struct {
		options Options
		want    string
	}{
		{Options{}, "endpoint: want a URL, such as https://collector.example:4318"},
		{Options{Endpoint: "collector:4318"}, "endpoint: want a URL, such as https://collector.example:4318"},
		{Options{Endpoint: "http://user:secret@collector:4317"}, "endpoint: port 4317 is that of gRPC; rsttrace sends over HTTP, which has port 4318"},
		{Options{Endpoint: "http://c", Headers: map[string]string{"a b": "c"}}, `header "a b": this is no header of HTTP`},
		{Options{Endpoint: "https://c", CAFile: empty}, empty + ": there is no certificate in it: want PEM"},
		{Options{Endpoint: "https://c", CAFile: "/no/such/file"}, "open /no/such/file: no such file or directory"},
	} {
		if _, err := New(tt.options); err == nil || err.Error() != tt.want {
			t.Errorf("%+v: %v", tt.options, err)
		}
	}
}
