package tracing

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
	// pairWindow is how far apart the two ends of a host see the same RST. The
	// order of their hooks is not fixed: some tracepoints that tell of a sent RST
	// run after it has arrived.
	pairWindow = 100 * time.Millisecond
	// pairPatience is how long an event waits for that of the other end, so that
	// both can name each other: less than the pause between two reads, so one
	// more read is waited for and no longer.
	pairPatience = 8 * time.Millisecond
	// pairSets and pairWays bound the memory: an event that finds no room takes
	// that of the oldest of its set.
	pairSets = 1024
	pairWays = 4
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

// decidingCauses are the causes that decide what the event of the other end says. The first
// stands for all others.
var decidingCauses = []event.CauseID{"", cause.ClosedPort, cause.NetfilterReject}

// unpairedEnd is an event whose other end has not been seen. It holds no pointers,
// so that thousands of them are no work for the garbage collector.
type unpairedEnd struct {
	flight   flight
	netns    uint32
	seq      uint32
	sent     bool
	seqKnown bool  // seq is known
	nanos    int64 // Unix time
	id       uint64
	cause    uint8 // its index in decidingCauses
}

// endPairs links the sent and the received event of one RST whose two ends are on
// this host. Nil endPairs link nothing.
//
// It tells ends apart by addresses and ports, which networks that know nothing
// of each other may have in common: then time and, where both ends know it, the
// sequence number decide.
type endPairs struct {
	seed    maphash.Seed
	sets    [pairSets][pairWays]unpairedEnd
	crowded int64 // Unix time in nanoseconds when a young end was displaced last
}

func newEndPairs() *endPairs { return &endPairs{seed: maphash.MakeSeed()} }

// pair takes a new event and gives it the number of the other end's, if that is
// known: the other event, which may be gone by now, is the caller's to tell.
func (p *endPairs) pair(e *event.Event) {
	if p == nil {
		return
	}
	s := unpairedEndOf(e)
	set := p.setOf(&s)
	if other := set.oldest(func(o *unpairedEnd) bool { return o.pairsWith(&s) }); other != nil {
		e.PeerEvent = other.id
		e.Kernel.OtherEndCause = decidingCauses[other.cause]
		*other = unpairedEnd{}
		return
	}
	oldest := set.oldest(func(*unpairedEnd) bool { return true })
	if oldest.id != 0 && s.nanos-oldest.nanos < int64(crowdedFor) {
		p.crowded = s.nanos
	}
	*oldest = s
}

// crowdedFor is for how long an end that was displaced may be missed: longer than a RST is
// on its way.
const crowdedFor = 10 * time.Second

// mayHaveMissed says why the other end of e may have come without being linked, "" if it
// did not.
func (p *endPairs) mayHaveMissed(e *event.Event) string {
	s := unpairedEndOf(e)
	switch {
	case p.crowded != 0 && s.nanos-p.crowded < int64(crowdedFor):
		return "too many RSTs came at once to compare both ends of each"
	case p.setOf(&s).oldest(func(o *unpairedEnd) bool { return o.id != 0 && o.sent != s.sent && o.flight == s.flight }) != nil:
		return "that end sent a RST, which is not this one by its time or number"
	}
	return ""
}

// pending reports whether e should wait for the event of the other end.
func (p *endPairs) pending(e *event.Event, now time.Time, patience time.Duration) bool {
	return p != nil && e.PeerEvent == 0 && now.Sub(e.Time).Abs() < patience
}

// forget takes back an event that nobody is shown.
func (p *endPairs) forget(e *event.Event) {
	if p == nil || e.PeerEvent != 0 {
		return
	}
	s := unpairedEndOf(e)
	if known := p.setOf(&s).oldest(func(o *unpairedEnd) bool { return o.id == e.ID }); known != nil {
		*known = unpairedEnd{}
	}
}

// endSet has the unpaired ends of a flight, in slots.
type endSet [pairWays]unpairedEnd

func (p *endPairs) setOf(s *unpairedEnd) *endSet {
	return (*endSet)(&p.sets[maphash.Comparable(p.seed, s.flight)%pairSets])
}

// oldest returns the first of the set, by id, that fits. Empty slots come
// before all others.
func (set *endSet) oldest(fits func(*unpairedEnd) bool) *unpairedEnd {
	var found *unpairedEnd
	for i := range set {
		if s := &set[i]; fits(s) && (found == nil || s.id < found.id) {
			found = s
		}
	}
	return found
}

func unpairedEndOf(e *event.Event) unpairedEnd {
	s := unpairedEnd{
		netns:    e.Netns.Inode,
		sent:     e.Dir == event.Sent,
		seq:      e.RST.Seq,
		seqKnown: e.RST.Flags.Has(event.RST) && (e.Evidence.Hook == event.HookSendActive || e.Evidence.SeesPacket()),
		nanos:    e.Time.UnixNano(),
		id:       e.ID,
		cause:    uint8(max(0, slices.Index(decidingCauses, e.Cause))),
	}
	// A rule of the output chain answers this host in the name of the peer.
	if s.sent && e.Chain != event.ChainOutput.String() {
		s.flight = flightOf(e.Local, e.Peer)
	} else {
		s.flight = flightOf(e.Peer, e.Local)
	}
	return s
}

// pairsWith reports whether two events are about one RST.
func (s *unpairedEnd) pairsWith(t *unpairedEnd) bool {
	if s.id == 0 || s.sent == t.sent || s.flight != t.flight {
		return false
	}
	if s.seqKnown && t.seqKnown && s.seq != t.seq {
		return false
	}
	if s.netns != t.netns && s.flight.onLoopback() {
		return false // every namespace has a loopback device of its own
	}
	return time.Duration(s.nanos-t.nanos).Abs() <= pairWindow
}

// bothEnds reports whether events of these directions can be the two ends of a
// RST. None means all.
func bothEnds(dirs []event.Dir) bool {
	return len(dirs) == 0 || slices.Contains(dirs, event.Sent) &&
		(slices.Contains(dirs, event.Received) || slices.Contains(dirs, event.Ignored))
}

// linkOtherEnd looks for the other end of a new event of the queue, and tells it if it
// waits there.
func (t *Tracer) linkOtherEnd(e *event.Event) {
	t.endPairs.pair(e)
	if e.PeerEvent == 0 {
		return
	}
	if other := t.queue.find(e.PeerEvent); other != nil {
		other.PeerEvent, other.Kernel.OtherEndCause = e.ID, e.Cause
	}
}

// unlinkOtherEnd takes an event that is not shown out of the account of the other end.
func (t *Tracer) unlinkOtherEnd(e *event.Event) {
	t.endPairs.forget(e)
	if other := t.queue.find(e.PeerEvent); other != nil {
		other.PeerEvent = 0
	}
}

// unlinkFilteredEnd unlinks e from an event of which it is known that it will not be
// shown.
func (t *Tracer) unlinkFilteredEnd(e *event.Event) {
	if e.PeerEvent <= e.ID {
		return
	}
	other := t.queue.find(e.PeerEvent)
	if other == nil || owner.NeedsOwner(other) || t.awaitsName(other, t.locations.clock()) || !t.decidesLate() {
		return
	}
	inTheEnd := *other
	t.resolver.FallBackToConnector(&inTheEnd)
	t.endings.linkEarlier(&inTheEnd)
	if t.filteredOut(&inTheEnd) {
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
	return e.Kernel.OtherEndCause != "" || own && (t.seesSocketless || e.Cause == cause.PeerAborted)
}
