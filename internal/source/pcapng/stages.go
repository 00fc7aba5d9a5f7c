package pcapng

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// framed puts its packets to an event.
type framed struct {
	*clock
	source *Source
	rst    event.Frame
}

func (f *framed) Event(e *event.Event) error {
	e.Frames.RST = f.rst
	if e.Dir == event.Sent {
		e.Frames.SentRST = f.source.sent
	}
	if f.source.answer == e.ID {
		e.Frames.Trigger = f.source.trigger
	}
	f.source.answer = 0
	return f.clock.Event(e)
}

// clock is a stage that knows how late it is in what is read: the time of the last item.
type clock struct {
	event.Sink
	now time.Time
}

func (c *clock) Event(e *event.Event) error {
	c.now = e.Time
	return c.Sink.Event(e)
}

func (c *clock) Followup(f *event.Followup) error {
	c.now = f.Time
	return c.Sink.Followup(f)
}

func (c *clock) Finding(f *event.Finding) error {
	c.now = f.Time
	return c.Sink.Finding(f)
}

func (c *clock) Totals(t *event.Totals) error {
	c.now = t.Time
	return c.Sink.Totals(t)
}

func (c *clock) Loss(l *event.Loss) error {
	c.now = l.Time
	return c.Sink.Loss(l)
}

func (c *clock) Coverage(v *event.Coverage) error {
	c.now = v.Time
	return c.Sink.Coverage(v)
}

func (c *clock) Audit(a *event.Audit) error {
	c.now = a.Time
	return c.Sink.Audit(a)
}
