package fleet

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/internal/communityid"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say how large the fleet is.
type Options struct {
	Hosts  int
	Events int // about so many
	Rate   int // RSTs a second, of all hosts together
	Seed   uint64
	Start  time.Time
}

const (
	abort  = cause.LingerZero
	unread = cause.UnreadDataOnClose
)

// sentCauses are what a host sends RSTs for, with what the other end gets.
var sentCauses = []struct {
	sent, got event.CauseID
	errno     string
}{
	{abort, cause.PeerAborted, "ECONNRESET"},
	{unread, cause.PeerAborted, "ECONNRESET"},
	{cause.ClosedPort, cause.Refused, "ECONNREFUSED"},
	{cause.ClosedEarlier, cause.PeerGone, "ECONNRESET"},
	{cause.DataAfterClose, cause.WroteAfterPeerClose, "EPIPE"},
}

// silences are the idle limits of the paths: by the index of the server's host.
var silences = []time.Duration{60 * time.Second, 350 * time.Second, 4 * time.Minute}

// programs are the servers, by port.
var programs = []struct {
	port uint16
	comm string
}{{80, "nginx"}, {443, "haproxy"}, {5432, "postgres"}, {6379, "redis-server"}, {22, "sshd"}, {8080, "java"}}

type world struct {
	Options
	rng      *rand.Rand
	machines []*machine
	whole    time.Duration
	rsts     uint64
	events   int
	to       func(of *machine, at time.Duration, item any) error
	pending  []scheduled // a heap by time
}

// scheduled is an event that is still to happen: the arrival of a RST.
type scheduled struct {
	at time.Duration
	of *machine
	e  *event.Event
}

// hop is a RST on its way.
type hop struct {
	from, to         *machine // nil: it is not traced
	sentFrom, sentTo netip.AddrPort
	seenFrom, seenTo netip.AddrPort
	seq, ack         uint32
	flags            event.TCPFlags
	kind             int // of sentCauses
	forged, lost     bool
	client           bool // the sender is the client
	port             uint16
	pid              uint32
}

// Run makes up a fleet. It gives all items to a sink in the order in which they really
// happen. Each has the time of the clock of its host, so these times are not quite in order.
func Run(o Options, to event.Sink) error { return RunEach(o, func(string) event.Sink { return to }) }

// RunEach is Run with a sink for each host, by its name.
func RunEach(o Options, of func(host string) event.Sink) error {
	w := &world{Options: o, rng: rand.New(rand.NewPCG(o.Seed, 17)), whole: time.Duration(float64(o.Events) / 1.7 / float64(o.Rate) * float64(time.Second))}
	for i := range o.Hosts {
		w.machines = append(w.machines, newMachine(w.rng, i, w.whole))
	}
	sinks := make([]event.Sink, o.Hosts)
	for i, m := range w.machines {
		sinks[i] = of(m.HostName)
	}
	w.to = func(m *machine, _ time.Duration, item any) error {
		switch item := item.(type) {
		case *event.Event:
			return sinks[m.index].Event(item)
		case *event.Coverage:
			return sinks[m.index].Coverage(item)
		case *event.Totals:
			return sinks[m.index].Totals(item)
		}
		return nil
	}
	return w.run()
}

func (w *world) run() error {
	step := time.Duration(float64(time.Second) / float64(w.Rate))
	for at := time.Duration(0); at < w.whole; at += step/2 + time.Duration(w.rng.Int64N(int64(step))) {
		if err := w.until(at); err != nil {
			return err
		}
		if err := w.reset(at); err != nil {
			return err
		}
	}
	const flight = time.Second
	if err := w.until(w.whole + flight); err != nil {
		return err
	}
	for _, m := range w.machines {
		m.ends = min(m.ends, w.whole+2*flight)
		if err := w.end(m); err != nil {
			return err
		}
	}
	return nil
}

// until lets everything happen that is due by a time.
func (w *world) until(at time.Duration) error {
	for len(w.pending) > 0 && w.pending[0].at <= at {
		next := w.pop()
		if err := w.show(next.of, next.at, next.e); err != nil {
			return err
		}
	}
	for _, m := range w.machines {
		if m.coverNext > at || m.ended {
			continue
		}
		if err := w.cover(m, at); err != nil {
			return err
		}
	}
	return nil
}

// cover has a tracer begin, go on and end.
func (w *world) cover(m *machine, at time.Duration) error {
	switch {
	case at < m.begins:
		m.coverNext = m.begins
		return nil
	case at >= m.ends:
		return w.end(m)
	}
	phase := event.CoverageGoesOn
	if !m.began {
		m.began, phase = true, event.CoverageBegins
		m.lost, m.held = 0, false
	}
	m.coverNext = at + event.CoverageEvery
	return w.to(m, at, m.coverage(w.Start, at, phase))
}

