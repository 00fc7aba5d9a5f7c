package finding

import "time"

const (
	// chainWithin is how soon a proxy gives up its client after its server has failed.
	chainWithin = 100 * time.Millisecond
	// sufferersMax bounds the memory. The oldest half makes room.
	sufferersMax = 1024
)

// sufferer is the last reset that a process got.
type sufferer struct {
	at    time.Time
	group *group
}

// chain links what a process does to a reset that it got a moment before. That is how
// the failure of a server becomes that of the proxy in front of it.
func (s *Stage) chain(g *group, r *reset) {
	if pid := r.acted.Owner.PID; pid != 0 && r.seen() {
		if last, ok := s.sufferers[pid]; ok && last.group != g && absolute(r.acted.Time.Sub(last.at)) <= chainWithin {
			g.led.add(last.group.id)
		}
	}
	victim := r.suffered
	if victim == nil || victim.Owner.PID == 0 {
		return
	}
	if len(s.sufferers) >= sufferersMax {
		for pid, old := range s.sufferers {
			if r.acted.Time.Sub(old.at) > chainWithin {
				delete(s.sufferers, pid)
			}
		}
	}
	if len(s.sufferers) < sufferersMax {
		s.sufferers[victim.Owner.PID] = sufferer{victim.Time, g}
	}
}

func absolute(d time.Duration) time.Duration { return max(d, -d) }

// leads counts the findings that came right before the resets of one.
type leads struct {
	ids    [4]uint64
	counts [4]uint64
}

func (l *leads) add(id uint64) {
	for i := range l.ids {
		if l.ids[i] == 0 || l.ids[i] == id {
			l.ids[i] = id
			l.counts[i]++
			return
		}
	}
}

// most is the finding that led to at least half of so many resets, 0 if none did.
func (l *leads) most(resets uint64) uint64 {
	for i, n := range l.counts {
		if n > 0 && 2*n >= resets {
			return l.ids[i]
		}
	}
	return 0
}
