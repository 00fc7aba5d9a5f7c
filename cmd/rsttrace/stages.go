package main

import (
	"fmt"
	"io"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// limit is --count: a stage that ends the stream behind an event.
type limit struct {
	event.Sink
	left uint64
}

func (l *limit) Event(e *event.Event) error {
	if l.left == 0 {
		return event.ErrEnough
	}
	if err := l.Sink.Event(e); err != nil {
		return err
	}
	if l.left--; l.left == 0 {
		return event.ErrEnough
	}
	return nil
}

// reached reports whether the last event was shown. There may be no limit.
func (l *limit) reached() bool { return l != nil && l.left == 0 }

// quiet is how long nothing must happen before the tool says that it is alive.
const quiet = 5 * time.Second

// quietNotice is a stage that says once that no event came so far.
type quietNotice struct {
	event.Sink
	timer *time.Timer
}

func newQuietNotice(out event.Sink, stderr io.Writer) event.Sink {
	return &quietNotice{out, time.AfterFunc(quiet, func() {
		fmt.Fprintf(stderr, "rsttrace: attached, no matching RST so far; to see one: curl 127.0.0.1:1 in another terminal, or rsttrace lab\n")
	})}
}

func (q *quietNotice) Event(e *event.Event) error {
	q.timer.Stop()
	return q.Sink.Event(e)
}

// Totals come at the end, too: then the notice is late.
func (q *quietNotice) Totals(t *event.Totals) error {
	q.timer.Stop()
	return q.Sink.Totals(t)
}
