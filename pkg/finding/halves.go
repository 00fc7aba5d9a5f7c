package finding

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// halfWithin is how long ago both ends of a reset were seen, where one is seen of the
	// next one.
	halfWithin = 10 * time.Second
	// halvesMax bounds the memory.
	halvesMax = 2048
)

// halves are the groups of resets of which both ends were seen, by the key that each end
// alone has. In a storm --max-rate keeps back events, and the kernel may lose some: one end
// is missing then, and must not look like a reset of something else.
type halves map[key]*group

// note keeps the group of a reset of which both ends were seen.
func (h *halves) note(r *reset, g *group) {
	if !r.both() || g.halfOf == r.suffered.Cause {
		return
	}
	g.halfOf = r.suffered.Cause
	if *h == nil || len(*h) > halvesMax {
		*h = make(halves)
	}
	for _, end := range [...]*event.Event{r.acted, r.suffered} {
		alone := resetOf(end, nil)
		alone.closing = closingOf(&alone)
		(*h)[keyOf(&alone)] = g
	}
}

// find returns the group of a reset of which one end was seen, nil where nothing shows to
// which one it belongs.
func (h halves) find(r *reset, k *key) *group {
	e := r.acted
	if r.both() || len(h) == 0 || e.PeerSent.Verdict == event.PeerSentNone {
		return nil
	}
	g := h[*k]
	if g == nil || e.Time.Sub(g.last).Abs() > halfWithin {
		return nil
	}
	if _, here := serverOf(e); !g.peers.has(clientOf(e, here)) {
		return nil
	}
	if !r.seen() && e.Owner.PID != 0 && !g.victims.has(e.Owner.PID) {
		return nil
	}
	return g
}

// remove forgets a group.
func (h halves) remove(g *group) {
	if g.halfOf == "" {
		return
	}
	for k, known := range h {
		if known == g {
			delete(h, k)
		}
	}
}
