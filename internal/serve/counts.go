package serve

import (
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/metrics"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Tracer is what is asked of the tracer beside its stream, by any goroutine.
type Tracer interface {
	// Counted are the exact counts so far.
	Counted() (event.Totals, error)
	Hooks() []metrics.Hook
	// Limits are the ids of what cannot be known.
	Limits() []string
	// Listening are the ports of this host on which somebody listens.
	Listening() ([]uint16, error)
}

// countInterval is how old counts may be. To read them takes some 20 µs for each CPU.
const countInterval = 100 * time.Millisecond

// counts reads the counts for everybody, and implements metrics.Kernel.
type counts struct {
	Tracer
	now func() time.Time

	mu     sync.Mutex // one reads, the others wait for it
	last   event.Totals
	read   time.Time // when that was; zero: never
	tried  time.Time
	err    error // of the last attempt
	ended  bool
	failed uint64
}

// Counts are the counts, or the last ones if they cannot be read.
func (c *counts) Counts() event.Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.ended || !c.tried.IsZero() && now.Sub(c.tried) < countInterval {
		return c.last
	}
	c.tried = now
	totals, err := c.Counted()
	if c.err = err; err != nil {
		c.failed++
		return c.last
	}
	c.last, c.read = totals, now
	return c.last
}

// end keeps the last counts: the tracer is about to be closed.
func (c *counts) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// state is when the counts were read last, and why not since.
func (c *counts) state() (read time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read, c.err
}

// failures are how often the counts could not be read.
func (c *counts) failures() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}
