package wire

import "github.com/rsttrace/rsttrace/pkg/event"

const (
	acksKept = 4
	ttlsKept = 3
)

// side is what one end of a connection has sent. RSTs count only where a field says so:
// anybody may have sent them.
type side struct {
	packets uint32 // without RSTs
	data    uint32 // packets with payload
	rsts    uint32

	syn, synAck bool // it sent one
	join        bool // its SYN asks for an MPTCP subflow
	signed      bool // its last packet has a signature
	scaled      bool // its SYN has a scale, which may be 0
	known       bool // next is known
	acked       bool // ack is known
	fin         bool
	stamped     bool // its SYN, or a later packet, has timestamps
	df          bool // of its last packet
	mixedDF     bool

	isn    uint32
	next   uint32           // behind the highest byte that it sent
	ack    uint32           // the highest that it acknowledged
	acks   [acksKept]uint32 // that it sent last, each once, the latest first
	nAcks  uint8
	scale  uint8  // of its window
	window uint16 // of its last packet
	tsval  uint32 // the latest
	finSeq uint32

	ttls  [ttlsKept]uint8 // different ones
	nTTLs uint8           // ttlsKept+1: there are more

	id    uint16 // of its last packet
	idRun uint8  // how many packets in a row raised it by a little

	firstAt, lastAt, prevAt        int64 // prevAt: of the packet before the last one
	dataAt, finAt                  int64
	finIdle                        int64  // since data of either side, at the FIN; 0: not known
	synNumber, finFrame, dataFrame uint64 // order goes by number: clocks are set back

	last   trigger // its last packet
	probes probes

	rtt      int64 // the shortest from here to this side and back; 0: not known
	sampleAt int64 // of the other side's segment that waits for this side's ACK
	sample   uint32

	retransmits uint32
	goodSums    uint8
	badSums     uint8
	first       *mark // its first RST
}

// trigger is a packet that may have provoked a RST.
type trigger struct {
	number   uint64
	at       int64
	seq, ack uint32
	len      uint32
	window   uint16
	id       uint16
	flags    event.TCPFlags
	ttl      uint8
	fresh    bool // it brought data, a SYN or a FIN that had not been seen
	newAck   bool // it acknowledged more than any before
}

func (t *trigger) end() uint32 {
	p := Packet{Flags: t.flags, Seq: t.seq, Len: t.len}
	return p.end()
}

// probes are keep-alive probes that nothing answered.
type probes struct {
	count       uint32
	first, last uint64 // by number
	at          int64  // of the first
}

// mark is a RST in short.
type mark struct {
	number   uint64
	event    uint64
	at       int64
	seq, ack uint32
	flags    event.TCPFlags
	id       uint16
	ifname   string
}

// before reports whether sequence number a is before b.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// later returns the later one of two sequence numbers.
func later(a, b uint32) uint32 {
	if before(a, b) {
		return b
	}
	return a
}

// has reports whether this side sent an ACK with that number not long ago.
func (s *side) has(ack uint32) bool {
	for _, a := range s.acks[:s.nAcks] {
		if a == ack {
			return true
		}
	}
	return false
}

// new reports whether a packet of this side shows something that no packet before had:
// it is no copy of one.
func (s *side) new(p *Packet) bool {
	switch {
	case s.known && before(s.next, p.end()):
		return true
	case p.Flags.Has(event.ACK) && s.acked && before(s.ack, p.Ack):
		return true
	}
	return p.Options.Timestamps && s.stamped && before(s.tsval, p.Options.TSval)
}

// take notes a packet of this side that is no RST. other is the other side.
func (s *side) take(p *Packet, other *side) {
	if s.packets == 0 {
		s.firstAt = p.Time
	}
	s.probe(p)
	t := trigger{
		number: p.Number, at: p.Time, seq: p.Seq, ack: p.Ack, len: p.Len, window: p.Window, id: p.ID, flags: p.Flags, ttl: p.TTL,
		fresh: p.end() != p.Seq && (!s.known || before(s.next, p.end())),
	}
	s.packets++
	s.signed = p.Options.Signed
	s.takeNumbers(p, &t)
	s.takeIP(p)
	if p.Flags.Has(event.ACK) {
		s.takeAck(p, &t)
	}
	if t.fresh && other.sampleAt == 0 { // how long the other side takes to acknowledge it
		other.sampleAt, other.sample = p.Time, p.end()
	}
	if p.Flags.Has(event.FIN) && !s.fin {
		s.fin, s.finAt, s.finFrame, s.finSeq = true, p.Time, p.Number, p.Seq+p.Len
		if before := max(s.dataAt, other.dataAt); p.Len == 0 && before != 0 {
			s.finIdle = p.Time - before
		}
	}
	s.window, s.last, s.prevAt, s.lastAt = p.Window, t, s.lastAt, p.Time
	other.probes = probes{} // it answers
}

