package event

import "slices"

// FrameMax is how many bytes of a packet a Frame has at most: the headers, and how the
// payload begins.
const FrameMax = 256

// Frames are the packets of an event, byte for byte, for sinks that write packets. They
// are there only if tracer.Options.Packets asks for them. They are in no JSON line.
type Frames struct {
	RST     Frame // of a received or ignored RST, if the hook got it; of every RST of a capture
	Trigger Frame // of a sent RST: the packet that provoked it
	// SentRST is what the headers of a sent RST say beyond Event.RST. The RST itself is
	// built after the hook, so there is no Frame of it.
	SentRST SentRST
}

// Frame is a packet as the hook found it, from its IP header on. The zero value means
// that the hook did not get the packet.
type Frame struct {
	// Data begins with the IP header: its first four bits are 4 or 6. It ends after
	// FrameMax bytes, or before a payload that the kernel keeps elsewhere. A checksum
	// may be unfinished, as on loopback.
	Data []byte
	// Length is that of the whole packet in bytes, from the IP header on. It may be larger
	// than the device's MTU: the kernel puts several packets together (GRO).
	Length  uint32
	Ifindex uint32 // of the device that the packet came by; 0: none, or not known
	Ifname  string // of that device, if it still has this number
	Netns   uint32 // inode number of the namespace that the device is in
}

// IsZero reports whether there is no packet.
func (f Frame) IsZero() bool { return f.Data == nil }

// SentRST is what a socket puts into the headers of the RST that it sends.
type SentRST struct {
	Known bool // a socket sends it; a RST in reply to a packet has no such facts
	// Timestamps: the RST has the TCP option with these two values. TSVal is that of the
	// moment of the hook. The RST leaves a few microseconds earlier or later, so its own
	// value may differ by one.
	Timestamps bool
	TSVal      uint32
	TSEcr      uint32
	// TTL is what the application has set (IP_TTL, IPV6_UNICAST_HOPS); 0: it is that of
	// the route.
	TTL uint8
	TOS uint8 // the traffic class for IPv6
}

func (f *Frame) clone() Frame {
	c := *f
	c.Data = slices.Clone(f.Data)
	return c
}

// own moves what f refers to into the memory of old.
func (f *Frame) own(old *Frame) { f.Data = copySlice(old.Data, f.Data) }
