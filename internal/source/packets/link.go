package packets

import "encoding/binary"

// Link types of capture files that have IP packets
// (www.ietf.org/archive/id/draft-ietf-opsawg-pcaplinktype).
const (
	linkNull     = 0
	linkEthernet = 1
	linkRawBSD   = 12 // as some systems write LINKTYPE_RAW
	linkRawOBSD  = 14
	linkPPP      = 9
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// knownLinks are the link types that this package reads.
var knownLinks = map[uint32]bool{
	linkNull: true, linkEthernet: true, linkRawBSD: true, linkRawOBSD: true, linkPPP: true, linkRaw: true,
	linkLoop: true, linkSLL: true, linkIPv4: true, linkIPv6: true, linkSLL2: true,
}

// Types of Ethernet frames.
const (
	typeIPv4     = 0x0800
	typeIPv6     = 0x86dd
	typeVLAN     = 0x8100
	typeQinQ     = 0x88a8
	typeOldQinQ  = 0x9100
	typePPPoE    = 0x8864
	typeMPLS     = 0x8847
	typeBridged  = 0x6558 // an Ethernet frame in GRE or GENEVE
	leastType    = 0x0600 // below it is a length: 802.3
	pppIPv4      = 0x0021
	pppIPv6      = 0x0057
	ethernetSize = 14
)

// link reads the header of the link layer.
func (d *decoder) link(linkType uint32, data []byte) outcome {
	switch linkType {
	case linkEthernet:
		return d.ethernet(data)
	case linkRaw, linkRawBSD, linkRawOBSD, linkIPv4, linkIPv6:
		return d.ip(data)
	case linkNull, linkLoop:
		return d.loopback(data)
	case linkPPP:
		if len(data) >= 2 && data[0] == 0xff && data[1] == 0x03 { // address and control
			data = data[2:]
		}
		return d.ppp(data)
	case linkSLL:
		if len(data) < 16 {
			return cutOff
		}
		return d.network(binary.BigEndian.Uint16(data[14:]), data[16:])
	case linkSLL2:
		if len(data) < 20 {
			return cutOff
		}
		return d.network(binary.BigEndian.Uint16(data), data[20:])
	}
	return otherProtocol
}

func (d *decoder) ethernet(data []byte) outcome {
	if len(data) < ethernetSize {
		return cutOff
	}
	return d.network(binary.BigEndian.Uint16(data[12:]), data[ethernetSize:])
}

// network follows a type of Ethernet to the IP header.
func (d *decoder) network(etherType uint16, data []byte) outcome {
	for range depthMax {
		switch etherType {
		case typeIPv4, typeIPv6:
			return d.ip(data)
		case typeVLAN, typeQinQ, typeOldQinQ:
			if len(data) < 4 {
				return cutOff
			}
			etherType, data = binary.BigEndian.Uint16(data[2:]), data[4:]
		case typePPPoE:
			if len(data) < 6 {
				return cutOff
			}
			return d.ppp(data[6:])
		case typeMPLS:
			return d.mpls(data)
		case typeBridged:
			return d.ethernet(data)
		default:
			const snap = "\xaa\xaa\x03\x00\x00\x00"
			if etherType >= leastType || len(data) < 8 || string(data[:6]) != snap {
				return otherProtocol
			}
			etherType, data = binary.BigEndian.Uint16(data[6:]), data[8:]
		}
	}
	return otherProtocol
}

// loopback reads the address family of BSD's loopback. IPv6 has another number on each
// system, and the byte order is that of the machine that captured.
func (d *decoder) loopback(data []byte) outcome {
	if len(data) < 4 {
		return cutOff
	}
	family := binary.LittleEndian.Uint32(data)
	if family > 0xffff {
		family = binary.BigEndian.Uint32(data)
	}
	switch family {
	case 2, 10, 23, 24, 28, 30:
		return d.ip(data[4:])
	}
	return otherProtocol
}

func (d *decoder) ppp(data []byte) outcome {
	if len(data) < 2 {
		return cutOff
	}
	switch binary.BigEndian.Uint16(data) {
	case pppIPv4, pppIPv6:
		return d.ip(data[2:])
	}
	return otherProtocol
}

// mpls passes the labels. What follows says itself whether it is IP.
func (d *decoder) mpls(data []byte) outcome {
	for len(data) >= 4 {
		bottom := data[2]&1 != 0
		data = data[4:]
		if bottom {
			return d.ip(data)
		}
	}
	return cutOff
}
