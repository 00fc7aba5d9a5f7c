package wire

// key names a connection, whichever way a packet goes.
type key struct {
	aHi, aLo, bHi, bLo uint64
	ports              uint64
}

// keyOf puts the lower end first. swapped says that the packet comes from the other.
func keyOf(p *Packet) (k key, swapped bool) {
	swapped = p.Src.Hi > p.Dst.Hi || p.Src.Hi == p.Dst.Hi && (p.Src.Lo > p.Dst.Lo || p.Src.Lo == p.Dst.Lo && p.SrcPort > p.DstPort)
	if swapped {
		return key{p.Dst.Hi, p.Dst.Lo, p.Src.Hi, p.Src.Lo, uint64(p.DstPort)<<16 | uint64(p.SrcPort)}, true
	}
	return key{p.Src.Hi, p.Src.Lo, p.Dst.Hi, p.Dst.Lo, uint64(p.SrcPort)<<16 | uint64(p.DstPort)}, false
}

// flow is a connection: a new one with the same addresses and ports takes its place.
type flow struct {
	key     key
	sides   [2]side
	newer   int32 // in the order of use; -1: none
	older   int32
	waiting int64  // number in the queue of its RST that came last; -1: none
	inside  bool   // its SYN came while the one before was open
	life    uint32 // which connection of this key it is
}

// flows is a table of connections. The one that was quiet longest makes room.
type flows struct {
	most    int
	index   map[key]int32
	slabs   [][]flow // of slabSize each: what is there never moves
	used    int
	newest  int32
	oldest  int32
	last    int32 // of the packet before: most have the same
	evicted uint64
}

// slabSize keeps connections together, and small captures small.
const slabSize = 256

func (f *flows) at(at int32) *flow { return &f.slabs[at/slabSize][at%slabSize] }

func newFlows(most int) flows {
	return flows{most: most, index: make(map[key]int32), newest: -1, oldest: -1, last: -1}
}

// find returns the connection of a packet, new or known, and which side sent it.
func (f *flows) find(p *Packet) (at int32, sender int) {
	k, swapped := keyOf(p)
	if swapped {
		sender = 1
	}
	if f.last >= 0 && f.at(f.last).key == k {
		return f.last, sender
	}
	at, known := f.index[k]
	if !known {
		at = f.add(k)
	}
	f.use(at)
	f.last = at
	return at, sender
}

func (f *flows) add(k key) int32 {
	if f.used < f.most {
		if f.used%slabSize == 0 {
			f.slabs = append(f.slabs, make([]flow, slabSize))
		}
		at := int32(f.used)
		f.used++
		*f.at(at) = flow{key: k, newer: -1, older: -1, waiting: -1}
		f.index[k] = at
		f.link(at)
		return at
	}
	at := f.oldest
	f.evicted++
	delete(f.index, f.at(at).key)
	f.unlink(at)
	*f.at(at) = flow{key: k, newer: -1, older: -1, waiting: -1, life: f.at(at).life + 1}
	f.index[k] = at
	f.link(at)
	return at
}

// use makes a connection the newest.
func (f *flows) use(at int32) {
	if f.newest == at {
		return
	}
	f.unlink(at)
	f.link(at)
}

func (f *flows) unlink(at int32) {
	c := f.at(at)
	if c.newer >= 0 {
		f.at(c.newer).older = c.older
	} else {
		f.newest = c.older
	}
	if c.older >= 0 {
		f.at(c.older).newer = c.newer
	} else {
		f.oldest = c.newer
	}
}

func (f *flows) link(at int32) {
	c := f.at(at)
	c.newer, c.older = -1, f.newest
	if f.newest >= 0 {
		f.at(f.newest).newer = at
	}
	f.newest = at
	if f.oldest < 0 {
		f.oldest = at
	}
}
