package fleet

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// machine is a host with its tracer.
type machine struct {
	event.Host
	index    int
	addr     netip.Addr
	offset   time.Duration // of its clock at the start
	drift    float64       // seconds per second
	boot     time.Duration // its CLOCK_MONOTONIC at the start
	forwards bool

	dirs    []event.Dir
	filter  string // hides port 22
	limits  []string
	unseen  map[event.CauseID]bool // what these limits hide
	blind   bool                   // received RSTs have no numbers
	begins  time.Duration          // of the tracer, since the start
	ends    time.Duration
	crashes bool // then it does not say that it ends

	ids       uint64
	lost      uint64 // since the coverage before
	held      bool
	trouble   time.Duration // until then, events are lost or held back
	holding   bool          // it is held back
	coverNext time.Duration
	began     bool
	ended     bool
	shown     uint64
	counted   uint64
	counts    map[event.Count]uint64
}

const (
	offsetMost = 800 * time.Millisecond
	driftMost  = 50e-6
)

func newMachine(rng *rand.Rand, i int, whole time.Duration) *machine {
	m := &machine{
		index: i, addr: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).Next(),
		Host:   event.Host{HostName: fmt.Sprintf("host-%d", i), HostID: fmt.Sprintf("%032x", rng.Uint64()), BootID: fmt.Sprintf("boot-%x", rng.Uint32())},
		offset: time.Duration((2*rng.Float64() - 1) * float64(offsetMost)), drift: (2*rng.Float64() - 1) * driftMost,
		boot: time.Duration(rng.Int64N(int64(30 * 24 * time.Hour))), forwards: i%7 == 2,
		dirs: event.Dirs[:3], ends: whole + time.Hour, counts: make(map[event.Count]uint64),
	}
	switch i % 16 {
	case 5:
		m.dirs = event.Dirs[:2] // as the command line has it
	case 6:
		m.dirs = event.Dirs[:1]
	case 7:
		m.filter = "not port 22"
	case 8:
		m.limits, m.unseen = []string{"no-active", "no-reject"}, map[event.CauseID]bool{abort: true, unread: true}
	case 9:
		m.limits, m.blind = []string{"no-rst-packet"}, true
	case 10:
		m.begins = whole / 3
	case 11:
		m.ends = whole / 2
	case 12:
		m.ends, m.crashes = whole/2, true
	}
	return m
}

// clock is what the host takes a moment for.
func (m *machine) clock(start time.Time, at time.Duration) time.Time {
	return start.Add(at + m.offset + time.Duration(float64(at)*m.drift)).UTC()
}

func (m *machine) traced(at time.Duration) bool { return at >= m.begins && at < m.ends }

// shows reports whether the tracer looks for an event and can see it.
func (m *machine) shows(e *event.Event) bool {
	looked := false
	for _, dir := range m.dirs {
		looked = looked || dir == e.Dir
	}
	return looked && !m.unseen[e.Cause] && (m.filter == "" || e.Local.Port != 22 && e.Peer.Port != 22)
}

func (m *machine) coverage(start time.Time, at time.Duration, phase event.CoveragePhase) *event.Coverage {
	c := &event.Coverage{
		Host: m.Host, Time: m.clock(start, at), Phase: phase, Since: m.clock(start, m.begins), Dirs: m.dirs, Filter: m.filter, MaxRate: 1000,
		Limits: m.limits, Lost: m.lost, HeldBack: m.held, Addresses: []netip.Addr{m.addr}, Forwards: m.forwards, Kernel: "6.12.8",
	}
	m.lost, m.held = 0, false
	return c
}
