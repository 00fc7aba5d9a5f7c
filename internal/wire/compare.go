package wire

import (
	"iter"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// challengeWithin is how soon T answers a RST that does not fit exactly.
const challengeWithin = int64(time.Second)

// waiting yields the RSTs of a connection that wait, the last one first.
func (e *Engine) waiting(at int32) iter.Seq[*sight] {
	return func(yield func(*sight) bool) {
		f := e.flows.at(at)
		n := f.waiting
		for range looked {
			v := e.queue.find(n)
			if v == nil || v.flow != at || v.life != f.life {
				if v == nil && n == f.waiting {
					f.waiting = -1
				}
				return
			}
			if !yield(v) {
				return
			}
			n = v.before
		}
	}
}

// compare looks what a packet says about the RSTs before it.
func (e *Engine) compare(p *Packet, at int32, sender int) {
	f := e.flows.at(at)
	for v := range e.waiting(at) {
		if sender == v.sender {
			e.goesOn(v, p, f)
			continue
		}
		if v.challenged == 0 && p.Flags == event.ACK && p.Len == 0 && p.Ack != v.Seq && p.Time-v.Time < challengeWithin {
			v.challenged, v.challenge = p.Number, p.Ack
		}
		if v.tSigned == 0 && p.Options.Signed {
			v.tSigned = p.Number
		}
		if v.tWentOn == 0 && f.sides[sender].new(p) {
			v.tWentOn = p.Number
		}
	}
}

// goesOn notes what S sends after a RST in its name. A copy of an older packet shows
// nothing. Nor does the answer to a SYN that was sent again: something may listen now.
func (e *Engine) goesOn(v *sight, p *Packet, f *flow) {
	if v.later.number == 0 {
		v.later.number, v.later.ttl = p.Number, p.TTL
	}
	if v.wentOn != 0 {
		return
	}
	s, t := &f.sides[v.sender], &f.sides[1-v.sender]
	answersSYN := p.Flags.Has(event.SYN|event.ACK) && v.t.syn && !v.s.synAck && p.Ack == v.t.isn+1 && t.packets == v.t.packets
	if answersSYN || v.synchronized() && s.new(p) && !before(p.Seq, v.Seq) {
		v.wentOn = p.Number
	}
}

// compareRST looks what a RST says about those before it.
// It returns the number of the one that T challenged, if this is the answer.
func (e *Engine) compareRST(p *Packet, at int32, sender int) (fulfils uint64) {
	f := e.flows.at(at)
	s, t := &f.sides[sender], &f.sides[1-sender]
	next, known := s.sent(t)
	for v := range e.waiting(at) {
		if sender != v.sender {
			continue
		}
		if v.challenged != 0 && p.Seq == v.challenge {
			v.obeyed = p.Number
			fulfils = v.Number
		}
		if known && before(v.Seq, p.Seq) && before(next, p.Seq) {
			v.beyond = p.Number
		}
		if unexplained(v.Flags, p.Flags, v.Ack, p.Ack, s, t) {
			v.otherAck = p.Number
		}
		if len(v.next) < nextKept {
			v.next = append(v.next, mark{number: p.Number, at: p.Time, seq: p.Seq, ack: p.Ack, flags: p.Flags})
		}
	}
	return fulfils
}

// unexplained reports whether two RSTs of one end s acknowledge different numbers, and
// no packet of the other end explains the second: s had acknowledged more already, or
// nobody had sent so much.
func unexplained(flags, otherFlags event.TCPFlags, ack, otherAck uint32, s, t *side) bool {
	return flags.Has(event.ACK) && otherFlags.Has(event.ACK) && ack != otherAck &&
		(t.known && before(t.next, otherAck) || s.acked && before(otherAck, s.ack))
}
