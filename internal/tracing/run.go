package tracing

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Run gives everything that happens to a sink until ctx ends, or the sink returns
// event.ErrEnough: explained events with what follows them, losses, and totals and
// audits as Options has them. When ctx ends, the hooks are detached first, and what
// they had seen by then is still given. The last audit and the totals come at the
// end, unless the sink failed. Run can be called once.
//
// An event, and what it refers to, is valid until the sink returns.
func (t *Tracer) Run(ctx context.Context, to event.Sink) error {
	t.sink = event.OfHost(t.host, to)
	defer func() { t.sink = nil }()
	if err := t.reports.begin(t); err != nil {
		return err
	}
	err := t.reports.reportBegin()
	if err == nil {
		err = t.trace(ctx)
	}
	if err != nil && !errors.Is(err, event.ErrEnough) {
		return errors.Join(err, to.Flush(time.Now()))
	}
	return errors.Join(t.reports.reportEnd(), t.reports.reportWholeRun(), to.Flush(time.Now()))
}

// trace gives events to the sink until ctx ends.
func (t *Tracer) trace(ctx context.Context) error {
	stop := context.AfterFunc(ctx, t.source.Interrupt)
	defer stop()
	for ctx.Err() == nil {
		if err := t.read(ctx, t.deadline(time.Now())); err != nil {
			return err
		}
		if err := t.deliver(time.Now()); err != nil {
			return err
		}
		if err := t.reports.reportDue(time.Now()); err != nil {
			return err
		}
		if err := t.sink.Flush(time.Now()); err != nil {
			return err
		}
	}
	return t.drain()
}

// Events is Run for a loop that wants events only: see event.Events.
func (t *Tracer) Events(ctx context.Context) iter.Seq2[*event.Event, error] {
	return event.Events(ctx, t)
}
