package wire

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// connectionsMax bounds the memory to about 100 MB.
	connectionsMax = 1 << 17
	// waitsMax is how many RSTs may wait to be decided.
	waitsMax = 1 << 13
	// patience is how long a RST waits for what comes after it, in the time of the
	// capture.
	patience = 2 * time.Second
	// looked is how many waiting RSTs of one connection a packet is compared with.
	looked = 4
)

// Options of an Engine.
type Options struct {
	// Connections is how many are remembered; 0: 131 072.
	Connections int
	// Before is the number of the event before the first one.
	Before uint64
	// Give gets every verdict, in the order of the RSTs. It is valid until Give returns.
	Give func(*Verdict) error
}

// Engine decides about the RSTs of one capture. Use New. It is for one goroutine.
type Engine struct {
	give  func(*Verdict) error
	flows flows
	queue queue
	now   int64
	ids   uint64
	early uint64
}

// New returns an engine that has seen nothing.
func New(o Options) *Engine {
	if o.Connections <= 0 {
		o.Connections = connectionsMax
	}
	return &Engine{give: o.Give, ids: o.Before, flows: newFlows(o.Connections), now: -1 << 62}
}

// Account is what the engine had to leave out.
type Account struct {
	Forgotten uint64 // connections, as there were more than are remembered
	Early     uint64 // RSTs that were decided before two seconds had passed, as too many waited
}

// Account returns what was left out so far.
func (e *Engine) Account() Account { return Account{e.flows.evicted, e.early} }

// Packet takes the next segment of the capture.
func (e *Engine) Packet(p *Packet) error {
	if p.Time > e.now {
		e.now = p.Time
		if err := e.decideUntil(p.Time - int64(patience)); err != nil {
			return err
		}
	}
	at, sender := e.flows.find(p)
	f := e.flows.at(at)
	if p.Flags.Has(event.RST) {
		return e.reset(p, at, sender)
	}
	s, t := &f.sides[sender], &f.sides[1-sender]
	if p.Flags.Has(event.SYN) && begins(p, s, t) {
		f.inside = s.packets > 0 && !s.fin && t.packets > 0
		f.sides, f.waiting = [2]side{}, -1
		f.life++
	}
	if f.waiting >= 0 {
		e.compare(p, at, sender)
	}
	s.take(p, t)
	return nil
}

// begins reports whether a SYN is of a new connection, and not one more of this one.
func begins(p *Packet, s, t *side) bool {
	switch {
	case s.packets == 0 && t.packets == 0: // there may be RSTs of an older one
		return true
	case (s.syn || s.synAck) && s.isn == p.Seq: // sent again
		return false
	case !p.Flags.Has(event.ACK):
		return s.packets > 0 || t.packets > 1 || t.data > 0
	default: // the SYN-ACK of a connection whose SYN was not captured
		return s.packets > 0 && (s.fin || s.first != nil || t.first != nil)
	}
}

// reset takes a RST: it waits until it is decided.
func (e *Engine) reset(p *Packet, at int32, sender int) error {
	if e.queue.len() == waitsMax {
		e.early++
		if err := e.decide(); err != nil {
			return err
		}
	}
	f := e.flows.at(at)
	s, t := &f.sides[sender], &f.sides[1-sender]
	var fulfils uint64
	if f.waiting >= 0 {
		fulfils = e.compareRST(p, at, sender)
	}
	v := e.queue.push()
	e.ids++
	*v = sight{rst: rst{Packet: *p}, s: *s, t: *t, flow: at, life: f.life, sender: sender, id: e.ids, fulfils: fulfils, inside: f.inside, before: -1}
	v.keep(p)
	v.before, f.waiting = f.waiting, e.queue.tail-1
	if s.first == nil {
		s.first = &mark{number: p.Number, event: v.id, at: p.Time, seq: p.Seq, ack: p.Ack, flags: p.Flags, id: p.ID, ifname: p.Ifname}
	}
	s.rsts++
	return nil
}

// keep copies what belongs to the reader.
func (v *sight) keep(p *Packet) {
	payload := p.Payload()
	v.nPayload = uint8(copy(v.payload[:], payload))
	v.nWhole = uint16(copy(v.whole[:], p.Whole))
	v.sum = p.checksum()
	v.Segment, v.Whole = nil, nil
}

// decideUntil decides the RSTs that came at that time or earlier.
func (e *Engine) decideUntil(t int64) error {
	for e.queue.len() > 0 && e.queue.oldest().Time <= t {
		if err := e.decide(); err != nil {
			return err
		}
	}
	return nil
}

// End decides all that still wait: nothing comes after them.
func (e *Engine) End() error {
	for e.queue.len() > 0 {
		if err := e.decide(); err != nil {
			return err
		}
	}
	return nil
}

// decide gives the verdict of the oldest RST that waits.
func (e *Engine) decide() error {
	v := e.queue.oldest()
	verdict := verdictOf(v)
	if verdict.Kind == Injected || verdict.Kind == OtherDevice || verdict.Kind == Challenged {
		e.disown(v)
	}
	e.queue.pop()
	return e.give(&verdict)
}

// disown forgets that a RST was the first of its end: not that end sent it, or it had no
// effect.
func (e *Engine) disown(v *sight) {
	f := e.flows.at(v.flow)
	if s := &f.sides[v.sender]; f.life == v.life && s.first != nil && s.first.number == v.Number {
		s.first = nil
	}
}
