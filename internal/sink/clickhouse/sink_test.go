package clickhouse

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/queued"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server is one that keeps requests.
type server struct {
	*httptest.Server
	t *testing.T

	mu      sync.Mutex
	asked   int
	queries []url.Values // of the requests that it took
	headers []http.Header
	lines   strings.Builder
	// answer returns false for a request that is not taken. nil: all are.
	answer func(number int, w http.ResponseWriter) bool
}

func serve(t *testing.T, answer func(number int, w http.ResponseWriter) bool) *server {
	t.Helper()
	s := &server{t: t, answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.asked
	s.asked++
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			s.t.Error(err)
			return
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		s.t.Error(err)
	}
	if s.answer != nil && !s.answer(number, w) {
		return
	}
	s.queries, s.headers = append(s.queries, r.URL.Query()), append(s.headers, r.Header)
	s.lines.Write(text)
}

// events are those of the lines that the server has.
func (s *server) events() (ids []uint64) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	reader := event.Reader{Name: "lines", Input: strings.NewReader(s.lines.String())}
	must(s.t, reader.Run(s.t.Context(), &numbers{to: &ids}))
	return ids
}

type numbers struct {
	event.NopSink
	to *[]uint64
}

func (n *numbers) Event(e *event.Event) error { *n.to = append(*n.to, e.ID); return nil }

// Loss counts as an event without a number.
func (n *numbers) Loss(*event.Loss) error { *n.to = append(*n.to, 0); return nil }

func open(t *testing.T, o Options) *Sink {
	t.Helper()
	s, err := New(o)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func numbered(id uint64) *event.Event {
	e := fixture.Events()[0]
	e.ID = id
	return e
}

// TestRequest: the query, the settings, the password and the lines of all kinds.
func TestRequest(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(password, []byte("secret\n"), 0o600))
	to := serve(t, nil)
	s := open(t, Options{
		Address: to.URL, Table: "net.resets", User: "writer", PasswordFile: password, Version: "1.2",
		Settings: map[string]string{"async_insert": "1", "wait_for_async_insert": "0"},
	})
	must(t, s.Event(numbered(7)))
	must(t, s.Coverage(&event.Coverage{Time: fixture.Start, Phase: event.CoverageBegins}))
	must(t, s.Loss(&event.Loss{Time: fixture.Start, Events: 3}))
	must(t, s.Flush(fixture.Start))
	must(t, os.WriteFile(password, []byte("new"), 0o600))
	must(t, s.Event(numbered(8)))
	must(t, s.Flush(fixture.Start))
	if diff := cmp.Diff([]uint64{7, 0, 8}, to.events()); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Count(to.lines.String(), "\n"); lines != 4 {
		t.Errorf("%d lines", lines)
	}
	var tokens []string
	for i, key := range []string{"secret", "new"} {
		query, h := to.queries[i], to.headers[i]
		tokens = append(tokens, query.Get("insert_deduplication_token"))
		query.Del("insert_deduplication_token")
		want := url.Values{
			"query": {"INSERT INTO net.resets FORMAT JSONEachRow"}, "date_time_input_format": {"best_effort"}, "input_format_skip_unknown_fields": {"1"},
			"async_insert": {"1"}, "wait_for_async_insert": {"0"},
		}
		if diff := cmp.Diff(want, query); diff != "" {
			t.Error(diff)
		}
		if h.Get("X-ClickHouse-User") != "writer" || h.Get("X-ClickHouse-Key") != key || h.Get("User-Agent") != "rsttrace/1.2" || h.Get("Content-Encoding") != "gzip" {
			t.Errorf("%v", h)
		}
	}
	if tokens[0] == "" || tokens[0] == tokens[1] {
		t.Errorf("the tokens are %q", tokens)
	}
}

