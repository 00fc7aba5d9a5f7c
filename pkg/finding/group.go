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
	causes       tally[event.CauseID]
	lost         event.Lost
	errnos       [errnosMax]event.ErrnoCount
	deaths       uint64 // processes that ended by SIGPIPE after it
	provoked     uint64 // resets that answered a packet with payload
	echoes       uint64 // resets that another one of this group provoked
	led          leads
	absorbed     []uint64 // findings that turned out to be part of this one
	said         saying
}

// saying is what was last said of a group, and when the next word is due.
type saying struct {
	pattern *pattern
	resets  uint64
	due     time.Time
	step    int
	total   uint64 // resets at the totals before
}

// add takes a reset into the group.
func (g *group) add(r *reset) {
	e := r.acted
	if g.resets > 0 {
		g.count(interval, uint64(max(0, e.Time.Sub(g.last).Milliseconds())))
	}
	g.resets++
	g.last = e.Time
	_, here := serverOf(e)
	g.peers.add(clientOf(e, here))
	g.ports.add(g.serverPort(e))
	g.causes.add(e.Cause)
	if e.Owner.PID != 0 {
		g.actors.add(e.Owner.PID)
	}
	if e.Trigger.Len > 0 || e.Dir == event.Received && e.Conn.SegmentsUnacked != nil && *e.Conn.SegmentsUnacked > 0 {
		g.provoked++
	}
	if e.Earlier.Event != 0 {
		g.echoes++
	}
	g.addConnection(e)
	if r.both() {
		g.both++
		if r.suffered.Owner.PID != 0 {
			g.victims.add(r.suffered.Owner.PID)
		}
		g.suffers(r.suffered)
		g.lose(&r.suffered.Lost)
	} else if e.Dir != event.Sent {
		g.suffers(e)
	}
	g.lose(&e.Lost)
}

func (g *group) serverPort(e *event.Event) uint16 {
	server, _ := serverOf(e)
	return server.Port
}

// addConnection takes the numbers of the connection. Those of the close are measured
// back from the packet that met it.
func (g *group) addConnection(e *event.Event) {
	if ago := closedMillis(e); ago > 0 || e.Dir != event.Received && e.Earlier.EndedBy != "" {
		g.count(closed, ago)
	}
	if e.Dir != event.Sent && e.RST.TTL != 0 {
		g.count(ttl, uint64(e.RST.TTL))
	}
	if e.Lost.UnreadBytes > 0 {
		g.count(unread, uint64(e.Lost.UnreadBytes))
	}
	if !e.Conn.Known {
		return
	}
	if quiet, known := silenceOf(e); known {
		g.count(silence, quiet)
	}
	if e.Conn.AgeMillis > 0 {
		g.count(age, e.Conn.AgeMillis)
	}
	g.count(received, e.Conn.BytesReceived)
	g.count(sent, e.Conn.BytesAcked)
}

func (g *group) count(n number, v uint64) { g.numbers[n].add(v) }

// suffers counts what an application got.
func (g *group) suffers(e *event.Event) {
	if e.Dir == event.Sent {
		return
	}
	if e.App.Errno == "" {
		return
	}
	for i := range g.errnos {
		c := &g.errnos[i]
		if c.Errno == "" || c.Errno == e.App.Errno {
			c.Errno = e.App.Errno
			c.Count++
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
	for _, port := range old.ports.values() {
		g.ports.add(port)
	}
	for _, id := range old.causes.values() {
		g.causes.add(id)
	}
	g.absorbed = append(g.absorbed, old.id)
}
