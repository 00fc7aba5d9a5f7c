package join

import "time"

// bucket has the entries that look alike, by which end they are.
type bucket struct {
	sent, got []*entry
	// doubt is why nothing is known of the entries up to a time: one has gone that fits several.
	doubt string
	until time.Time
}

func (b *bucket) side(sent bool) *[]*entry {
	if sent {
		return &b.sent
	}
	return &b.got
}

// index finds the entries that may be the other end of one. It has those that wait.
type index struct {
	byWay     map[way]*bucket
	byNumbers map[numbers]*bucket
	window    time.Duration // the most that may be between the times of both ends
}

func newIndex(window time.Duration) index {
	return index{byWay: make(map[way]*bucket), byNumbers: make(map[numbers]*bucket), window: window}
}

func (x *index) add(e *entry) {
	addTo(x.byWay, e.way, e)
	if e.counted {
		addTo(x.byNumbers, e.numbers, e)
	}
}

func (x *index) remove(e *entry) {
	removeFrom(x, x.byWay, e.way, e)
	if e.counted {
		removeFrom(x, x.byNumbers, e.numbers, e)
	}
}

// doubt is why nothing is known of an entry, because of one that has gone.
func (x *index) doubt(e *entry) string {
	if b := x.byWay[e.way]; b != nil && b.doubt != "" && !e.at().After(b.until) {
		return b.doubt
	}
	if b := x.byNumbers[e.numbers]; e.counted && b != nil && b.doubt != "" && !e.at().After(b.until) {
		return b.doubt
	}
	return ""
}

func addTo[K comparable](m map[K]*bucket, k K, e *entry) {
	b := m[k]
	if b == nil {
		b = new(bucket)
		m[k] = b
	}
	side := b.side(e.sent)
	*side = append(*side, e)
}

func removeFrom[K comparable](x *index, m map[K]*bucket, k K, e *entry) {
	b := m[k]
	if b == nil {
		return
	}
	if e.ambiguous != "" {
		b.doubt, b.until = e.ambiguous, e.at().Add(2*x.window)
	}
	side := b.side(e.sent)
	for i, known := range *side {
		if known == e { // most often the first: the oldest
			last := copy((*side)[i:], (*side)[i+1:]) + i
			(*side)[last] = nil
			*side = (*side)[:last]
			break
		}
	}
	if len(b.sent)+len(b.got) == 0 {
		delete(m, k)
	}
}

// scanMost is how many entries are compared. If there are more, several fit.
const scanMost = 64

// candidates are the entries that may be the other end of e, at most two: one more than can
// be told apart. Through says that addresses were translated on the way.
func (x *index) candidates(e *entry) (found []*entry, through bool) {
	var room [2]*entry
	if b := x.byWay[e.way]; b != nil {
		found = x.scan(room[:0], *b.side(!e.sent), e, func(o *entry) bool { return e.agrees(o) })
	}
	if len(found) > 0 || !e.counted {
		return found, false
	}
	if b := x.byNumbers[e.numbers]; b != nil {
		found = x.scan(found, *b.side(!e.sent), e, func(o *entry) bool { return e.keepsEnd(o) && !x.hasExact(o) })
	}
	return found, true
}

// hasExact reports whether an entry has a candidate with its own addresses.
func (x *index) hasExact(e *entry) bool {
	b := x.byWay[e.way]
	return b != nil && len(x.scan(nil, *b.side(!e.sent), e, func(o *entry) bool { return e.agrees(o) })) > 0
}

func (x *index) scan(found []*entry, from []*entry, e *entry, fits func(*entry) bool) []*entry {
	for i, o := range from {
		apart := o.at().Sub(e.at())
		if o.host == e.host || o.partner != nil || apart > x.window || -apart > x.window || i < scanMost && !fits(o) {
			continue
		}
		if found = append(found, o); len(found) == 2 {
			break
		}
	}
	return found
}

// ofHost is the other end that an event names, if it is open.
func (x *index) ofHost(e *entry) *entry {
	b := x.byWay[e.way]
	if b == nil || e.event.PeerEvent == 0 {
		return nil
	}
	for _, o := range *b.side(!e.sent) {
		if o.host == e.host && o.event.ID == e.event.PeerEvent && o.partner == nil {
			return o
		}
	}
	return nil
}

// sameNumbers reports whether any RST of the other direction has the numbers of e, whatever
// its addresses.
func (x *index) sameNumbers(e *entry) *host {
	b := x.byNumbers[e.numbers]
	if b == nil || !e.counted {
		return nil
	}
	for _, o := range *b.side(!e.sent) {
		if o.host != e.host && o.partner == nil {
			return o.host
		}
	}
	return nil
}
