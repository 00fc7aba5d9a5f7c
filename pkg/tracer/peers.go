package tracer

import (
	"hash/maphash"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/owner"
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
type flight struct{ from, to event.Endpoint }

// sighting is an event whose other end has not been seen.
type sighting struct {
	flight flight
	netns  uint32
	sent   bool
	seq    uint32
	seen   bool // seq is known
	time   time.Time
	id     uint64
	event  *event.Event // as long as its ID is id
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

// note takes a new event of the queue and links it to the other end's, if that
// is known.
func (p *peers) note(e *event.Event) {
	if p == nil {
		return
	}
	s := sightingOf(e)
	set := p.setOf(&s)
	if other := set.oldest(func(o *sighting) bool { return o.otherEnd(&s) }); other != nil {
		e.PeerEvent = other.id
		if other.event.ID == other.id { // still in the queue, or at least nobody else's memory
			other.event.PeerEvent = e.ID
		}
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
		flight: flight{from: e.Peer, to: e.Local},
		netns:  e.Netns.Inode,
		sent:   e.Dir == event.Sent,
		seq:    e.RST.Seq,
		seen:   e.RST.Flags.Has(event.RST) && (e.Evidence.Hook == event.HookSendActive || e.Evidence.SeesPacket()),
		time:   e.Time,
		id:     e.ID,
		event:  e,
	}
	if s.sent {
		s.flight = flight{from: e.Local, to: e.Peer}
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
	if s.flight.from.Addr.IsLoopback() && s.netns != t.netns {
		return false // every namespace has a loopback device of its own
	}
	return s.time.Sub(t.time).Abs() <= peerWindow
}

// bothEnds reports whether events of these directions can be the two ends of a
// RST. None means all.
func bothEnds(dirs []event.Dir) bool {
	return len(dirs) == 0 || slices.Contains(dirs, event.Sent) &&
		(slices.Contains(dirs, event.Received) || slices.Contains(dirs, event.Ignored))
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
	if other == nil || owner.Wanted(other) || !t.filter.NeedsOwner() && !t.filter.NeedsPlace() {
		return
	}
	inTheEnd := *other
	owner.Last(&inTheEnd)
	if t.refuses(&inTheEnd) {
		e.PeerEvent = 0
	}
}
