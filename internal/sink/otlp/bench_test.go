package otlp

import (
	"testing"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

// BenchmarkRequest is the cost of an event: its record, and its part of a request with gzip.
func BenchmarkRequest(b *testing.B) {
	s, err := New(Options{Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		b.Fatal(err)
	}
	events := fixture.Events()
	bytes, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		s.batch = s.batch.inner(scopeLogsRecords, s.records.event(events[n%len(events)]))
		if n++; n%512 != 0 {
			continue
		}
		body, err := s.around.request(s.batch, true)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(body)
		s.forget()
	}
	b.ReportMetric(float64(bytes)/float64(n), "bytes/event")
}
