package jsonl

import (
	"io"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options says what to write beside the event itself.
type Options struct {
	// Evidence adds the raw evidence to every event. Unclassified events carry
	// it always: nothing else explains them.
	Evidence bool
}

// Sink writes JSON lines.
type Sink struct {
	options Options
	out     *sink.Buffer
	moments moments
}

// New returns a Sink that writes to w, in pieces of whole lines.
func New(w io.Writer, o Options) *Sink {
	return &Sink{options: o, out: sink.NewBuffer(w)}
}

// unclassified is the cause that fits no row of the catalogue.
const unclassified event.CauseID = cause.Unclassified

// Event writes one event.
func (s *Sink) Event(e *event.Event) error {
	line := appendEvent(s.out.Open(), e, s.options.Evidence || e.Cause == unclassified, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

// Totals writes a line of kind "counts".
func (s *Sink) Totals(t *event.Totals) error {
	line := appendCounts(s.out.Open(), t, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

// Loss writes that the details of events were dropped since the last such line.
// Nothing is written for 0 events.
func (s *Sink) Loss(loss *event.Loss) error {
	if loss.Events == 0 {
		return nil
	}
	line := appendLost(s.out.Open(), loss, &s.moments)
	return s.out.Commit(append(line, '\n'))
}

// Flush writes what is buffered.
func (s *Sink) Flush(time.Time) error { return s.out.Flush() }
