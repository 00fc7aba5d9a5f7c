package join

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
