package screen

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Cause is a row of the totals.
type Cause struct {
	Dir    event.Dir
	ID     event.CauseID
	Events uint64
	Rate   float64          // per second
	Series [Seconds]float64 // by second, the last one at the end
}

type causeKey struct {
	dir event.Dir
	id  event.CauseID
}

type causeRow struct {
	events  uint64
	history history
}

// causes are the totals.
type causes struct {
	exact bool // totals come often: events need not be counted
	rows  map[causeKey]*causeRow
	all   history
	read  time.Time // of the totals before
}

func (c *causes) row(dir event.Dir, id event.CauseID) *causeRow {
	key := causeKey{dir, id}
	row := c.rows[key]
	if row == nil {
		row = new(causeRow)
		c.rows[key] = row
	}
	return row
}

// event counts one event, unless the totals do.
func (c *causes) event(e *event.Event) {
	row := c.row(e.Dir, e.Cause)
	if c.exact {
		return
	}
	row.events++
	row.history.add(e.Time, 1)
	c.all.add(e.Time, 1)
}

// totals takes the exact numbers. Those of a recording may have more than its events.
func (c *causes) totals(t *event.Totals) {
	since := c.read
	if since.IsZero() || !since.Before(t.Time) {
		since = t.Time.Add(-time.Second)
	}
	c.read = t.Time
	for _, count := range t.Counts {
		row := c.row(count.Dir, count.Cause)
		if count.Events <= row.events {
			continue
		}
		if c.exact {
			more := float64(count.Events - row.events)
			row.history.spread(since, t.Time, more)
			c.all.spread(since, t.Time, more)
		}
		row.events = count.Events
	}
}

// list returns the rows in no order, and the number of all events.
func (c *causes) list(now time.Time) (rows []Cause, events uint64) {
	rows = make([]Cause, 0, len(c.rows))
	for key, row := range c.rows {
		if row.events == 0 {
			continue // not counted yet
		}
		rows = append(rows, Cause{key.dir, key.id, row.events, row.history.rate(now), row.history.series(now)})
		events += row.events
	}
	return rows, events
}
