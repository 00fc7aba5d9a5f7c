package audit

import "maps"

// ledger follows the counters of namespaces that come and go.
type ledger struct {
	present map[uint32]Snapshot // as last read
	gone    map[uint32]Snapshot // as last read, of those that were not found again
	began   bool
	whole   account // since the first reading
}

// account is what the counters of all namespaces did over some time.
type account struct {
	growth     Snapshot
	newcomers  Snapshot // the part of growth of namespaces that came
	came, went int
}

// enter takes a further reading and returns the account since the one before.
//
// A namespace that came is counted in full: its counters began at 0 when it was
// made. One that went, counts up to when it was last read.
func (l *ledger) enter(r *Reading) account {
	since := account{growth: make(Snapshot), newcomers: make(Snapshot)}
	if !l.began {
		l.began = true
		l.present, l.gone = maps.Clone(r.Namespaces), make(map[uint32]Snapshot)
		l.whole = account{growth: make(Snapshot), newcomers: make(Snapshot)}
		for _, s := range r.Namespaces {
			since.growth.add(s, s) // names with 0: the counters that this kernel has
		}
		l.whole.growth.merge(since.growth)
		return since
	}
	before := l.present
	l.present = make(map[uint32]Snapshot, len(r.Namespaces))
	returned := 0
	for inode, now := range r.Namespaces {
		old, stayed := before[inode]
		away, remembered := l.gone[inode]
		delete(l.gone, inode)
		switch {
		case stayed && old.continues(now):
			since.growth.add(now, old)
		case remembered && away.continues(now):
			returned++
			since.growth.add(now, away)
		default:
			if stayed { // another one has taken its number
				since.went++
			}
			since.came++
			since.growth.add(now, nil)
			since.newcomers.add(now, nil)
		}
		l.present[inode] = now
	}
	for inode, old := range before {
		if _, still := l.present[inode]; still {
			continue
		}
		if _, unreadable := r.Unreadable[inode]; unreadable {
			l.present[inode] = old // it may be readable again
			continue
		}
		since.went++
		l.forget(inode, old)
	}
	l.whole.growth.merge(since.growth)
	l.whole.newcomers.merge(since.newcomers)
	l.whole.came += since.came
	l.whole.went += since.went - returned
	return since
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

// steady are counters that only grow, and do so with all TCP traffic.
var steady = []string{"TcpActiveOpens", "TcpPassiveOpens", "TcpInSegs", "TcpOutSegs", "TcpOutRsts"}

// continues reports whether now can be a later state of the same namespace.
// Inode numbers are used again at once.
func (s Snapshot) continues(now Snapshot) bool {
	for _, name := range steady {
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
