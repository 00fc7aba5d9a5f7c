package join

import (
	"strconv"
	"strings"
)

// numberingMost is how many of the last events of a host are known by number. What follows
// an event comes within seconds.
const numberingMost = 1 << 10

// numbering has the numbers that the events of a host have behind the join, where each
// number is there once.
type numbering struct {
	own, joined []uint64 // rings, by number; made when they are needed
}

func (n *numbering) set(own, joined uint64) {
	if n.own == nil {
		n.own, n.joined = make([]uint64, numberingMost), make([]uint64, numberingMost)
	}
	n.own[own%numberingMost], n.joined[own%numberingMost] = own, joined
}

// of is 0 for an event that is too old, or that did not come.
func (n *numbering) of(own uint64) uint64 {
	if n.own == nil || own == 0 || n.own[own%numberingMost] != own {
		return 0
	}
	return n.joined[own%numberingMost]
}

// renumber gives the number of an earlier event that an event is about, which its words have,
// too. If that event has none yet, because it still waits, the words have its number on its
// host.
func (e *entry) renumber() {
	told := &e.event
	own := told.Earlier.Event
	if own == 0 {
		return
	}
	told.Earlier.Event = e.host.ids.of(own)
	name := "#" + strconv.FormatUint(told.Earlier.Event, 10)
	if told.Earlier.Event == 0 {
		name = "event " + strconv.FormatUint(own, 10) + " of " + e.host.name()
	}
	told.Summary, told.Remedy = rename(told.Summary, own, name), rename(told.Remedy, own, name)
}

// rename puts a name in place of the number of an event.
func rename(text string, number uint64, name string) string {
	old := "#" + strconv.FormatUint(number, 10)
	before, behind, found := strings.Cut(text, old)
	if !found || behind != "" && behind[0] >= '0' && behind[0] <= '9' {
		return text
	}
	return before + name + behind
}
