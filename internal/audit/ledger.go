package audit

import "maps"

// ledger follows the counters of namespaces that come and go.
type ledger struct {
	present map[uint32]Snapshot // as last read
	stale   map[uint32]bool     // those of present that could not be read last time
	gone    map[uint32]Snapshot // as last read, of those that were not found again
	began   bool
	whole   account // since the first reading
}

// account is what the counters of all namespaces did over some time.
type account struct {
	growth    Snapshot
	newcomers Snapshot // the part of growth of namespaces that came
	// returners is the part of namespaces that were not read at the beginning, and
	// whose last counters before it are known.
	returners  Snapshot
	byInode    map[uint32]Snapshot // growth of the compared counters, as far as they grew
	moved      map[uint32]bool     // numbers of namespaces that came or went
	came, went int
}

func newAccount() account {
	return account{
		growth: make(Snapshot), newcomers: make(Snapshot), returners: make(Snapshot),
		byInode: make(map[uint32]Snapshot), moved: make(map[uint32]bool),
	}
}

// grow enters how the counters of a namespace grew; old is nil at its beginning.
func (a *account) grow(inode uint32, now, old Snapshot) {
	a.growth.add(now, old)
	for i := range Equations {
		counter := Equations[i].Counter
		if grown := saturatingSub(now[counter], old[counter]); grown > 0 {
			if a.byInode[inode] == nil {
				a.byInode[inode] = make(Snapshot)
			}
			a.byInode[inode][counter] += grown
		}
	}
}

// enter takes a further reading and returns the account since the one before.
//
// A namespace that came is counted in full: its counters began at 0 when it was
// made. One that went, counts up to when it was last read.
func (l *ledger) enter(r *Reading) account {
	since := newAccount()
	if !l.began {
		l.began = true
		l.present, l.gone = maps.Clone(r.Namespaces), make(map[uint32]Snapshot)
		l.whole = newAccount()
		for _, s := range r.Namespaces {
			since.growth.add(s, s) // names with 0: the counters that this kernel has
		}
		l.whole.growth.merge(since.growth)
		return since
	}
	before, stale := l.present, l.stale
	l.stale = make(map[uint32]bool)
	l.present = make(map[uint32]Snapshot, len(r.Namespaces))
	var returned []uint32
	for inode, now := range r.Namespaces {
		old, stayed := before[inode]
		away, remembered := l.gone[inode]
		delete(l.gone, inode)
		switch {
		case stayed && old.continues(now):
			since.grow(inode, now, old)
			if stale[inode] {
				since.returners.add(now, old)
			}
		case remembered && away.continues(now):
			returned = append(returned, inode)
			since.grow(inode, now, away)
			since.returners.add(now, away)
		default:
			if stayed { // another one has taken its number
				since.went++
			}
			since.came++
			since.moved[inode] = true
			since.grow(inode, now, nil)
			since.newcomers.add(now, nil)
		}
		l.present[inode] = now
	}
	for inode, old := range before {
		if _, still := l.present[inode]; still {
			continue
		}
		if _, unreadable := r.Unreadable[inode]; unreadable {
			l.present[inode], l.stale[inode] = old, true // it may be readable again
			continue
		}
		since.went++
		since.moved[inode] = true
		l.forget(inode, old)
	}
	l.whole.join(&since, returned)
	return since
}

// join adds a further account. returned went in this one, and are back: what they
// counted meanwhile is no longer missing.
func (a *account) join(since *account, returned []uint32) {
	a.growth.merge(since.growth)
	a.newcomers.merge(since.newcomers)
	for inode, growth := range since.byInode {
		if a.byInode[inode] == nil {
			a.byInode[inode] = make(Snapshot)
		}
		a.byInode[inode].merge(growth)
	}
	for _, inode := range returned {
		delete(a.moved, inode)
	}
	maps.Copy(a.moved, since.moved)
	a.came += since.came
	a.went += since.went - len(returned)
}

// goneMax bounds what is remembered of namespaces that went.
const goneMax = 1024

// forget keeps the last counters of a namespace that was not found: one without
// a process comes back with the next process.
func (l *ledger) forget(inode uint32, last Snapshot) {
	if len(l.gone) >= goneMax {
		for any := range l.gone {
			delete(l.gone, any)
			break
		}
	}
	l.gone[inode] = last
}

// monotonic are counters that only grow, and do so with all TCP traffic.
var monotonic = []string{"TcpActiveOpens", "TcpPassiveOpens", "TcpInSegs", "TcpOutSegs", "TcpOutRsts"}

// continues reports whether now can be a later state of the same namespace.
// Inode numbers are used again at once.
func (s Snapshot) continues(now Snapshot) bool {
	for _, name := range monotonic {
		if now[name] < s[name] {
			return false
		}
	}
	return true
}

// add adds the growth from old to now; nil is the beginning of a namespace.
func (s Snapshot) add(now, old Snapshot) {
	for name, value := range now {
		s[name] += value - min(old[name], value) // gauges may shrink
	}
}

func (s Snapshot) merge(growth Snapshot) {
	for name, value := range growth {
		s[name] += value
	}
}
