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
	out     output
	moments moments
}

// New returns a Sink that writes to w, in pieces of whole lines.
func New(w io.Writer, o Options) *Sink {
	return &Sink{options: o, out: sink.NewBuffer(w)}
}

// output takes lines.
type output interface {
	// Open returns what to append lines to. Commit takes the result.
	Open() []byte
	Commit(lines []byte) error
	Flush() error
}

// NewEach returns a Sink that calls a function with each line. The line ends with a line
// break, and is valid until the function returns.
func NewEach(take func(line []byte) error, o Options) *Sink {
	return &Sink{options: o, out: &each{take: take}}
}

type each struct {
	take func([]byte) error
	room []byte
}

func (e *each) Open() []byte { return e.room[:0] }
func (e *each) Flush() error { return nil }

func (e *each) Commit(line []byte) error {
	e.room = line
	return e.take(line)
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
