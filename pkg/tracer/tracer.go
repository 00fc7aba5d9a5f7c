package tracer

import (
	"context"
	"errors"
	"iter"

	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// ErrClosed is the error of a Tracer that was closed.
var ErrClosed = errors.New("the tracer is closed")

// errRun is the error of a second Run.
var errRun = errors.New("a tracer runs once: open another one")

// Tracer is an attached rsttrace.
type Tracer struct {
	live   live
	ran    bool
	closed bool
}

// live is what does the work: a tracing.Tracer, or a test.
type live interface {
	Run(ctx context.Context, to event.Sink) error
	Totals() (event.Totals, error)
	AskTotals()
	Hooks() []Hook
	Limits() []Limit
	Close() error
}

// Open attaches to the kernel: 5.8 or later with BTF, as root or with CAP_BPF,
// CAP_PERFMON and, for all details, CAP_SYSLOG and CAP_SYS_PTRACE. It fails if no
// reset hook can be attached, and if Attach is refused for every hook.
func Open(o Options) (*Tracer, error) {
	t, err := tracing.Open(tracing.Options(o))
	if err != nil {
		return nil, err
	}
	return &Tracer{live: attached{t}}, nil
}

// Run gives everything that happens to a sink until ctx ends, or the sink returns
// event.ErrEnough. These are explained events with what follows them, losses, and
// totals and audits as Options has them. When ctx ends, Run first detaches the
// hooks. Then it gives what they had seen by then. The last audit and the totals
// come at the end, unless the sink failed.
//
// Run uses no other goroutine: it calls the sink in that of its caller. A Tracer
// runs once.
func (t *Tracer) Run(ctx context.Context, to event.Sink) error {
	switch {
	case t.closed:
		return ErrClosed
	case t.ran:
		return errRun
	}
	t.ran = true
	return t.live.Run(ctx, to)
}

// Events is Run for a loop that wants events only. An error ends the stream. To
// leave the loop ends it, too.
//
//	for e, err := range t.Events(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(e.Cause, e.Owner.Comm, e.Summary)
//	}
func (t *Tracer) Events(ctx context.Context) iter.Seq2[*event.Event, error] {
	return event.Events(ctx, t)
}

// Totals are exact: they come from the counters in the kernel. Call it in a sink
// for a snapshot, or after Run.
func (t *Tracer) Totals() (event.Totals, error) {
	if t.closed {
		return event.Totals{}, ErrClosed
	}
	return t.live.Totals()
}

// AskTotals has Run report the totals so far as soon as no event is at hand. Any
// goroutine may call it at any time. Before Run it asks for totals at the start,
// after Run and Close it does nothing.
func (t *Tracer) AskTotals() { t.live.AskTotals() }

// Close detaches and frees everything. Call it after Run has returned.
func (t *Tracer) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return t.live.Close()
}
