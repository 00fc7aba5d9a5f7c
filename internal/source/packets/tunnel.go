package packets

import "encoding/binary"

// UDP ports of tunnels.
const (
	portVXLAN      = 4789
	portVXLANLinux = 8472 // what Linux took before the number was assigned
	portGENEVE     = 6081
)

// udp looks into VXLAN (RFC 7348) and GENEVE (RFC 8926).
func (d *decoder) udp(data []byte) outcome {
	if len(data) < 16 { // UDP's header, and the one of either tunnel
		return otherProtocol
	}
	port, inner := binary.BigEndian.Uint16(data[2:]), data[8:]
	switch port {
	case portVXLAN, portVXLANLinux:
		const hasIdentifier = 0x08
		if inner[0]&hasIdentifier == 0 {
			return otherProtocol
		}
		return d.ethernet(inner[8:])
	case portGENEVE:
		header := 8 + int(inner[0]&0x3f)*4
		if inner[0]>>6 != 0 {
			return otherProtocol
		}
		if len(inner) < header {
			return cutOff
		}
		return d.network(binary.BigEndian.Uint16(inner[2:]), inner[header:])
	}
	return otherProtocol
}

// gre reads GRE of version 0 (RFC 2784, RFC 2890).
func (d *decoder) gre(data []byte) outcome {
	if len(data) < 4 {
		return cutOff
	}
	const (
		hasChecksum = 0x8000
		hasRouting  = 0x4000
		hasKey      = 0x2000
		hasSequence = 0x1000
		version     = 0x0007
	)
	flags := binary.BigEndian.Uint16(data)
	if flags&(version|hasRouting) != 0 {
		return otherProtocol
	}
	header := 4
	for _, bit := range [...]uint16{hasChecksum, hasKey, hasSequence} {
		if flags&bit != 0 {
			header += 4
		}
	}
	if len(data) < header {
		return cutOff
	}
	return d.network(binary.BigEndian.Uint16(data[2:]), data[header:])
}
