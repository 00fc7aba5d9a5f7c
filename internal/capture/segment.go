package capture

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Segment is a RST as it was on the wire.
type Segment struct {
	Time       time.Time
	Outgoing   bool // left this namespace, or passed its loopback device
	Src, Dst   event.Endpoint
	Flags      event.TCPFlags
	Seq, Ack   uint32
	Window     uint16 // unscaled
	TTL        uint8  // hop limit for IPv6
	Timestamps bool   // the TCP timestamps option is there
	Payload    []byte
}

// String is one line for people: "10.0.0.1:80 > 10.0.0.2:4000 [R.] seq 1 ack 2 win 3".
func (s Segment) String() string {
	return fmt.Sprintf("%s > %s %s seq %d ack %d win %d", s.Src, s.Dst, s.Flags, s.Seq, s.Ack, s.Window)
}

// decode reads a packet that starts at its IP header.
func decode(packet []byte) (Segment, error) {
	if len(packet) == 0 {
		return Segment{}, fmt.Errorf("empty packet")
	}
	first := layers.LayerTypeIPv4
	if packet[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	decoded := gopacket.NewPacket(packet, first, gopacket.Default)
	tcp, ok := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		return Segment{}, fmt.Errorf("not a TCP segment: % x", packet)
	}
	s := Segment{
		Flags: flags(tcp), Seq: tcp.Seq, Ack: tcp.Ack, Window: tcp.Window, Payload: tcp.Payload,
	}
	switch ip := decoded.NetworkLayer().(type) {
	case *layers.IPv4:
		s.TTL = ip.TTL
	case *layers.IPv6:
		s.TTL = ip.HopLimit
	}
	ends := decoded.NetworkLayer().NetworkFlow()
	s.Src = endpoint(ends.Src().Raw(), uint16(tcp.SrcPort))
	s.Dst = endpoint(ends.Dst().Raw(), uint16(tcp.DstPort))
	for _, option := range tcp.Options {
		if option.OptionType == layers.TCPOptionKindTimestamps {
			s.Timestamps = true
		}
	}
	return s, nil
}

func endpoint(raw []byte, port uint16) event.Endpoint {
	addr, _ := netip.AddrFromSlice(raw)
	return event.Endpoint{Addr: addr, Port: port}
}

func flags(tcp *layers.TCP) event.TCPFlags {
	var flags event.TCPFlags
	for bit, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if set {
			flags |= 1 << bit
		}
	}
	return flags
}
