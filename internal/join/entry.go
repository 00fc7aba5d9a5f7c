package join

import (
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// way is the addresses of a RST, from its sender to its receiver. Both ends have the same
// one, unless addresses were translated in between.
type way struct{ from, to netip.AddrPort }

// numbers are those of a RST. Translation of addresses leaves them as they are.
type numbers struct {
	seq, ack uint32
	hasACK   bool
}

// entry is an item that waits: an event, or something else that must not overtake it.
type entry struct {
	other func(to event.Sink) error // nil: it is an event

	event   event.Event
	host    *host
	way     way
	numbers numbers
	counted bool // numbers are known
	sent    bool // by this end, or in its name
	open    bool // its other end may be on another host

	partner   *entry
	likely    bool      // the partner was found by numbers
	ambiguous string    // why none of several was chosen
	retry     time.Time // when it is looked at again
	released  bool
}

func (e *entry) at() time.Time { return e.event.Time }

// read finds out what the other end of an event must look like.
func (e *entry) read() {
	v := &e.event
	e.sent = v.Dir == event.Sent
	e.way = way{v.Local.AddrPort(), v.Peer.AddrPort()}
	if !e.sent {
		e.way.from, e.way.to = e.way.to, e.way.from
	}
	e.numbers, e.counted = numbersOf(&v.RST)
	e.open = v.Dir != event.Observed && v.PeerEvent == 0 && v.PeerSent.Verdict == "" && e.way.travels()
}

// travels reports whether such a packet can go from one host to another.
func (w way) travels() bool {
	from, to := w.from.Addr(), w.to.Addr()
	return from.IsValid() && to.IsValid() && from != to && !from.IsLoopback() && !to.IsLoopback()
}

// numbersOf says also whether they are worth something: a RST that answers a SYN has a
// sequence number of 0, and then the other one counts.
func numbersOf(s *event.Segment) (numbers, bool) {
	if !s.Flags.Has(event.RST) {
		return numbers{}, false
	}
	n := numbers{seq: s.Seq, hasACK: s.Flags.Has(event.ACK)}
	if n.hasACK {
		n.ack = s.Ack
	}
	return n, n.seq != 0 || n.ack != 0
}

// agrees reports whether two ends may have seen one RST, by its numbers: those that both
// know are the same.
func (e *entry) agrees(o *entry) bool { return !e.counted || !o.counted || e.numbers == o.numbers }

// keepsEnd reports whether exactly one of two addresses is the same at both ends, with its port.
func (e *entry) keepsEnd(o *entry) bool { return (e.way.from == o.way.from) != (e.way.to == o.way.to) }
