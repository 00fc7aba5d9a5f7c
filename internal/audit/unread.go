package audit

// Namespace is a network namespace as events know it.
type Namespace struct {
	Inode uint32
	Mix   uint32 // differs between namespaces that had one inode number after another
}

// unreadNamespaces are the namespaces whose events are known, and whose counters may lack
// them: namespaces that went, that came and went between two readings, or that
// could not be read. Counters have only inode numbers, and numbers are used again.
// So a number that came, went or had two namespaces is here, too. A namespace that
// was read at both ends of the time is not.
type unreadNamespaces struct {
	of        map[uint32][]Namespace // by inode
	low, high *Events
	growth    map[uint32]Snapshot
}

func findUnreadNamespaces(low, high *Events, since *account, now *Reading) unreadNamespaces {
	u := unreadNamespaces{of: make(map[uint32][]Namespace), low: low, high: high, growth: since.byInode}
	for namespace := range high.Namespaces {
		u.of[namespace.Inode] = append(u.of[namespace.Inode], namespace)
	}
	for inode, namespaces := range u.of {
		if _, read := now.Namespaces[inode]; read && !since.moved[inode] && len(namespaces) == 1 {
			delete(u.of, inode)
		}
	}
	return u
}

// shortfall is how many events of unread namespaces a counter lacks.
type shortfall struct {
	least, most uint64
	namespaces  int
	unplaced    uint64 // part of most: events whose namespace is not known
}

// shortfall finds what a counter lacks: of each number, the events that its counters do
// not have.
func (u *unreadNamespaces) shortfall(equation *Equation) shortfall {
	h := shortfall{unplaced: u.high.Unplaced, most: u.high.Unplaced}
	for inode, namespaces := range u.of {
		var low, high uint64
		with := 0 // events that count
		for _, namespace := range namespaces {
			events := u.high.Namespaces[namespace].sum(equation.Counted)
			low += u.low.Namespaces[namespace].sum(equation.Counted)
			high += events
			if events > 0 {
				with++
			}
		}
		grown := u.growth[inode][equation.Counter]
		if high <= grown {
			continue
		}
		if grown > 0 && with > 1 {
			with-- // one of them was read
		}
		h.least += saturatingSub(low, grown)
		h.most += high - grown
		h.namespaces += with
	}
	return h
}
