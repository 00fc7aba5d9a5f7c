package event

import "time"

// itemClock knows how late it is in what is read: the time of the last item.
type itemClock struct {
	Sink
	now time.Time
}

func (c *itemClock) Event(e *Event) error {
	c.now = e.Time
	return c.Sink.Event(e)
}

func (c *itemClock) Followup(f *Followup) error {
	c.now = f.Time
	return c.Sink.Followup(f)
}

func (c *itemClock) Finding(f *Finding) error {
	c.now = f.Time
	return c.Sink.Finding(f)
}

func (c *itemClock) Totals(t *Totals) error {
	c.now = t.Time
	return c.Sink.Totals(t)
}

func (c *itemClock) Loss(l *Loss) error {
	c.now = l.Time
	return c.Sink.Loss(l)
}

func (c *itemClock) Coverage(v *Coverage) error {
	c.now = v.Time
	return c.Sink.Coverage(v)
}

func (c *itemClock) Audit(a *Audit) error {
	c.now = a.Time
	return c.Sink.Audit(a)
}
