package event

import (
	"context"
	"errors"
	"time"
)

// Sink takes what flows out of a Source, in the order of its time. What it is
// given is valid until the method returns: a sink that keeps it clones it. An
// error ends the stream. A sink is for one goroutine.
//
// A stage is a Sink with another one behind it.
type Sink interface {
	Event(e *Event) error
	// Followup comes after its event.
	Followup(f *Followup) error
	// Finding comes after the events that it is about.
	Finding(f *Finding) error
	// Totals come at the end, and before it as often as was asked for.
	Totals(t *Totals) error
	Loss(l *Loss) error
	Audit(a *Audit) error
	// Coverage comes when a tracer begins and ends, and in between at least as often as
	// CoverageEvery.
	Coverage(c *Coverage) error
	// Flush says that up to now nothing more is at hand: the moment to write what is
	// buffered. The last call of a stream is a Flush, unless the sink failed.
	Flush(now time.Time) error
}

// Source drives a sink until it has no more, its context ends, or the sink fails.
// It returns the error of the sink. The end of the context is no error. Nor is
// ErrEnough.
type Source interface {
	Run(ctx context.Context, to Sink) error
}

// ErrEnough is what a sink returns that wants no more events. The source then
// ends as if its context had ended: totals still come.
var ErrEnough = errors.New("enough events")

// Tee returns a sink that gives everything to each of several sinks, one after the
// other. It goes on with the others if one fails, and returns all errors.
func Tee(sinks ...Sink) Sink {
	if len(sinks) == 1 {
		return sinks[0]
	}
	return tee(sinks)
}

type tee []Sink

func (t tee) Event(e *Event) error       { return t.each(func(s Sink) error { return s.Event(e) }) }
func (t tee) Followup(f *Followup) error { return t.each(func(s Sink) error { return s.Followup(f) }) }
func (t tee) Totals(n *Totals) error     { return t.each(func(s Sink) error { return s.Totals(n) }) }
func (t tee) Loss(l *Loss) error         { return t.each(func(s Sink) error { return s.Loss(l) }) }
func (t tee) Audit(a *Audit) error       { return t.each(func(s Sink) error { return s.Audit(a) }) }
func (t tee) Finding(f *Finding) error   { return t.each(func(s Sink) error { return s.Finding(f) }) }
func (t tee) Coverage(c *Coverage) error { return t.each(func(s Sink) error { return s.Coverage(c) }) }
func (t tee) Flush(now time.Time) error  { return t.each(func(s Sink) error { return s.Flush(now) }) }

func (t tee) each(give func(Sink) error) (err error) {
	for _, s := range t {
		if failed := give(s); failed != nil { // no Join on the way that all events take
			err = errors.Join(err, failed)
		}
	}
	return err
}

// NopSink is a sink that takes everything and does nothing. Embedded, it fills in
// the methods that a sink does not care for.
type NopSink struct{}

func (NopSink) Event(*Event) error       { return nil }
func (NopSink) Followup(*Followup) error { return nil }
func (NopSink) Totals(*Totals) error     { return nil }
func (NopSink) Loss(*Loss) error         { return nil }
func (NopSink) Audit(*Audit) error       { return nil }
func (NopSink) Finding(*Finding) error   { return nil }
func (NopSink) Coverage(*Coverage) error { return nil }
func (NopSink) Flush(time.Time) error    { return nil }
