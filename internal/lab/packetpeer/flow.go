package packetpeer

import (
	"net/netip"

	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	initialSeq    = 1000
	defaultWindow = 65000
	// firstTimestamp only has to be something; it grows with each segment.
	firstTimestamp = 100000
)

// flowKey is a connection as seen from the peer: its own end and the other one.
type flowKey struct{ local, remote netip.AddrPort }

// Flow is one connection of the peer.
type Flow struct {
	Local, Remote event.Endpoint // Local is the peer's own end
	Seq           uint32         // of the next segment to send
	Ack           uint32         // next byte expected from the other end
	Window        uint16
	Timestamps    *Timestamps // for the next segment; nil if not negotiated
	SYN           Segment     // that opened it, if the other end did

	peer *Peer
	key  flowKey
}

// Flow returns a flow that nothing was sent on.
func (p *Peer) Flow(port uint16, remote netip.AddrPort) *Flow {
	return p.newFlow(flowKey{netip.AddrPortFrom(p.addr, port), remote})
}

func (p *Peer) newFlow(key flowKey) *Flow {
	return &Flow{
		Local:  event.Endpoint{Addr: key.local.Addr(), Port: key.local.Port()},
		Remote: event.Endpoint{Addr: key.remote.Addr(), Port: key.remote.Port()},
		Seq:    initialSeq, Window: defaultWindow, peer: p, key: key,
	}
}

// Listen waits for a SYN to the port. Nothing is answered yet.
func (p *Peer) Listen(port uint16) (*Flow, error) {
	for {
		key, s, err := p.next()
		if err != nil {
			return nil, err
		}
		if key.local.Port() == port && s.Flags.Has(event.SYN) && !s.Flags.Has(event.ACK) {
			f := p.newFlow(key)
			f.SYN, f.Ack = s, s.Seq+1
			return f, nil
		}
		p.keep(key, s)
	}
}

// Accept waits for a connection to the port and completes its handshake without
// any TCP option. Where one is wanted, use Listen and Establish.
func (p *Peer) Accept(port uint16) (*Flow, error) {
	f, err := p.Listen(port)
	if err != nil {
		return nil, err
	}
	return f, f.Establish()
}

// Establish answers the SYN, again if it is repeated, and waits for the handshake
// to end.
func (f *Flow) Establish() error {
	synAck := f.next(event.SYN|event.ACK, nil)
	for {
		if err := f.SendSegment(synAck); err != nil {
			return err
		}
		answer, err := f.Await(0)
		if err != nil || !answer.Flags.Has(event.SYN) {
			return err
		}
	}
}

// Dial opens a connection from the given port of the peer, without any TCP
// option.
func (p *Peer) Dial(port uint16, remote netip.AddrPort) (*Flow, error) {
	f := p.Flow(port, remote)
	return f, f.Dial()
}

// Dial opens the connection with the flow's timestamps, if it has any, and the
// given further options.
func (f *Flow) Dial(options ...layers.TCPOption) error {
	if err := f.Begin(options...); err != nil {
		return err
	}
	return f.Send(event.ACK, nil)
}

// Begin sends a SYN and waits for the answer: the handshake is half done.
func (f *Flow) Begin(options ...layers.TCPOption) error {
	syn := f.next(event.SYN, nil)
	syn.Options = options
	if err := f.SendSegment(syn); err != nil {
		return err
	}
	_, err := f.Await(event.SYN | event.ACK)
	return err
}

// Send sends a segment that continues the flow as it stands.
func (f *Flow) Send(flags event.TCPFlags, payload []byte) error {
	return f.SendSegment(f.next(flags, payload))
}

// next makes the segment that continues the flow, and moves the flow on.
func (f *Flow) next(flags event.TCPFlags, payload []byte) Segment {
	if f.Timestamps != nil {
		f.Timestamps.Value++
	}
	s := Segment{Flags: flags, Seq: f.Seq, Ack: f.Ack, Window: f.Window, Timestamps: f.Timestamps, Payload: payload}
	f.Seq += s.length()
	return s
}

// SendSegment sends a segment as it is and changes nothing in the flow. It comes
// from Local and goes to Remote, which may have been changed to addresses that
// are neither the peer's nor the kernel's. The kernel has handled it on return.
func (f *Flow) SendSegment(s Segment) error {
	return f.peer.send(f.Local.AddrPort(), f.Remote.AddrPort(), s)
}

// Await returns the next segment of the flow that has all the flags, and takes
// it, and what came before it, as received: Ack and Timestamps follow.
func (f *Flow) Await(flags event.TCPFlags) (Segment, error) {
	for queue := f.peer.waiting[f.key]; len(queue) > 0; queue = f.peer.waiting[f.key] {
		s := queue[0]
		f.peer.waiting[f.key] = queue[1:]
		f.follow(s)
		if s.Flags.Has(flags) {
			return s, nil
		}
	}
	for {
		key, s, err := f.peer.next()
		if err != nil {
			return s, err
		}
		if key != f.key {
			f.peer.keep(key, s)
			continue
		}
		f.follow(s)
		if s.Flags.Has(flags) {
			return s, nil
		}
	}
}

// NegotiateTimestamps makes the segments from now on carry the option, if the
// SYN that Listen got has offered it, and says whether it did.
func (f *Flow) NegotiateTimestamps() bool {
	if f.SYN.Timestamps == nil {
		return false
	}
	f.Timestamps = &Timestamps{Value: firstTimestamp, Echo: f.SYN.Timestamps.Value}
	return true
}

func (f *Flow) follow(s Segment) {
	if s.Flags.Has(event.SYN) {
		f.Ack = s.Seq
	}
	if s.Seq == f.Ack {
		f.Ack += s.length()
	}
	if f.Timestamps != nil && s.Timestamps != nil {
		f.Timestamps.Echo = s.Timestamps.Value
	}
}