func (w *world) end(m *machine) error {
	if m.ended || !m.began {
		return nil
	}
	m.ended = true
	if m.crashes {
		return nil
	}
	if err := w.to(m, m.ends, m.coverage(w.Start, m.ends, event.CoverageEnds)); err != nil {
		return err
	}
	totals := &event.Totals{Host: m.Host, Time: m.clock(w.Start, m.ends), Shown: m.shown, NotShown: m.counted - m.shown}
	for c, n := range m.counts {
		c.Events = n
		totals.Counts = append(totals.Counts, c)
	}
	return w.to(m, m.ends, totals)
}

// show gives an event to the tracer of a host, which may not show it.
func (w *world) show(m *machine, at time.Duration, e *event.Event) error {
	if m == nil || !m.traced(at) || m.ended {
		return nil
	}
	if !m.began {
		if err := w.cover(m, at); err != nil {
			return err
		}
	}
	m.counted++
	m.counts[event.Count{Dir: e.Dir, Cause: e.Cause}]++
	if !m.shows(e) || w.misses(m, at) {
		return nil
	}
	m.ids++
	m.shown++
	w.events++
	e.Host, e.ID, e.Time = m.Host, m.ids, m.clock(w.Start, at)
	e.MonotonicNanos = uint64(m.boot + at)
	return w.to(m, at, e)
}

// misses has tracers in trouble, now and then: for some seconds they lose events, or hold
// them back.
func (w *world) misses(m *machine, at time.Duration) bool {
	if at >= m.trouble {
		if w.rng.IntN(4000) != 0 {
			return false
		}
		m.trouble, m.holding = at+time.Duration(w.rng.IntN(4))*time.Second, w.rng.IntN(2) == 0
	}
	if w.rng.IntN(3) == 0 {
		return false
	}
	if m.holding {
		m.held = true
	} else {
		m.lost++
	}
	m.coverNext = min(m.coverNext, at+time.Second) // it is said soon
	return true
}

func endpoint(a netip.AddrPort) event.Endpoint { return event.Endpoint{Addr: a.Addr(), Port: a.Port()} }

// event is one end of a RST.
func (w *world) event(h *hop, sent bool) *event.Event {
	c := sentCauses[h.kind]
	e := &event.Event{
		Schema: event.SchemaVersion, Certainty: event.Exact, Family: event.IPv4, State: event.StateEstablished, Via: event.Fentry,
		RST: event.Segment{Flags: h.flags, Seq: h.seq, Ack: h.ack},
	}
	here := h.from
	if sent {
		e.Dir, e.Cause, e.Hook = event.Sent, c.sent, "tcp_send_active_reset"
		e.Local, e.Peer = endpoint(h.sentFrom), endpoint(h.sentTo)
		e.Summary = "a program ended the connection"
	} else {
		here = h.to
		e.Dir, e.Cause, e.Hook = event.Received, c.got, "tcp_reset"
		e.Local, e.Peer = endpoint(h.seenTo), endpoint(h.seenFrom)
		e.App = event.App{Errno: c.errno}
		e.Summary = "the peer ended the connection"
		if here != nil && here.blind {
			e.RST = event.Segment{}
		}
	}
	w.who(e, h, sent == h.client)
	e.Conn.Cookie = Truth{RST: h.number(w), Traced: !h.forged && h.from != nil, Arrived: !h.lost && h.to != nil}.cookie()
	if here != nil {
		e.CommunityID = communityid.TCP(e.Local.AddrPort(), e.Peer.AddrPort())
	}
	return e
}

func (h *hop) number(w *world) uint64 { return w.rsts }

// who says whose socket it was.
func (w *world) who(e *event.Event, h *hop, client bool) {
	e.Conn = event.Conn{Known: true, Role: event.Server, AgeMillis: 1000 + uint64(w.rng.IntN(1e6)), LastReceivedMillis: 1 + uint64(w.rng.IntN(5000))}
	at := h.pid % uint32(len(programs))
	comm := "python3"
	for _, p := range programs {
		if p.port == h.port {
			comm = p.comm
		}
	}
	if client {
		e.Conn.Role, comm = event.Client, "curl"
	}
	if cause := e.Cause; cause == sentCauses[3].got || cause == sentCauses[3].sent {
		server := h.seenTo
		if h.seenFrom.Port() == h.port {
			server = h.seenFrom
		}
		limit := silences[int(server.Addr().As4()[3])%len(silences)]
		e.Conn.LastReceivedMillis = uint64(limit.Milliseconds()) + uint64(w.rng.IntN(900))
	}
	e.Owner = event.Owner{PID: 1000 + h.pid%500, Comm: comm, Source: event.FromSocket, Unit: comm + ".service"}
	if at == 2 && !client {
		release := "6d9f4c8b7d"
		if w.rsts*2 > uint64(float64(w.Events)/1.7) { // the second half has a new one
			release = "7f8c5d9a41"
		}
		e.Owner.Pod, e.Owner.Container = fmt.Sprintf("shop/cart-%s-%05x", release, h.pid%64), "docker/cart"
	}
	if e.Cause == unread {
		e.Lost.UnreadBytes = 1 + uint32(w.rng.IntN(1e5))
	}
}
