package posted

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink"
)

// request is one that a server got.
type request struct{ Query, User, Body string }

// TestBatches: a batch is sent again as it was, with its query, until the server takes it.
// The next one has a query of its own.
func TestBatches(t *testing.T) {
	var got []request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zipped, err := gzip.NewReader(r.Body)
		must(t, err)
		body, err := io.ReadAll(zipped)
		must(t, err)
		got = append(got, request{r.URL.RawQuery, r.Header.Get("X-User"), string(body)})
		if len(got) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	batches, attempts := 0, 0
	b := lines(t, server.URL+"/?into=lines", Options{
		Batch: 2,
		Query: func() url.Values { batches++; return url.Values{"token": {strconv.Itoa(batches)}} },
		Authorize: func(h http.Header) error {
			if attempts++; attempts == 2 {
				return errors.New("the file is away")
			}
			h.Set("X-User", strconv.Itoa(attempts))
			return nil
		},
	})
	add(t, b, "a")
	add(t, b, "b")
	var later *sink.RetryError
	third := func() error { return b.Add(func(items []byte) []byte { return append(items, "c\n"...) }) }
	if err := third(); !errors.As(err, &later) || !strings.Contains(err.Error(), "503") {
		t.Errorf("the server is away: %v", err)
	}
	if err := third(); !errors.As(err, &later) || !strings.HasSuffix(err.Error(), "the file is away") {
		t.Errorf("no password: %v", err)
	}
	must(t, third())
	must(t, b.Flush())
	must(t, b.Flush())
	want := []request{{"into=lines&token=1", "1", "a\nb\n"}, {"into=lines&token=1", "3", "a\nb\n"}, {"into=lines&token=2", "4", "c\n"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 3, 3, 12, 45, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-3": 0, "30": 30 * time.Second, " 7 ": 7 * time.Second,
		"Tue, 03 Mar 2026 03:13:45 GMT": time.Minute,
		"Tue, 03 Mar 2026 03:11:45 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}
