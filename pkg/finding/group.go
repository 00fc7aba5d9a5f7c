package finding

import (
	"math"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// errnosMax is how many different errors a group counts.
const errnosMax = 4

// group is the resets of one key, and what was said of them.
type group struct {
	id    uint64
	key   key
	first event.Event // the acting end of the first reset, cloned
	other event.Event // its other end; Dir is empty where that was not seen

	resets, both uint64 // both: of which both ends were seen
	since, last  time.Time
	numbers      [len(numberNames)]spread
	peers        tally[netip.Addr]
	actors       tally[uint32] // pids
	victims      tally[uint32]
	ports        tally[uint16] // of the server: a scan has many
	addrs        tally[netip.Addr]
	places       tally[netip.AddrPort] // both
	causes       tally[event.CauseID]
	spaces       tally[uint32] // network namespaces
	lost         event.Lost
	errnos       [errnosMax]event.ErrnoCount
	deaths       uint64 // processes that ended by SIGPIPE after it
	provoked     uint64 // resets that answered a packet with payload
	echoes       uint64 // resets that another one of this group provoked
	inferred     uint64 // silences that are not measured
	unreadFor    spread // milliseconds, of what was left unread
	late         spread // bytes that came after the close
	lasted       spread // milliseconds from the beginning to the first close
	closings     closings
	listening    event.StillListening // who listened behind the last closed listener
	alibi        alibi
	led          leads
	halfOf       event.CauseID // of the other end, as it is kept in halves
	absorbed     []uint64      // findings that turned out to be part of this one
	said         saying
	goesOn       bool      // more may come of what is counted now
	wake         time.Time // when something of it may be due
	at           int       // its place in the agenda, from 1; 0: it is not there
}

// saying is what was last said of a group, and when the next word is due.
type saying struct {
	pattern  *pattern
	harmless bool
	resets   uint64
	due      time.Time
	step     int
	total    uint64 // resets at the totals before
}

// lasts notes that something happened. If the clock was set back, the group is not over
// before it began.
func (g *group) lasts(until time.Time) {
	if until.After(g.last) {
		g.last = until
	}
}

// add takes a reset into the group.
func (g *group) add(r *reset) {
	e := r.acted
	if g.resets > 0 {
		g.count(interval, uint64(max(0, e.Time.Sub(g.last).Milliseconds())))
	}
	g.resets++
	g.lasts(e.Time)
	_, here := serverOf(e)
	g.peers.add(clientOf(e, here))
	g.addPlace(e)
	g.causes.add(e.Cause)
	if e.Netns.Inode != 0 {
		g.spaces.add(e.Netns.Inode)
	}
	if e.Owner.PID != 0 {
		g.actors.add(e.Owner.PID)
	}
	if e.Trigger.Len > 0 || ended(e) && e.Conn.SegmentsUnacked != nil && *e.Conn.SegmentsUnacked > 0 {
		g.provoked++
	}
	if e.StillListening.Known {
		g.listening = e.StillListening
	}
	if e.Earlier.Event != 0 {
		g.echoes++
	}
	if e.Trigger.Len > 0 {
		g.late.add(uint64(e.Trigger.Len))
	}
	g.addConnection(e)
	g.closings.add(&r.closing)
	if r.closing.known {
		g.lasted.add(r.closing.lasted)
	}
	if e.Dir == event.Received {
		g.alibi.add(&e.PeerSent)
	}
	if r.both() {
		g.both++
		if r.suffered.Owner.PID != 0 {
			g.victims.add(r.suffered.Owner.PID)
		}
		g.suffers(r.suffered)
		g.lose(&r.suffered.Lost)
	} else if !e.LocalSent() {
		g.suffers(e)
	}
	g.lose(&e.Lost)
}

func (g *group) addPlace(e *event.Event) {
	server, _ := serverOf(e)
	g.ports.add(server.Port)
	g.addrs.add(server.Addr)
	g.places.add(server.AddrPort())
}

func (g *group) serverPort(e *event.Event) uint16 {
	server, _ := serverOf(e)
	return server.Port
}

// addHalf takes a reset of which one end was seen, and that is like those before.
func (g *group) addHalf(r *reset) {
	e := r.acted
	if e.LocalSent() {
		g.add(r)
		return
	}
	g.resets++
	g.lasts(e.Time)
	_, here := serverOf(e)
	g.peers.add(clientOf(e, here))
	g.addPlace(e)
	g.victims.add(e.Owner.PID)
	g.suffers(e)
	g.lose(&e.Lost)
}

// addConnection takes the numbers of the connection. Those of the close are measured
// back from the packet that met it.
func (g *group) addConnection(e *event.Event) {
	if ago := closedMillis(e); ago > 0 || !ended(e) && e.Earlier.EndedBy != "" {
		g.count(closed, ago)
	}
	if !e.LocalSent() && e.RST.TTL != 0 {
		g.count(ttl, uint64(e.RST.TTL))
	}
	if e.Lost.UnreadBytes > 0 {
		g.count(unread, uint64(e.Lost.UnreadBytes))
		if e.Conn.LastReceivedMillis > 0 && e.Conn.PeerFinMillis == 0 {
			g.unreadFor.add(e.Conn.LastReceivedMillis)
		}
	}
	if q := silenceOf(e); q.known {
		g.count(silence, q.millis)
		if q.inferred {
			g.inferred++
		}
	}
	if !e.Conn.Known {
		return
	}
	if e.Conn.AgeMillis > 0 {
		g.count(age, e.Conn.AgeMillis)
	}
	g.count(received, payloadReceived(e))
	g.count(sent, payloadSent(e))
}

func (g *group) count(n number, v uint64) { g.numbers[n].add(v) }

// joins adds the end that got a RST and came after the reset was counted.
func (g *group) joins(e *event.Event) {
	g.both++
	if g.other.Dir == "" {
		e.CopyTo(&g.other)
	}
	if e.Owner.PID != 0 {
		g.victims.add(e.Owner.PID)
	}
	g.suffers(e)
	g.lose(&e.Lost)
}

// suffers counts what an application got.
func (g *group) suffers(e *event.Event) {
	if !e.LocalSent() && e.App.Errno != "" {
		g.got(e.App.Errno, 1)
	}
}

// got counts an error that applications got.
func (g *group) got(errno string, times uint64) {
	for i := range g.errnos {
		c := &g.errnos[i]
		if c.Errno == "" || c.Errno == errno {
			c.Errno = errno
			c.Count += times
			return
		}
	}
}

func (g *group) lose(l *event.Lost) {
	g.lost.UnreadBytes = addBytes(g.lost.UnreadBytes, l.UnreadBytes)
	g.lost.UnsentBytes = addBytes(g.lost.UnsentBytes, l.UnsentBytes)
	g.lost.UnackedBytes = addBytes(g.lost.UnackedBytes, l.UnackedBytes)
}

func addBytes(a, b uint32) uint32 {
	if a > math.MaxUint32-b {
		return math.MaxUint32
	}
	return a + b
}

// errors are those that applications got.
func (g *group) errors() []event.ErrnoCount {
	for i := range g.errnos {
		if g.errnos[i].Errno == "" {
			return g.errnos[:i]
		}
	}
	return g.errnos[:]
}

// hurt reports whether somebody got an error, lost data or died.
func (g *group) hurt() bool {
	return g.errnos[0].Count > 0 || g.deaths > 0 || g.lost.UnsentBytes > 0 || g.lost.UnackedBytes > 0
}

// absorb takes over the resets of another group, of which nothing more is said.
func (g *group) absorb(old *group) {
	g.resets += old.resets
	g.both += old.both
	if old.since.Before(g.since) {
		g.since = old.since
	}
	g.ports.addAll(&old.ports)
	g.addrs.addAll(&old.addrs)
	g.places.addAll(&old.places)
	g.causes.addAll(&old.causes)
	g.spaces.addAll(&old.spaces)
	g.peers.addAll(&old.peers)
	g.actors.addAll(&old.actors)
	g.victims.addAll(&old.victims)
	for _, e := range old.errors() {
		g.got(e.Errno, e.Count)
	}
	g.lose(&old.lost)
	g.absorbed = append(g.absorbed, old.id)
}
