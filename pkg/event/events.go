package event

import (
	"context"
	"iter"
)

// Events runs a source for a loop that wants events only. An error ends the stream.
// To leave the loop ends it, too.
//
//	for e, err := range event.Events(ctx, source) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(e.Cause, e.Owner.Comm, e.Summary)
//	}
func Events(ctx context.Context, from Source) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		loop := yielder{yield: yield}
		if err := from.Run(ctx, &loop); err != nil && !loop.ended {
			yield(nil, err)
		}
	}
}

// yielder is the sink of Events.
type yielder struct {
	NopSink
	yield func(*Event, error) bool
	ended bool // the loop was left: yield must not be called again
}

// Event gives an event to the loop.
func (y *yielder) Event(e *Event) error {
	if !y.yield(e, nil) {
		y.ended = true
		return ErrEnough
	}
	return nil
}
