package pcapng

import (
	"encoding/binary"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	ipv4Header = 20
	ipv6Header = 40
	tcpHeader  = 20

	// usualTTL stands also for one that is not known.
	usualTTL = 64
)

// sentRST is what a RST that was rebuilt shows beyond its event. One in which everything is
// usual shows nothing.
func sentRST(packet []byte) (s event.SentRST) {
	var ttl uint8
	switch {
	case len(packet) >= ipv4Header+tcpHeader && packet[0] == 0x45:
		s.TOS, ttl = packet[1], packet[8]
		packet = packet[ipv4Header:]
	case len(packet) >= ipv6Header+tcpHeader && packet[0]>>4 == 6:
		s.TOS, ttl = uint8(binary.BigEndian.Uint16(packet)>>4), packet[7]
		packet = packet[ipv6Header:]
	default:
		return event.SentRST{}
	}
	if ttl != usualTTL {
		s.TTL = ttl
	}
	if options := packet[tcpHeader:]; len(options) >= 12 && [4]byte(options) == [4]byte{1, 1, 8, 10} {
		s.Timestamps = true
		s.TSVal, s.TSEcr = binary.BigEndian.Uint32(options[4:]), binary.BigEndian.Uint32(options[8:])
	}
	s.Known = s != event.SentRST{}
	return s
}
