package packetpeer

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const defaultTTL = 64

// Segment is one TCP segment, every field free to choose.
type Segment struct {
	Flags      event.TCPFlags
	Seq, Ack   uint32
	Window     uint16
	Timestamps *Timestamps        // nil: option absent
	Options    []layers.TCPOption // beside timestamps
	Payload    []byte

	TTL         uint8 // hop limit for IPv6; 0 is the usual 64. Not set in what was received
	BadChecksum bool  // of the TCP header. Not set in what was received
}

// Timestamps is the option of RFC 7323.
type Timestamps struct{ Value, Echo uint32 }

// length is what the segment adds to the sequence number.
func (s Segment) length() uint32 {
	n := uint32(len(s.Payload))
	if s.Flags.Has(event.SYN) {
		n++
	}
	if s.Flags.Has(event.FIN) {
		n++
	}
	return n
}

func (s Segment) serialize(from, to netip.AddrPort) ([]byte, error) {
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()),
		Seq: s.Seq, Ack: s.Ack, Window: s.Window, Options: s.options(),
		FIN: s.Flags.Has(event.FIN), SYN: s.Flags.Has(event.SYN), RST: s.Flags.Has(event.RST),
		PSH: s.Flags.Has(event.PSH), ACK: s.Flags.Has(event.ACK), URG: s.Flags.Has(event.URG),
		ECE: s.Flags.Has(event.ECE), CWR: s.Flags.Has(event.CWR),
	}
	network := s.networkLayer(from.Addr(), to.Addr())
	if err := tcp.SetNetworkLayerForChecksum(network.(gopacket.NetworkLayer)); err != nil {
		return nil, err
	}
	buf := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, options, network, tcp, gopacket.Payload(s.Payload)); err != nil {
		return nil, fmt.Errorf("serializing: %w", err)
	}
	packet := buf.Bytes()
	if s.BadChecksum {
		const ipv4HeaderBytes, ipv6HeaderBytes, checksumOffset = 20, 40, 16
		header := ipv4HeaderBytes
		if from.Addr().Is6() {
			header = ipv6HeaderBytes
		}
		packet[header+checksumOffset] ^= 0xff
	}
	return packet, nil
}

func (s Segment) networkLayer(from, to netip.Addr) gopacket.SerializableLayer {
	timeToLive := s.TTL
	if timeToLive == 0 {
		timeToLive = defaultTTL
	}
	if from.Is4() {
		return &layers.IPv4{
			Version: 4, TTL: timeToLive, Protocol: layers.IPProtocolTCP,
			SrcIP: from.AsSlice(), DstIP: to.AsSlice(),
		}
	}
	return &layers.IPv6{
		Version: 6, HopLimit: timeToLive, NextHeader: layers.IPProtocolTCP,
		SrcIP: from.AsSlice(), DstIP: to.AsSlice(),
	}
}

func (s Segment) options() []layers.TCPOption {
	options := append([]layers.TCPOption(nil), s.Options...)
	if s.Timestamps == nil {
		return options
	}
	const timestampBytes = 8
	data := make([]byte, timestampBytes)
	binary.BigEndian.PutUint32(data, s.Timestamps.Value)
	binary.BigEndian.PutUint32(data[4:], s.Timestamps.Echo)
	return append(options, layers.TCPOption{
		OptionType: layers.TCPOptionKindTimestamps, OptionLength: 2 + timestampBytes, OptionData: data,
	})
}

func segmentOf(tcp *layers.TCP) Segment {
	s := Segment{Seq: tcp.Seq, Ack: tcp.Ack, Window: tcp.Window, Payload: tcp.Payload}
	for bit, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if set {
			s.Flags |= 1 << bit
		}
	}
	for _, option := range tcp.Options {
		if option.OptionType == layers.TCPOptionKindTimestamps && len(option.OptionData) == 8 {
			s.Timestamps = &Timestamps{
				Value: binary.BigEndian.Uint32(option.OptionData),
				Echo:  binary.BigEndian.Uint32(option.OptionData[4:]),
			}
		} else {
			s.Options = append(s.Options, option)
		}
	}
	return s
}
