package pcapng

import (
	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// missing is what is not known of a packet that is rebuilt. The list is in the order in
// which it is said.
type missing uint16

const (
	noAddress missing = 1 << iota
	noFlags
	noNumbers
	noIdentification
	noFlowLabel
	noWindow
	noTTL
	noTimestamps
	noPayload
	noOptions
)

var missingTexts = []string{
	"an address (0 here)", "its other flags", "sequence and acknowledgment number (0 here)", "the IP identification (0 here)", "the flow label (0 here)", "the window (0 here)",
	"the TTL (64 here, the usual one)", "the values of its timestamps (left out)", "its payload and so its checksum (0 here)", "its options (left out)",
}

// why is the reason for which a packet was rebuilt.
const (
	whySent = "the kernel builds the RST after the hook. Options for MD5, TCP-AO and MPTCP are left out"
	whySeen = "the hook did not get the packet, or the bytes were not kept"
	// whyCapture is that for a packet of a capture of others.
	whyCapture = "the bytes of the capture were not kept"
)

// appendRebuilt appends the comment of a packet that was rebuilt.
func appendRebuilt(text []byte, why string, not missing) []byte {
	text = append(append(append(text, pcapng.Rebuilt...), ": "...), why...)
	text = append(text, '.')
	between := " Not known: "
	for bit, what := range missingTexts {
		if not&(1<<bit) != 0 {
			text = append(append(text, between...), what...)
			between = ", "
		}
	}
	if not != 0 {
		text = append(text, '.')
	}
	return text
}

// sentRST is the RST of an event as the kernel builds it.
func sentRST(e *event.Event) (p packet, not missing) {
	p = between(e, e.Local, e.Peer)
	p.flags, p.seq, p.ack, p.ttl = e.RST.Flags, e.RST.Seq, e.RST.Ack, defaultTTL
	if e.RST.Flags == 0 {
		p.flags, not = event.RST, noFlags|noNumbers
	}
	if e.RST.Window != nil {
		p.window = *e.RST.Window
	} else {
		not |= noWindow
	}
	not |= noTTL
	active := aborts(e)
	socket := &e.Frames.SentRST
	switch {
	case active && socket.Known:
		p.tos, p.stamped, p.tsVal, p.tsEcr = socket.TOS, socket.Timestamps, socket.TSVal, socket.TSEcr
		if socket.TTL > 0 {
			p.ttl = socket.TTL
			not &^= noTTL
		}
	case active && e.Evidence.Has(event.FactTSNegotiated):
		not |= noTimestamps
	case !active && !p.ipv6:
		p.tos = tosOf(e.Frames.Trigger.Data) // the kernel takes it over
	}
	if p.ipv6 {
		not |= noFlowLabel
	} else if active {
		not |= noIdentification // of an answer it is 0
	}
	return p, not | noAddresses(e)
}

// aborts reports whether a socket sends the RST, not an answer to a packet. Recordings
// without evidence show it by the window, which of an answer is known to be 0.
func aborts(e *event.Event) bool {
	if e.Evidence.Hook != 0 {
		return e.Evidence.Hook == event.HookSendActive
	}
	return e.RST.Window == nil
}

// tosOf is the type of service of an IPv4 packet.
func tosOf(data []byte) uint8 {
	if len(data) < ipv4Header || data[0]>>4 != 4 {
		return 0
	}
	return data[1]
}

// seenSegment is a packet that came, from what an event says of it. The flags are those
// that are known for certain if the event says nothing.
func seenSegment(e *event.Event, s *event.Segment, from, to event.Endpoint, certain event.TCPFlags) (p packet, not missing) {
	p = between(e, from, to)
	p.flags, p.seq, p.ack, p.ttl, p.payload = s.Flags, s.Seq, s.Ack, s.TTL, s.Len
	not = noOptions
	if s.Flags == 0 && s.Window == nil {
		p.flags = certain
		not |= noFlags | noNumbers
	}
	if s.Window != nil {
		p.window = *s.Window
	} else {
		not |= noWindow
	}
	if s.TTL == 0 {
		p.ttl = defaultTTL
		not |= noTTL
	}
	if s.Len > 0 {
		not |= noPayload
	}
	if p.ipv6 {
		not |= noFlowLabel
	} else {
		not |= noIdentification
	}
	return p, not | noAddresses(e)
}

// between is a packet from one end of an event to the other one.
func between(e *event.Event, from, to event.Endpoint) packet {
	return packet{src: from, dst: to, ipv6: e.Family == event.IPv6}
}

func noAddresses(e *event.Event) missing {
	if !e.Local.Addr.IsValid() || !e.Peer.Addr.IsValid() {
		return noAddress
	}
	return 0
}
