package playback

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rsttrace/rsttrace/internal/timeline"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// Screen is where the items go.
type Screen interface {
	event.Sink
	// Forget is called before the recording begins anew.
	Forget()
}

// Read gives a recording to a sink, from its beginning.
type Read func(ctx context.Context, to event.Sink) error

// Player plays a recording. Use New. Any goroutine may use it.
type Player struct {
	ctx    context.Context
	read   Read
	screen Screen

	mu      sync.Mutex
	change  *sync.Cond // of all below
	until   time.Time  // items up to this moment are let through
	again   bool       // the source is to begin anew
	closed  bool
	at      time.Time // of the latest item that was let through
	next    time.Time // of the item that waits; zero: none does
	resting bool      // all up to the moment is shown
	over    bool      // the source has given all
	scanned bool      // it had given all before: first, last and counts are known
	first   time.Time
	last    time.Time
	counts  timeline.Timeline
	err     error // of the first pass
	ended   chan struct{}
}

// forever is later than any item.
var forever = time.Unix(1<<40, 0)

// New returns a player that goes to the end of the recording.
func New(ctx context.Context, read Read, to Screen) *Player {
	p := &Player{ctx: ctx, read: read, screen: to, until: forever, counts: timeline.Timeline{Most: binsMax}, ended: make(chan struct{})}
	p.change = sync.NewCond(&p.mu)
	go p.run()
	return p
}

// Close ends the player, and returns what was wrong with the recording.
func (p *Player) Close() error {
	p.mu.Lock()
	p.closed = true
	p.change.Broadcast()
	p.mu.Unlock()
	<-p.ended
	return p.err
}

// To goes to a moment.
func (p *Player) To(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.scanned && !at.Before(p.last) {
		at = forever // with what comes behind the last event
	}
	p.again = p.again || at.Before(p.at)
	p.until, p.resting = at, p.over && !p.again
	p.change.Broadcast()
}

// State is how far the player is.
type State struct {
	First, Last time.Time // of the recording, as far as it was read
	At          time.Time // what is shown is of this moment
	Next        time.Time // of the next item; zero: it is not known, or there is none
	Reading     bool      // At is not reached yet
	Counts      []uint64  // events from First to Last
}

// State returns how far the player is.
func (p *Player) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{First: p.first, Last: p.last, At: p.until, Next: p.next, Reading: !p.resting, Counts: p.bins()}
	if s.At.After(p.last) {
		s.At = p.last
	}
	return s
}

// binsMax is into how many parts the time of a recording is divided at most.
const binsMax = 512

func (p *Player) bins() []uint64 {
	if len(p.counts.Rows) == 0 {
		return nil
	}
	return slices.Clone(p.counts.Rows[0])
}

// run plays the recording again and again, from its beginning.
func (p *Player) run() {
	defer close(p.ended)
	for p.begins() {
		g := &gate{player: p, stage: finding.New(p.screen)}
		err := p.read(p.ctx, g)
		g.rest()
		p.finish(err)
	}
}

// begins waits until a pass is wanted.
func (p *Player) begins() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.over && !p.again && !p.closed {
		p.change.Wait()
	}
	if p.closed || p.ctx.Err() != nil {
		return false
	}
	p.again, p.over, p.resting = false, false, false
	p.at, p.next = time.Time{}, time.Time{}
	p.screen.Forget()
	return true
}

func (p *Player) finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.again || p.closed {
		return // it was not read to its end
	}
	p.next, p.resting = time.Time{}, true
	if !p.scanned {
		p.scanned = true
		if !errors.Is(err, event.ErrEnough) {
			p.err = err
		}
	}
}

// pass waits until an item may pass. It reports whether nothing more is wanted of this pass.
func (p *Player) pass(at time.Time, rest func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at.After(p.until) && !p.again && !p.closed && p.ctx.Err() == nil {
		p.next = at
		if !p.resting {
			p.mu.Unlock()
			rest()
			p.mu.Lock()
			if !at.After(p.until) {
				break
			}
			p.resting = true
		}
		p.change.Wait()
	}
	if p.again || p.closed || p.ctx.Err() != nil {
		return event.ErrEnough
	}
	p.next = time.Time{}
	if at.After(p.at) {
		p.at = at
	}
	return nil
}

// seen notes an event of the first pass.
func (p *Player) seen(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.scanned {
		return
	}
	if p.first.IsZero() || at.Before(p.first) {
		p.first = at
	}
	if at.After(p.last) {
		p.last = at
	}
	p.counts.Add(0, at)
}
