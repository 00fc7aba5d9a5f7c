package tracer

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/internal/owner"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// peerWindow is how far apart the two ends of a host see the same RST. The
	// order of their hooks is not fixed: some tracepoints that tell of a sent RST
	// run after it has arrived.
	peerWindow = 100 * time.Millisecond
	// peerPatience is how long an event waits for that of the other end, so that
	// both can name each other: less than the pause between two reads, so one
	// more read is waited for and no longer.
	peerPatience = 8 * time.Millisecond
	// peerSets and peerWays bound the memory: an event that finds no room takes
	// that of the oldest of its set.
	peerSets = 1024
	peerWays = 4
)

// flight is the way of a RST from one end to the other.
type flight struct {
	from, to         [16]byte // IPv4 is IPv4-mapped
	fromPort, toPort uint16
}

func flightOf(from, to event.Endpoint) flight {
	return flight{from.Addr.As16(), to.Addr.As16(), from.Port, to.Port}
}

// onLoopback reports whether the RST did not leave its network namespace.
func (f *flight) onLoopback() bool { return netip.AddrFrom16(f.from).Unmap().IsLoopback() }

// causesOfEnds are the causes that decide what the event of the other end says. The first
// stands for all others.
var causesOfEnds = []event.CauseID{"", cause.ClosedPort, cause.NetfilterReject}

// sighting is an event whose other end has not been seen. It holds no pointers,
// so that thousands of them are no work for the garbage collector.
type sighting struct {
	flight flight
	netns  uint32
	seq    uint32
	sent   bool
	seen   bool  // seq is known
	nanos  int64 // Unix time
	id     uint64
	cause  uint8 // its place in causesOfEnds
}

// peers links the sent and the received event of one RST whose two ends are on
// this host. A nil peers links nothing.
//
// It tells ends apart by addresses and ports, which networks that know nothing
// of each other may have in common: then time and, where both ends know it, the
// sequence number decide.
type peers struct {
	seed maphash.Seed
	sets [peerSets][peerWays]sighting
}

func newPeers() *peers { return &peers{seed: maphash.MakeSeed()} }

// note takes a new event and gives it the number of the other end's, if that is
// known: the other event, which may be gone by now, is the caller's to tell.
func (p *peers) note(e *event.Event) {
	if p == nil {
		return
	}
	s := sightingOf(e)
	set := p.setOf(&s)
	if other := set.oldest(func(o *sighting) bool { return o.otherEnd(&s) }); other != nil {
		e.PeerEvent = other.id
		e.Kernel.OtherEnd = causesOfEnds[other.cause]
		*other = sighting{}
		return
	}
	*set.oldest(func(*sighting) bool { return true }) = s
}

// wanted reports whether e should wait for the event of the other end.
func (p *peers) wanted(e *event.Event, now time.Time) bool {
	return p != nil && e.PeerEvent == 0 && now.Sub(e.Time) < peerPatience
}

// forget takes back an event that nobody is shown.
func (p *peers) forget(e *event.Event) {
	if p == nil || e.PeerEvent != 0 {
		return
	}
	s := sightingOf(e)
	if known := p.setOf(&s).oldest(func(o *sighting) bool { return o.id == e.ID }); known != nil {
		*known = sighting{}
	}
}

// peerSet is where the sightings of a flight are.
type peerSet [peerWays]sighting

func (p *peers) setOf(s *sighting) *peerSet {
	return (*peerSet)(&p.sets[maphash.Comparable(p.seed, s.flight)%peerSets])
}

// oldest returns the first of the set, by id, that is wanted. Empty places come
// before all others.
func (set *peerSet) oldest(wanted func(*sighting) bool) *sighting {
	var found *sighting
	for i := range set {
		if s := &set[i]; wanted(s) && (found == nil || s.id < found.id) {
			found = s
		}
	}
	return found
}

func sightingOf(e *event.Event) sighting {
	s := sighting{
		netns: e.Netns.Inode,
		sent:  e.Dir == event.Sent,
		seq:   e.RST.Seq,
		seen:  e.RST.Flags.Has(event.RST) && (e.Evidence.Hook == event.HookSendActive || e.Evidence.SeesPacket()),
		nanos: e.Time.UnixNano(),
		id:    e.ID,
		cause: uint8(max(0, slices.Index(causesOfEnds, e.Cause))),
	}
	if s.sent {
		s.flight = flightOf(e.Local, e.Peer)
	} else {
		s.flight = flightOf(e.Peer, e.Local)
	}
	return s
}

// otherEnd reports whether two events are about one RST.
func (s *sighting) otherEnd(t *sighting) bool {
	if s.id == 0 || s.sent == t.sent || s.flight != t.flight {
		return false
	}
	if s.seen && t.seen && s.seq != t.seq {
		return false
	}
	if s.netns != t.netns && s.flight.onLoopback() {
		return false // every namespace has a loopback device of its own
	}
	return time.Duration(s.nanos-t.nanos).Abs() <= peerWindow
}

// bothEnds reports whether events of these directions can be the two ends of a
// RST. None means all.
func bothEnds(dirs []event.Dir) bool {
	return len(dirs) == 0 || slices.Contains(dirs, event.Sent) &&
		(slices.Contains(dirs, event.Received) || slices.Contains(dirs, event.Ignored))
}

// linkPeer looks for the other end of a new event of the queue, and tells it if it
// waits there.
func (t *Tracer) linkPeer(e *event.Event) {
	t.peers.note(e)
	if e.PeerEvent == 0 {
		return
	}
	if other := t.queue.find(e.PeerEvent); other != nil {
		other.PeerEvent, other.Kernel.OtherEnd = e.ID, e.Cause
	}
}

// hidePeer takes an event that is not shown out of the account of the other end.
func (t *Tracer) hidePeer(e *event.Event) {
	t.peers.forget(e)
	if other := t.queue.find(e.PeerEvent); other != nil {
		other.PeerEvent = 0
	}
}

// checkPeer unlinks e from an event of which it is known that it will not be
// shown.
func (t *Tracer) checkPeer(e *event.Event) {
	if e.PeerEvent <= e.ID {
		return
	}
	other := t.queue.find(e.PeerEvent)
	if other == nil || owner.Wanted(other) || t.awaitsName(other, t.places.clock()) || !t.decidesLate() {
		return
	}
	inTheEnd := *other
	t.resolver.Last(&inTheEnd)
	t.endings.link(&inTheEnd)
	if t.refuses(&inTheEnd) {
		e.PeerEvent = 0
	}
}

// hidesOtherEnd reports whether the end that sent e is on this host and would be
// seen, were it not for the filter. Either it was seen, or the peer's address is
// of e's own namespace for certain.
func (t *Tracer) hidesOtherEnd(e *event.Event) bool {
	if e.PeerEvent != 0 || e.Dir != event.Received || !t.filter.Divides() {
		return false
	}
	own := e.Peer.Addr.IsLoopback() || e.Peer.Addr == e.Local.Addr
	return e.Kernel.OtherEnd != "" || own && (t.seesReplies || e.Cause == cause.PeerAborted)
}