// TestErrors: what may pass is tried again. What the server cannot read is lost and counted.
func TestErrors(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		lost   bool
	}{
		{http.StatusInternalServerError, "252", false}, // TOO_MANY_PARTS
		{http.StatusNotFound, "60", false},             // UNKNOWN_TABLE
		{http.StatusForbidden, "516", false},           // AUTHENTICATION_FAILED
		{http.StatusServiceUnavailable, "", false},
		{http.StatusOK, "241", false}, // MEMORY_LIMIT_EXCEEDED, behind the beginning of an answer
		{http.StatusBadRequest, "27", true},
		{http.StatusInternalServerError, "117", true}, // INCORRECT_DATA
		{http.StatusOK, "27", true},
		{http.StatusRequestEntityTooLarge, "", true},
		{http.StatusMovedPermanently, "", true},
	} {
		to := serve(t, func(number int, w http.ResponseWriter) bool {
			if number > 0 {
				return true
			}
			if tt.code != "" {
				w.Header().Set(exceptionCode, tt.code)
			}
			w.WriteHeader(tt.status)
			_, err := io.WriteString(w, "Code: "+tt.code+". DB::Exception: \x1b[2J no\n(SOME_NAME)")
			must(t, err)
			return false
		})
		s := open(t, Options{Address: to.URL})
		must(t, s.Event(numbered(1)))
		err := s.Flush(fixture.Start)
		var later *sink.RetryError
		var lost *sink.LostError
		switch {
		case err == nil || strings.Contains(err.Error(), "\x1b"):
			t.Errorf("%d, code %s: %v", tt.status, tt.code, err)
		case tt.lost && (!errors.As(err, &lost) || lost.Items != 1), !tt.lost && !errors.As(err, &later):
			t.Errorf("%d, code %s: %T: %v", tt.status, tt.code, err, err)
		}
		want := []uint64{1, 2}
		if tt.lost {
			want = []uint64{2}
		} else {
			must(t, s.Flush(fixture.Start))
		}
		must(t, s.Event(numbered(2)))
		must(t, s.Flush(fixture.Start))
		if diff := cmp.Diff(want, to.events()); diff != "" {
			t.Errorf("%d, code %s: %s", tt.status, tt.code, diff)
		}
	}
}

// TestOutage: behind a queue nothing overtakes, and what found no room is in the lines.
func TestOutage(t *testing.T) {
	up := make(chan struct{})
	to := serve(t, func(_ int, w http.ResponseWriter) bool {
		select {
		case <-up:
			return true
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
			return false
		}
	})
	s := open(t, Options{Address: to.URL, Batch: 8})
	stage := queued.New(s, queued.Options{Items: 50, Retry: time.Millisecond, RetryMax: 4 * time.Millisecond})
	sent := uint64(0)
	for stage.Stats().Dropped < 100 {
		sent++
		must(t, stage.Event(numbered(sent)))
	}
	close(up)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	must(t, stage.Close(ctx))
	last, losses, written := uint64(0), 0, uint64(0)
	for _, id := range to.events() {
		switch {
		case id == 0:
			losses++
			continue
		case id <= last:
			t.Fatalf("event %d comes behind %d", id, last)
		}
		last = id
		written++
	}
	if losses == 0 || written+stage.Stats().Dropped != sent {
		t.Errorf("%d events and %d losses of %d; %+v", written, losses, sent, stage.Stats())
	}
}

func TestWrongOptions(t *testing.T) {
	for _, tt := range []struct {
		options Options
		want    string
	}{
		{Options{}, "address: want a URL, such as https://clickhouse.example:8443"},
		{Options{Address: "clickhouse:8123"}, "address: want a URL, such as https://clickhouse.example:8443"},
		{Options{Address: "http://a:secret@c"}, "address: the user and the password have options of their own: user and password-file"},
		{Options{Address: "http://c:9000"}, "address: port 9000 is that of the native protocol; rsttrace sends over HTTP, which has port 8123, or 8443 with TLS"},
		{Options{Address: "http://c", Table: "a; DROP TABLE b"}, "table: want a database and a table, with letters, digits and _ only, such as rsttrace.lines"},
		{Options{Address: "http://c", PasswordFile: "/no/such/file"}, "password-file: open /no/such/file: no such file or directory"},
		{Options{Address: "https://c", CAFile: "/no/such/file"}, "open /no/such/file: no such file or directory"},
	} {
		if _, err := New(tt.options); err == nil || err.Error() != tt.want {
			t.Errorf("%+v: %v", tt.options, err)
		}
	}
}
