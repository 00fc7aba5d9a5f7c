package queued

import (
	"testing"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

// BenchmarkEvent is what the tracer pays for an event: a copy into the queue, or a drop.
func BenchmarkEvent(b *testing.B) {
	var to counter
	s := New(&to, Options{})
	events := fixture.Events()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Event(events[n%len(events)]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(s.Stats().Dropped)/float64(n), "dropped/event")
	if err := s.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}
