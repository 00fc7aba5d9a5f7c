package serve

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestManyScrapes: thousands of scrapes at once read the counts of the kernel once. They are
// answered, or told to come again.
func TestManyScrapes(t *testing.T) {
	f := newFake()
	_, web := newServer(t, f, Options{})
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 200}}
	defer client.CloseIdleConnections()
	const wanted = 2000
	results := make(chan int, wanted)
	var scrapes sync.WaitGroup
	for range wanted {
		scrapes.Go(func() {
			answer, err := client.Get(web.URL + "/metrics")
			if err != nil {
				t.Error(err)
				return
			}
			answer.Body.Close()
			results <- answer.StatusCode
		})
	}
	scrapes.Wait()
	close(results)
	fine := 0
	for status := range results {
		switch status {
		case http.StatusOK:
			fine++
		case http.StatusServiceUnavailable: // it has waited for ten seconds
		default:
			t.Errorf("status %d", status)
		}
	}
	if fine == 0 {
		t.Error("no scrape was answered")
	}
	asked := func() (times int) { // a scrape that was given up may still be at work
		f.change(func() { times = f.asked })
		return times
	}
	if got := asked(); got != 1 {
		t.Errorf("the counts were read %d times while the clock stood still, want once", got)
	}
	f.change(func() { f.time = f.time.Add(countInterval) })
	get(t, web.URL+"/metrics")
	if got := asked(); got != 2 {
		t.Errorf("the counts were read %d times, want again when they are old", got)
	}
}

// TestScrapesTakeTurns: few work at once, and all get an answer.
func TestScrapesTakeTurns(t *testing.T) {
	var working, most, done atomic.Int32
	handler := bounded(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		for now := working.Add(1); ; {
			if before := most.Load(); now <= before || most.CompareAndSwap(before, now) {
				break
			}
		}
		time.Sleep(time.Millisecond)
		working.Add(-1)
		done.Add(1)
	}))
	var scrapes sync.WaitGroup
	const wanted = 200
	for range wanted {
		scrapes.Go(func() {
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/metrics", nil))
		})
	}
	scrapes.Wait()
	if done.Load() != wanted || most.Load() > scrapesMax {
		t.Errorf("%d of %d were answered, %d at once", done.Load(), wanted, most.Load())
	}
}

// stuckWriter is a client that reads nothing.
type stuckWriter struct {
	*httptest.ResponseRecorder
	release chan struct{}
}

func (w stuckWriter) Write([]byte) (int, error) {
	<-w.release
	return 0, io.ErrClosedPipe
}

// TestStuckScraper: clients that do not read their answers hold up nobody.
func TestStuckScraper(t *testing.T) {
	handler := bounded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metrics") }))
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	release := make(chan struct{})
	var stuck sync.WaitGroup
	for range 3 * scrapesMax {
		stuck.Go(func() { handler.ServeHTTP(stuckWriter{httptest.NewRecorder(), release}, request) })
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Body.String() != "metrics" {
		t.Errorf("the answer is %d %s", answer.Code, answer.Body)
	}
	close(release)
	stuck.Wait()
}

// TestOnlyAnswersToOthersArePacked: a scraper on this host gets plain text, though it takes gzip.
func TestOnlyAnswersToOthersArePacked(t *testing.T) {
	f := newFake()
	handler := New(Options{Tracer: f, Now: f.now}).Handler()
	for client, want := range map[string]string{"127.0.0.1:40000": "", "[::1]:40000": "", "[::ffff:127.0.0.1]:40000": "", "192.0.2.1:40000": "gzip"} {
		request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		request.RemoteAddr = client
		request.Header.Set("Accept-Encoding", "gzip")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if got := answer.Result().Header.Get("Content-Encoding"); answer.Code != http.StatusOK || got != want {
			t.Errorf("%s got status %d, packed as %q, want %q", client, answer.Code, got, want)
		}
	}
}

// BenchmarkScrape is one scrape of a host with as many series as there can be.
func BenchmarkScrape(b *testing.B) {
	f := newFake()
	s := New(Options{Tracer: f, Now: f.now})
	e := reset(1, event.Sent, cause.ClosedPort)
	e.Conn.Role = event.Server
	for i := range 2 * metrics.DefaultOwners {
		e.ID, e.Local.Port, e.Owner.Comm = uint64(i), uint16(i+1), fmt.Sprint("process-", i)
		if err := s.Sink().Event(e); err != nil {
			b.Fatal(err)
		}
	}
	handler := s.Handler()
	request := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	request.Header.Set("Accept-Encoding", "gzip")
	b.ReportAllocs()
	for b.Loop() {
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	families, err := s.registry.Gather()
	if err != nil {
		b.Fatal(err)
	}
	series := 0
	for _, family := range families {
		series += len(family.GetMetric())
	}
	b.ReportMetric(float64(series), "series")
}
