package join

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// slack is by how much two clocks may run apart: a clock that is steered may be 100 ppm off.
const slack = 200e-6

// least is the smallest difference of late. What was measured a while ago counts for less:
// clocks drift.
type least struct {
	value time.Duration
	at    time.Time
	known bool
}

func (l *least) add(d time.Duration, at time.Time) {
	if bound, known := l.get(at); !known || d <= bound {
		l.value, l.at, l.known = d, at, true
	}
}

// get is the bound that holds at a time.
func (l *least) get(at time.Time) (time.Duration, bool) {
	return l.value + time.Duration(slack*float64(max(0, at.Sub(l.at)))), l.known
}

// hostPair has its hosts in a fixed order.
type hostPair struct{ a, b *host }

// clock compares the clocks of two hosts. What a sends cannot arrive at b before it was sent.
// So each RST from a to b bounds from above how much later it is on the clock of b, and each
// RST from b to a bounds it from below.
type clock struct {
	there, back least // from a to b, and from b to a: receipt minus sending
	pairs       uint64
}

// clocks are those of all pairs of hosts between which a RST went.
type clocks map[hostPair]*clock

// clocksMost bounds the memory.
const clocksMost = 1 << 17

func (c clocks) add(from, to *host, sent, got time.Time) {
	p, there := pairOf(from, to)
	known := c[p]
	if known == nil {
		if len(c) >= clocksMost {
			return
		}
		known = new(clock)
		c[p] = known
	}
	known.pairs++
	if there {
		known.there.add(got.Sub(sent), sent)
	} else {
		known.back.add(got.Sub(sent), sent)
	}
}

func pairOf(from, to *host) (hostPair, bool) {
	if from.Key() < to.Key() {
		return hostPair{from, to}, true
	}
	return hostPair{to, from}, false
}

// Clock is by how much the clock of B is ahead of that of A.
type Clock struct {
	A, B  string
	Pairs uint64 // of ends that were compared
	// Ahead is known by Error more or less, if RSTs went in both directions. Else Bounded says
	// what follows from one direction: Ahead is then the most (1) or the least (-1).
	Ahead, Error time.Duration
	Bounded      int
}

// String is a sentence for people.
func (c Clock) String() string {
	c.Ahead, c.Error = c.Ahead.Round(time.Microsecond), c.Error.Round(time.Microsecond)
	switch c.Bounded {
	case 1:
		return fmt.Sprintf("%s is at most %s ahead of %s: RSTs went in one direction only", c.B, c.Ahead, c.A)
	case -1:
		return fmt.Sprintf("%s is at least %s ahead of %s: RSTs went in one direction only", c.B, c.Ahead, c.A)
	}
	return fmt.Sprintf("%s is %s ahead of %s, ± %s", c.B, c.Ahead, c.A, c.Error)
}

// between is how much the clock of to is ahead of that of from, if that is known.
func (c clocks) between(from, to *host, at time.Time) (ahead, half time.Duration, ok bool) {
	p, there := pairOf(from, to)
	known := c[p]
	if known == nil {
		return 0, 0, false
	}
	most, hasMost := known.there.get(at)
	back, hasLeast := known.back.get(at)
	if !hasMost || !hasLeast {
		return 0, 0, false
	}
	ahead, half = (most-back)/2, (most+back)/2
	if !there {
		ahead = -ahead
	}
	return ahead, half, half >= 0
}

// list has those with most pairs first.
func (c clocks) list(at time.Time) []Clock {
	all := make([]Clock, 0, len(c))
	for p, known := range c {
		most, hasMost := known.there.get(at)
		back, hasLeast := known.back.get(at)
		entry := Clock{A: p.a.name(), B: p.b.name(), Pairs: known.pairs}
		switch {
		case hasMost && hasLeast:
			entry.Ahead, entry.Error = (most-back)/2, max(0, (most+back)/2)
		case hasMost:
			entry.Ahead, entry.Bounded = most, 1
		default:
			entry.Ahead, entry.Bounded = -back, -1
		}
		all = append(all, entry)
	}
	slices.SortFunc(all, func(a, b Clock) int {
		return cmp.Or(cmp.Compare(b.Pairs, a.Pairs), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	return all
}
