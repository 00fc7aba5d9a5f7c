package finding

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// chainWithin is how soon a proxy gives up its client after its server has failed.
	chainWithin = 100 * time.Millisecond
	// sufferersMax bounds the memory. The oldest half makes room.
	sufferersMax = 1024
)

// sufferer is the last reset that a process got.
type sufferer struct {
	at     time.Time
	group  *group
	server bool // it was the server of that connection
	from   event.Endpoint
	pid    uint32 // of the process that sent it, if that is on this host
	comm   string
}

// process names one of any host.
type process struct {
	host string
	pid  uint32
}

func processOf(e *event.Event) process { return process{e.Host.Key(), e.Owner.PID} }

// by names who sent the reset.
func (s *sufferer) by() string {
	return nameOf(&event.Owner{PID: s.pid, Comm: s.comm}, 1, s.from.String())
}

// chain links what a process does to a reset that it got a moment before. That is how
// the failure of a server becomes that of the proxy in front of it. A proxy is the server
// of one of the two connections and the client of the other one. What happens to two
// clients of a busy server is not linked.
func (s *Stage) chain(g *group, r *reset) {
	if pid := r.acted.Owner.PID; pid != 0 && r.seen() {
		last, ok := s.sufferers[processOf(r.acted)]
		_, server := serverOf(r.acted)
		wait := absolute(r.acted.Time.Sub(last.at))
		if ok && last.group != g && last.server != server && wait <= chainWithin {
			g.led.add(last.group.id, &last, wait)
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
		_, server := serverOf(victim)
		last := sufferer{at: victim.Time, group: g, server: server, from: victim.Peer}
		if r.both() {
			last.pid, last.comm = r.acted.Owner.PID, r.acted.Owner.Comm
		}
		s.sufferers[processOf(victim)] = last
	}
}

func absolute(d time.Duration) time.Duration { return max(d, -d) }

// leads counts the findings that came right before the resets of one.
type leads struct {
	ids    [4]uint64
	counts [4]uint64
	by     [4]string // who sent the first reset of each
	waits  spread    // milliseconds from there to here
}

func (l *leads) add(id uint64, by *sufferer, wait time.Duration) {
	l.waits.add(uint64(wait.Milliseconds()))
	for i := range l.ids {
		if l.ids[i] == 0 || l.ids[i] == id {
			if l.ids[i] == 0 {
				l.by[i] = by.by()
			}
			l.ids[i] = id
			l.counts[i]++
			return
		}
	}
}

// most is the finding that led to at least half of so many resets, and who sent its first
// one: 0 if none did.
func (l *leads) most(resets uint64) (id uint64, by string) {
	for i, n := range l.counts {
		if n > 0 && 2*n >= resets {
			return l.ids[i], l.by[i]
		}
	}
	return 0, ""
}
