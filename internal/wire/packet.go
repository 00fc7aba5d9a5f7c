package wire

import (
	"encoding/binary"
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Addr is an IP address as 128 bits. IPv4 is mapped: ::ffff:192.0.2.1.
type Addr struct{ Hi, Lo uint64 }

const mapped = 0xffff << 32

// Addr4 is the address of four bytes.
func Addr4(b []byte) Addr {
	return Addr{Lo: mapped | uint64(binary.BigEndian.Uint32(b))}
}

// Addr16 is the address of sixteen bytes.
func Addr16(b []byte) Addr {
	return Addr{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// Netip is the address as package netip has it, IPv4 unmapped.
func (a Addr) Netip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// Packet is one TCP segment as a capture shows it. It refers to memory of the reader,
// so it is valid until the next packet.
type Packet struct {
	Number uint64 // of the frame in its file, from 1, as Wireshark counts
	Time   int64  // nanoseconds since 1970

	Src, Dst         Addr
	SrcPort, DstPort uint16
	IPv6             bool

	Flags    event.TCPFlags
	Seq, Ack uint32
	Window   uint16
	Len      uint32 // bytes of payload that were sent, captured or not
	TTL      uint8  // or hop limit
	ID       uint16 // of IPv4; 0: none
	DF       bool   // do not fragment, of IPv4

	Options  TCPOptions
	Fragment bool // the first of several: Len counts this one only
	// Segment is what was captured, from the TCP header on. Sent is how long it was.
	Segment []byte
	Sent    uint32
	// Whole is what was captured, from the IP header on, WholeLen how long it was.
	Whole    []byte
	WholeLen uint32
	Ifname   string // "" if the file does not say it
}

// TCPOptions are those that say something about a RST.
type TCPOptions struct {
	Bytes      uint8 // of the option field
	Cut        bool  // the capture does not have all of them
	Timestamps bool
	TSval      uint32
	Scaled     bool  // the window is scaled, in a SYN
	Scale      uint8 // by so many bits
	Signed     bool  // MD5 or TCP-AO
	FastClose  bool  // MP_FASTCLOSE
	Join       bool  // MP_JOIN
	MPTCPReset bool  // MP_TCPRST
	Reason     uint8 // of MP_TCPRST
}

// Payload is the captured part of the payload.
func (p *Packet) Payload() []byte {
	if len(p.Segment) < minTCPHeader {
		return nil
	}
	header := int(p.Segment[12]>>4) * 4
	if header < minTCPHeader || header > len(p.Segment) {
		return nil
	}
	return p.Segment[header:min(len(p.Segment), header+int(p.Len))]
}

const minTCPHeader = 20

// end is the sequence number behind the packet: SYN and FIN count as one.
func (p *Packet) end() uint32 {
	n := p.Len
	if p.Flags.Has(event.SYN) {
		n++
	}
	if p.Flags.Has(event.FIN) {
		n++
	}
	return p.Seq + n
}

// checksum is what the checksum of a packet says.
type checksum uint8

const (
	checksumUnknown checksum = iota // not all was captured
	checksumGood
	checksumBad
	// checksumPartial is the sum of the pseudo header alone: the network device still
	// has to add the rest, so the capture was made at the sender.
	checksumPartial
)

// checksum verifies what was captured.
func (p *Packet) checksum() checksum {
	if p.Fragment || uint32(len(p.Segment)) < p.Sent || p.Sent < minTCPHeader {
		return checksumUnknown
	}
	pseudo := p.pseudoSum()
	sum := pseudo
	segment := p.Segment[:p.Sent]
	for len(segment) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(segment))
		segment = segment[2:]
	}
	if len(segment) == 1 {
		sum += uint64(segment[0]) << 8
	}
	switch {
	case fold(sum) == 0xffff:
		return checksumGood
	case binary.BigEndian.Uint16(p.Segment[16:]) == fold(pseudo):
		return checksumPartial
	}
	return checksumBad
}

// pseudoSum sums addresses, protocol and length.
func (p *Packet) pseudoSum() uint64 {
	const tcp = 6
	sum := uint64(tcp) + uint64(p.Sent)>>16 + uint64(p.Sent)&0xffff
	words := func(v uint64) {
		for ; v > 0; v >>= 16 {
			sum += v & 0xffff
		}
	}
	for _, a := range [...]Addr{p.Src, p.Dst} {
		if p.IPv6 {
			words(a.Hi)
			words(a.Lo)
		} else {
			words(a.Lo & 0xffffffff)
		}
	}
	return sum
}

func fold(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