func (s *side) takeNumbers(p *Packet, t *trigger) {
	switch {
	case p.Flags.Has(event.SYN):
		s.isn, s.synNumber = p.Seq, p.Number
		s.syn = s.syn || !p.Flags.Has(event.ACK)
		s.synAck = s.synAck || p.Flags.Has(event.ACK)
		s.scale, s.scaled = p.Options.Scale, p.Options.Scaled
		s.join = p.Options.Join
	case p.Len > 0 && s.known && !t.fresh && s.probes.last != p.Number:
		s.retransmits++
	}
	if p.Len > 0 {
		s.data++
		s.dataAt, s.dataFrame = p.Time, p.Number
	}
	if !s.known || before(s.next, p.end()) {
		s.next, s.known = p.end(), true
	}
	if p.Options.Timestamps {
		if !s.stamped || before(s.tsval, p.Options.TSval) {
			s.tsval = p.Options.TSval
		}
		s.stamped = true
	}
}

// probe counts packets that ask only whether the other end is there: an old sequence
// number, and at most one byte (RFC 9293, 3.8.4).
func (s *side) probe(p *Packet) {
	if !s.known || p.Flags&(event.SYN|event.FIN|event.RST) != 0 || p.Len > 1 || p.Seq != s.next-1 {
		s.probes = probes{}
		return
	}
	if s.probes.count == 0 {
		s.probes.first, s.probes.at = p.Number, p.Time
	}
	s.probes.count++
	s.probes.last = p.Number
}

func (s *side) takeAck(p *Packet, t *trigger) {
	t.newAck = !s.acked || before(s.ack, p.Ack)
	if t.newAck {
		s.ack, s.acked = p.Ack, true
	}
	if s.nAcks == 0 || s.acks[0] != p.Ack {
		copy(s.acks[1:], s.acks[:])
		s.acks[0] = p.Ack
		s.nAcks = min(s.nAcks+1, acksKept)
	}
	if s.sampleAt != 0 && !before(p.Ack, s.sample) {
		if d := p.Time - s.sampleAt; d > 0 && (s.rtt == 0 || d < s.rtt) {
			s.rtt = d
		}
		s.sampleAt = 0
	}
}

func (s *side) takeIP(p *Packet) {
	s.takeTTL(p.TTL)
	s.mixedDF = s.mixedDF || s.packets > 1 && s.df != p.DF
	s.df = p.DF
	const little = 64
	switch step := p.ID - s.id; {
	case s.packets > 1 && p.ID != 0 && s.id != 0 && step > 0 && step <= little:
		s.idRun = min(s.idRun+1, 255)
	case s.packets > 1 && step != 0:
		s.idRun = 0
	}
	s.id = p.ID
	const enough = 4
	if s.goodSums+s.badSums < enough {
		switch p.checksum() {
		case checksumGood:
			s.goodSums++
		case checksumBad, checksumPartial:
			s.badSums++
		}
	}
}

func (s *side) takeTTL(ttl uint8) {
	if s.nTTLs > ttlsKept {
		return
	}
	for _, t := range s.ttls[:s.nTTLs] {
		if t == ttl {
			return
		}
	}
	if s.nTTLs < ttlsKept {
		s.ttls[s.nTTLs] = ttl
	}
	s.nTTLs++
}

// dataEnd is the sequence number behind its payload.
func (s *side) dataEnd() uint32 {
	if s.fin {
		return s.finSeq
	}
	return s.next
}

// sent is the sequence number that this side sends next, as far as the capture shows
// it: a packet that it lacks may have been acknowledged.
func (s *side) sent(other *side) (next uint32, known bool) {
	switch {
	case s.known && other.acked:
		return later(s.next, other.ack), true
	case s.known:
		return s.next, true
	}
	return other.ack, other.acked
}
