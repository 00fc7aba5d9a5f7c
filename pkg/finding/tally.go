package finding

import "github.com/rsttrace/rsttrace/pkg/event"

// tallyMax is up to how many different values are counted exactly.
const tallyMax = 256

// tally counts different values. The first few lie in an array: most groups have no
// more, and then it allocates nothing.
type tally[T comparable] struct {
	few  [4]T
	n    int
	many map[T]struct{}
	more bool
}

func (t *tally[T]) add(v T) {
	if t.has(v) {
		return
	}
	switch {
	case t.n >= tallyMax:
		t.more = true
		return
	case t.n < len(t.few):
		t.few[t.n] = v
	default:
		if t.many == nil {
			t.many = make(map[T]struct{})
		}
		t.many[v] = struct{}{}
	}
	t.n++
}

func (t *tally[T]) has(v T) bool {
	for _, known := range t.few[:min(t.n, len(t.few))] {
		if known == v {
			return true
		}
	}
	_, known := t.many[v]
	return known
}

func (t *tally[T]) export() event.Tally { return event.Tally{Count: uint64(t.n), More: t.more} }

// addAll adds what another tally has counted.
func (t *tally[T]) addAll(other *tally[T]) {
	for _, v := range other.few[:min(other.n, len(other.few))] {
		t.add(v)
	}
	for v := range other.many {
		t.add(v)
	}
	t.more = t.more || other.more
}
