package pcapng

import (
	"encoding/binary"
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20
	tcp        = 6 // the protocol number

	// defaultTTL is what Linux uses where neither socket nor route say another.
	defaultTTL = 64
)

// packet is a TCP segment that is built from its fields.
type packet struct {
	src, dst event.Endpoint
	ipv6     bool
	tos, ttl uint8
	flags    event.TCPFlags
	seq, ack uint32
	window   uint16
	stamped  bool // with the option for timestamps
	tsVal    uint32
	tsEcr    uint32
	payload  uint32 // bytes that follow, and are not known

}

// headers is how long the packet is without its payload.
func (p *packet) headers() int {
	length := ipv4Header + tcpHeader
	if p.ipv6 {
		length = ipv6Header + tcpHeader
	}
	if p.stamped {
		length += timestamps
	}
	return length
}

// length is how long the packet is.
func (p *packet) length() uint32 { return uint32(p.headers()) + p.payload }

// timestamps is how long the option is with the padding in front of it.
const timestamps = 12

// append appends the headers.
func (p *packet) append(buf []byte) []byte {
	start := len(buf)
	src, dst := address(p.src.Addr, p.ipv6), address(p.dst.Addr, p.ipv6)
	if p.ipv6 {
		buf = binary.BigEndian.AppendUint32(buf, 6<<28|uint32(p.tos)<<20)
		buf = binary.BigEndian.AppendUint16(buf, uint16(min(p.length()-ipv6Header, 0xffff)))
		buf = append(buf, tcp, p.ttl)
	} else {
		buf = append(buf, 0x45, p.tos)
		buf = binary.BigEndian.AppendUint16(buf, uint16(min(p.length(), 0xffff)))
		buf = append(buf, 0, 0, 0x40, 0, p.ttl, tcp, 0, 0) // identification 0, do not fragment
	}
	buf = append(append(buf, src...), dst...)
	if !p.ipv6 {
		binary.BigEndian.PutUint16(buf[start+10:], ^fold(sum(0, buf[start:])))
	}
	segment := len(buf)
	buf = p.appendTCP(buf)
	if p.payload == 0 {
		pseudo := sum(sum(0, src), dst) + tcp + uint32(len(buf)-segment)
		binary.BigEndian.PutUint16(buf[segment+16:], ^fold(sum(pseudo, buf[segment:])))
	}
	return buf
}

func (p *packet) appendTCP(buf []byte) []byte {
	words := tcpHeader / 4
	if p.stamped {
		words += timestamps / 4
	}
	buf = binary.BigEndian.AppendUint16(buf, p.src.Port)
	buf = binary.BigEndian.AppendUint16(buf, p.dst.Port)
	buf = binary.BigEndian.AppendUint32(buf, p.seq)
	buf = binary.BigEndian.AppendUint32(buf, p.ack)
	buf = append(buf, byte(words<<4), byte(p.flags))
	buf = binary.BigEndian.AppendUint16(buf, p.window)
	buf = append(buf, 0, 0, 0, 0) // checksum, urgent pointer
	if p.stamped {
		buf = append(buf, 1, 1, 8, 10) // two that do nothing, then the option
		buf = binary.BigEndian.AppendUint32(buf, p.tsVal)
		buf = binary.BigEndian.AppendUint32(buf, p.tsEcr)
	}
	return buf
}

// address is an address as bytes: zeros where it is not known.
func address(a netip.Addr, ipv6 bool) []byte {
	a = a.Unmap()
	switch {
	case ipv6 && a.Is6():
		b := a.As16()
		return b[:]
	case ipv6:
		return make([]byte, 16)
	case a.Is4():
		b := a.As4()
		return b[:]
	default:
		return make([]byte, 4)
	}
}

// sum adds bytes as words of 16 bits, and fold makes the checksum of the sum (RFC 1071).
func sum(so uint32, data []byte) uint32 {
	for ; len(data) > 1; data = data[2:] {
		so += uint32(data[0])<<8 | uint32(data[1])
	}
	if len(data) == 1 {
		so += uint32(data[0]) << 8
	}
	return so
}

func fold(so uint32) uint16 {
	for so > 0xffff {
		so = so>>16 + so&0xffff
	}
	return uint16(so)
}
