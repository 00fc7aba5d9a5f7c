package fleet

import (
	"container/heap"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// reset has one RST sent, or something that looks like one.
func (w *world) reset(at time.Duration) error {
	h := w.hop()
	w.rsts++
	w.place(h)
	if err := w.send(h, at); err != nil {
		return err
	}
	// A peer that sends on gets several RSTs: with the same addresses, often the same numbers.
	for w.rng.IntN(50) == 0 && !h.forged {
		w.rsts++
		again := *h
		again.lost = w.rng.IntN(4) == 0
		if w.rng.IntN(2) == 0 {
			again.seq += uint32(w.rng.IntN(3000))
		}
		if err := w.send(&again, at+time.Millisecond); err != nil {
			return err
		}
	}
	if w.rng.IntN(40) == 0 {
		return w.chain(h, at)
	}
	return nil
}

// hop draws a RST: who sends it to whom, and with which numbers.
func (w *world) hop() *hop {
	r := w.rng
	h := &hop{
		from: w.anyMachine(), to: w.anyMachine(), kind: r.IntN(len(sentCauses)), seq: r.Uint32(), ack: r.Uint32(), flags: event.RST | event.ACK,
		client: r.IntN(3) == 0, port: programs[r.IntN(len(programs))].port, pid: r.Uint32() >> 1,
	}
	if h.kind == 3 || h.kind == 4 { // replies to a segment with ACK have none
		h.flags, h.ack = event.RST, 0
	}
	if h.kind == 2 { // to a SYN
		h.seq, h.client = 0, false
	}
	for h.to == h.from {
		h.to = w.anyMachine()
	}
	h.lost = r.IntN(100) == 0
	return h
}

func (w *world) anyMachine() *machine { return w.machines[w.rng.IntN(len(w.machines))] }

// outside is an address of no traced host.
func (w *world) outside() netip.Addr {
	n := w.rng.Uint32()
	return netip.AddrFrom4([4]byte{198, 51, 100, byte(n)})
}

// place gives a RST its addresses. On some ways they are translated, and some ends are not
// traced.
func (w *world) place(h *hop) {
	r := w.rng
	random := uint16(32768 + r.IntN(28000))
	from, to := netip.AddrPortFrom(h.from.addr, h.port), netip.AddrPortFrom(h.to.addr, random)
	if h.client {
		from, to = netip.AddrPortFrom(h.from.addr, random), netip.AddrPortFrom(h.to.addr, h.port)
	}
	h.sentFrom, h.sentTo, h.seenFrom, h.seenTo = from, to, from, to
	other := uint16(1024 + r.IntN(60000))
	switch n := r.IntN(100); {
	case n < 6: // a device translates the address of the sender
		h.seenFrom = netip.AddrPortFrom(w.outside(), other)
	case n < 9: // a traced host does
		h.seenFrom = netip.AddrPortFrom(w.router(h), other)
	case n < 12: // that of the receiver: a balancer
		h.sentTo = netip.AddrPortFrom(w.outside(), h.port)
	case n < 14: // both
		h.seenFrom, h.sentTo = netip.AddrPortFrom(w.outside(), other), netip.AddrPortFrom(w.outside(), h.port)
	case n < 17: // the sender runs in a container, and its host translates
		h.sentFrom = netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 17, 0, byte(2 + r.IntN(5))}), from.Port())
	case n < 22: // the sender is not traced
		h.from = nil
		h.sentFrom = netip.AddrPortFrom(w.outside(), from.Port())
		h.seenFrom = h.sentFrom
	case n < 24: // nor is this one, which is behind a traced host
		h.from = nil
		h.seenFrom = netip.AddrPortFrom(w.router(h), other)
	case n < 29: // the receiver is not traced
		h.to = nil
		h.seenTo = netip.AddrPortFrom(w.outside(), to.Port())
		h.sentTo = h.seenTo
	case n < 32: // somebody between forges it, in the name of the sender
		h.forged = true
	}
}

// router is the address of a traced host that passes packets of others on. In a small fleet
// there may be none: then it is that of a device.
func (w *world) router(h *hop) netip.Addr {
	const tries = 64
	for range tries {
		if m := w.anyMachine(); m.forwards && m != h.from && m != h.to {
			return m.addr
		}
	}
	return w.outside()
}

// send has the sender's event at once, and that of the receiver a little later.
func (w *world) send(h *hop, at time.Duration) error {
	if h.from != nil && !h.forged {
		if err := w.show(h.from, at, w.event(h, true)); err != nil {
			return err
		}
	}
	if h.to == nil || h.lost {
		return nil
	}
	e := w.event(h, false)
	if h.forged && w.rng.IntN(3) == 0 {
		e.RST.Seq += 100
	}
	if w.rng.IntN(20) == 0 {
		e.Dir, e.Cause, e.App = event.Ignored, "rst-challenged", event.App{}
	}
	took := 100*time.Microsecond + time.Duration(w.rng.ExpFloat64()*float64(5*time.Millisecond))
	heap.Push(w, scheduled{at + min(took, time.Second/2), h.to, e})
	return nil
}

// chain has a proxy pass on what it got: it gives up its client a moment later.
func (w *world) chain(h *hop, at time.Duration) error {
	if h.to == nil || h.lost || h.forged {
		return nil
	}
	w.rsts++
	next := w.hop()
	next.from, next.kind, next.client, next.port, next.pid = h.to, 0, false, 443, h.pid
	for next.to == next.from {
		next.to = w.anyMachine()
	}
	next.flags = event.RST | event.ACK
	next.seq |= 1
	next.sentFrom = netip.AddrPortFrom(next.from.addr, 443)
	next.sentTo = netip.AddrPortFrom(next.to.addr, uint16(32768+w.rng.IntN(28000)))
	next.seenFrom, next.seenTo = next.sentFrom, next.sentTo
	e := w.event(next, true)
	heap.Push(w, scheduled{at + 700*time.Millisecond, next.from, e})
	if !next.lost {
		heap.Push(w, scheduled{at + 705*time.Millisecond, next.to, w.event(next, false)})
	}
	return nil
}

// The methods of a heap of what is scheduled.

func (w *world) Len() int           { return len(w.pending) }
func (w *world) Less(i, j int) bool { return w.pending[i].at < w.pending[j].at }
func (w *world) Swap(i, j int)      { w.pending[i], w.pending[j] = w.pending[j], w.pending[i] }
func (w *world) Push(x any)         { w.pending = append(w.pending, x.(scheduled)) }

func (w *world) Pop() any {
	last := len(w.pending) - 1
	x := w.pending[last]
	w.pending = w.pending[:last]
	return x
}

func (w *world) pop() scheduled { return heap.Pop(w).(scheduled) }
