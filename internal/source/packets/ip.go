package packets

import (
	"encoding/binary"

	"github.com/rsttrace/rsttrace/internal/wire"
)

// Protocol numbers of IP.
const (
	protocolHopByHop    = 0
	protocolIPIP        = 4
	protocolTCP         = 6
	protocolUDP         = 17
	protocolIPv6        = 41
	protocolRouting     = 43
	protocolFragment    = 44
	protocolGRE         = 47
	protocolAH          = 51
	protocolDestination = 60
	protocolMobility    = 135
)

const (
	ipv4Header = 20
	ipv6Header = 40
	// extensionsMax bounds the headers of one IPv6 packet.
	extensionsMax = 16
)

// ip reads an IP header of either version.
func (d *decoder) ip(data []byte) outcome {
	if d.depth++; d.depth > depthMax {
		return otherProtocol
	}
	if len(data) == 0 {
		return cutOff
	}
	switch data[0] >> 4 {
	case 4:
		return d.ipv4(data)
	case 6:
		return d.ipv6(data)
	}
	return otherProtocol
}

func (d *decoder) ipv4(data []byte) outcome {
	if len(data) < ipv4Header {
		return cutOff
	}
	header := int(data[0]&0xf) * 4
	if header < ipv4Header {
		return malformed
	}
	total := int(binary.BigEndian.Uint16(data[2:]))
	if total == 0 { // a large segment that the network device was to cut: the frame says how long
		total = d.sent(data)
	}
	if total < header {
		return malformed
	}
	if len(data) < header {
		return cutOff
	}
	p := &d.packet
	p.IPv6 = false
	p.Src, p.Dst = wire.Addr4(data[12:]), wire.Addr4(data[16:])
	p.TTL, p.ID = data[8], binary.BigEndian.Uint16(data[4:])
	p.Whole, p.WholeLen = data[:min(len(data), total)], uint32(total)
	fragment := binary.BigEndian.Uint16(data[6:])
	p.DF = fragment&0x4000 != 0
	p.Fragment = fragment&0x2000 != 0
	if fragment&0x1fff != 0 {
		return d.laterFragment(data[9])
	}
	return d.transport(data[9], data[header:], total-header)
}

func (d *decoder) ipv6(data []byte) outcome {
	if len(data) < ipv6Header {
		return cutOff
	}
	p := &d.packet
	p.IPv6 = true
	p.Src, p.Dst = wire.Addr16(data[8:]), wire.Addr16(data[24:])
	p.TTL, p.ID, p.DF, p.Fragment = data[7], 0, false, false
	left := int(binary.BigEndian.Uint16(data[4:]))
	if left == 0 { // a jumbogram, or a large segment
		left = d.sent(data) - ipv6Header
	}
	whole := max(ipv6Header, ipv6Header+left)
	p.Whole, p.WholeLen = data[:min(len(data), whole)], uint32(whole)
	next := data[6]
	data = data[ipv6Header:]
	for range extensionsMax {
		var size int
		switch next {
		case protocolHopByHop, protocolRouting, protocolDestination, protocolMobility:
			if len(data) < 8 {
				return cutOff
			}
			size = (int(data[1]) + 1) * 8
		case protocolAH:
			if len(data) < 8 {
				return cutOff
			}
			size = (int(data[1]) + 2) * 4
		case protocolFragment:
			if len(data) < 8 {
				return cutOff
			}
			size = 8
			field := binary.BigEndian.Uint16(data[2:])
			p.Fragment = field&1 != 0
			if field>>3 != 0 {
				return d.laterFragment(data[0])
			}
		default:
			return d.transport(next, data, left)
		}
		if left < size {
			return malformed
		}
		if len(data) < size {
			return cutOff
		}
		next, data, left = data[0], data[size:], left-size
	}
	return malformed
}

// laterFragment: ports and flags were in the first one.
func (d *decoder) laterFragment(protocol byte) outcome {
	if protocol == protocolTCP {
		return fragment
	}
	return otherProtocol
}

// sent is how long data was on the wire: the frame was, and what was passed is less.
func (d *decoder) sent(data []byte) int { return d.frame - (d.captured - len(data)) }

// transport reads what follows the IP header, of which length bytes were sent.
func (d *decoder) transport(protocol byte, data []byte, length int) outcome {
	if len(data) > length { // padding of Ethernet
		data = data[:length]
	}
	switch protocol {
	case protocolTCP:
		return d.tcp(data, length)
	case protocolIPIP, protocolIPv6:
		return d.ip(data)
	case protocolGRE:
		return d.gre(data)
	case protocolUDP:
		return d.udp(data)
	}
	return otherProtocol
}
