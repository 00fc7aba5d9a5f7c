package otlp

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

// BenchmarkRequest is the cost of an event: its record, and its part of a request with gzip.
func BenchmarkRequest(b *testing.B) {
	s, err := New(Options{Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		b.Fatal(err)
	}
	around := newAround(&Options{})
	zip := gzip.NewWriter(nil)
	var items message
	events := fixture.Events()
	sent, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		items = items.inner(scopeLogsRecords, s.records.event(events[n%len(events)]))
		if n++; n%512 != 0 {
			continue
		}
		var body bytes.Buffer
		zip.Reset(&body)
		if _, err := zip.Write(around.request(items)); err != nil {
			b.Fatal(err)
		}
		if err := zip.Close(); err != nil {
			b.Fatal(err)
		}
		sent += body.Len()
		items = items[:0]
	}
	b.ReportMetric(float64(sent)/float64(n), "bytes/event")
}
