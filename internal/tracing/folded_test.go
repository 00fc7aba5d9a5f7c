package tracing

import (
	"context"
	"io"
	"testing"

	"github.com/rsttrace/rsttrace/internal/cputime"
	"github.com/rsttrace/rsttrace/internal/sink/text"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// enough is a stage that has enough when a function says so.
type enough struct {
	event.Sink
	more func() bool
}

func (s *enough) Event(e *event.Event) error {
	if !s.more() {
		return event.ErrEnough
	}
	return s.Sink.Event(e)
}

// BenchmarkFolded is all that an event costs between the batch that was read and the
// finding that it is folded into, as text.
func BenchmarkFolded(b *testing.B) {
	s := newStorming(b)
	b.ReportAllocs()
	defer cputime.Report(b)()
	sink := finding.New(text.New(io.Discard, text.Options{Fold: true}))
	if err := s.tracer.Run(context.Background(), &enough{sink, b.Loop}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(0, "ns/op")
}
