package terminal

import (
	"os"
	"sync/atomic"
	"time"
)

const (
	// drawEvery is how often what is new is drawn.
	drawEvery = 250 * time.Millisecond
	// drawRarely is how often on the slowest of lines.
	drawRarely = 5 * time.Second
	// partOfLine is the part of the line that new things may take: keys need the rest.
	partOfLine = 4
)

// paced is a terminal that knows how long it takes to write to it.
type paced struct {
	*os.File
	took  atomic.Int64     // the latest write, in nanoseconds
	clock func() time.Time // nil: that of the host
}

func (p *paced) Write(text []byte) (int, error) {
	now := time.Now
	if p.clock != nil {
		now = p.clock
	}
	start := now()
	n, err := p.File.Write(text)
	p.took.Store(int64(now().Sub(start)))
	return n, err
}

// pause is how long to wait until what is new is drawn.
func (p *paced) pause() time.Duration {
	return min(max(drawEvery, partOfLine*time.Duration(p.took.Load())), drawRarely)
}
