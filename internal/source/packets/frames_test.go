package packets

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ends of the made-up connections.
var (
	client4, server4 = []byte{192, 0, 2, 1}, []byte{198, 51, 100, 2}
	client6          = append([]byte{0x20, 1, 0x0d, 0xb8}, make([]byte, 12)...)
	server6          = append([]byte{0x20, 1, 0x0d, 0xb8, 1}, make([]byte, 11)...)
)

// serialize joins layers, the outermost first.
func serialize(t testing.TB, parts ...gopacket.SerializableLayer) []byte {
	t.Helper()
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, parts...); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(buf.Bytes())
}

func ip4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 61, Id: 7, Flags: layers.IPv4DontFragment, Protocol: protocol, SrcIP: server4, DstIP: client4}
}

func ip6(next layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 62, NextHeader: next, SrcIP: server6, DstIP: client6}
}

// resetOver is a RST with a payload behind an IP header.
func resetOver(t testing.TB, ip gopacket.SerializableLayer) []byte {
	t.Helper()
	tcp := &layers.TCP{SrcPort: 443, DstPort: 40000, RST: true, ACK: true, Seq: 7, Ack: 8, Window: 9, Options: []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 0xb4}},
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{0, 0, 0, 5, 0, 0, 0, 6}},
	}}
	if err := tcp.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer)); err != nil {
		t.Fatal(err)
	}
	return serialize(t, ip, tcp, gopacket.Payload("go away"))
}

// ethernetFrame puts a header in front of a packet.
func ethernetFrame(kind uint16, packet []byte) []byte {
	frame := append(make([]byte, 12), byte(kind>>8), byte(kind))
	return append(frame, packet...)
}

// udpTo is a UDP packet to a port.
func udpTo(t testing.TB, port uint16, payload []byte) []byte {
	t.Helper()
	udp := &layers.UDP{SrcPort: 5555, DstPort: layers.UDPPort(port)}
	ip := &layers.IPv4{Version: 4, TTL: 9, Protocol: layers.IPProtocolUDP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	return serialize(t, ip, udp, gopacket.Payload(payload))
}

func outer(t testing.TB, protocol layers.IPProtocol, inner []byte) []byte {
	t.Helper()
	return serialize(t, &layers.IPv4{Version: 4, TTL: 9, Protocol: protocol, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}, gopacket.Payload(inner))
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// withExtensions puts headers between IPv6 and TCP: hop-by-hop, routing, destination and
// an authentication header.
func withExtensions(packet []byte) []byte {
	chain := join([]byte{43, 0, 1, 4, 0, 0, 0, 0}, []byte{60, 0, 0, 0, 0, 0, 0, 0}, []byte{51, 1}, make([]byte, 14), []byte{6, 1}, make([]byte, 10))
	out := join(packet[:40], chain, packet[40:])
	out[6] = 0
	binary.BigEndian.PutUint16(out[4:], uint16(len(out)-40))
	return out
}

// wrapped has all ways in which a RST may be wrapped.
func wrapped(t testing.TB) map[string]frame {
	t.Helper()
	four, six := resetOver(t, ip4(layers.IPProtocolTCP)), resetOver(t, ip6(layers.IPProtocolTCP))
	vxlan := []byte{8, 0, 0, 0, 0, 0, 77, 0}
	geneve := []byte{1, 0, 0x65, 0x58, 0, 0, 77, 0, 0, 1, 2, 0} // an option of four bytes
	geneve6 := []byte{0, 0, 0x86, 0xdd, 0, 0, 77, 0}
	gre := []byte{0x20, 0, 0x08, 0x00, 0, 0, 0, 42} // with a key
	greBridge := []byte{0, 0, 0x65, 0x58}
	sll := append(make([]byte, 14), 0x08, 0x00)
	sll2 := append([]byte{0x86, 0xdd}, make([]byte, 18)...)
	padded := append(ethernetFrame(typeIPv4, four), make([]byte, 20)...)
	large := bytes.Clone(four)
	large[2], large[3] = 0, 0
	first := bytes.Clone(four)
	first[6] |= 0x20
	fragment6 := join(six[:40], []byte{6, 0, 0, 1, 0, 0, 0, 9}, six[40:])
	fragment6[6] = 44
	binary.BigEndian.PutUint16(fragment6[4:], uint16(len(fragment6)-40))
	return map[string]frame{
		"Ethernet, IPv4":            {link: linkEthernet, data: ethernetFrame(typeIPv4, four)},
		"Ethernet, IPv6":            {link: linkEthernet, data: ethernetFrame(typeIPv6, six)},
		"padded to 60 bytes":        {link: linkEthernet, data: padded},
		"VLAN":                      {link: linkEthernet, data: ethernetFrame(typeVLAN, join([]byte{0, 5, 8, 0}, four))},
		"QinQ":                      {link: linkEthernet, data: ethernetFrame(typeQinQ, join([]byte{0, 5, 0x81, 0, 0, 6, 0x86, 0xdd}, six))},
		"MPLS":                      {link: linkEthernet, data: ethernetFrame(typeMPLS, join([]byte{0, 1, 0, 9, 0, 2, 1, 9}, four))},
		"PPPoE":                     {link: linkEthernet, data: ethernetFrame(typePPPoE, join([]byte{0x11, 0, 0, 1, 0, 9, 0, 0x21}, four))},
		"802.3 with SNAP":           {link: linkEthernet, data: ethernetFrame(200, join([]byte("\xaa\xaa\x03\x00\x00\x00\x08\x00"), four))},
		"cooked":                    {link: linkSLL, data: join(sll, four)},
		"cooked, version 2":         {link: linkSLL2, data: join(sll2, six)},
		"raw IPv4":                  {link: linkRaw, data: four},
		"raw IPv6":                  {link: linkIPv6, data: six},
		"raw, as BSD has it":        {link: linkRawBSD, data: four},
		"PPP":                       {link: linkPPP, data: join([]byte{0xff, 3, 0, 0x57}, six)},
		"loopback, little-endian":   {link: linkNull, data: join([]byte{2, 0, 0, 0}, four)},
		"loopback, big-endian":      {link: linkNull, data: join([]byte{0, 0, 0, 30}, six)},
		"loopback of OpenBSD":       {link: linkLoop, data: join([]byte{0, 0, 0, 24}, six)},
		"VXLAN":                     {link: linkEthernet, data: ethernetFrame(typeIPv4, udpTo(t, portVXLAN, join(vxlan, ethernetFrame(typeIPv4, four))))},
		"VXLAN of old Linux":        {link: linkRaw, data: udpTo(t, portVXLANLinux, join(vxlan, ethernetFrame(typeIPv6, six)))},
		"GENEVE with an option":     {link: linkRaw, data: udpTo(t, portGENEVE, join(geneve, ethernetFrame(typeIPv4, four)))},
		"GENEVE without Ethernet":   {link: linkRaw, data: udpTo(t, portGENEVE, join(geneve6, six))},
		"GRE with a key":            {link: linkRaw, data: outer(t, layers.IPProtocolGRE, join(gre, four))},
		"GRE with Ethernet":         {link: linkRaw, data: outer(t, layers.IPProtocolGRE, join(greBridge, ethernetFrame(typeIPv6, six)))},
		"IP in IP":                  {link: linkRaw, data: outer(t, layers.IPProtocolIPv4, four)},
		"6in4":                      {link: linkRaw, data: outer(t, layers.IPProtocolIPv6, six)},
		"GRE in VXLAN":              {link: linkRaw, data: udpTo(t, portVXLAN, join(vxlan, ethernetFrame(typeIPv4, outer(t, layers.IPProtocolGRE, join(gre, four)))))},
		"IPv6 extension headers":    {link: linkRaw, data: withExtensions(six)},
		"a total length of 0":       {link: linkRaw, data: large},
		"first of several, IPv4":    {link: linkRaw, data: first},
		"first of several, IPv6":    {link: linkRaw, data: fragment6},
		"an IPv4 header of 24 byte": {link: linkRaw, data: withOptions(four)},
	}
}

func withOptions(packet []byte) []byte {
	out := join(packet[:20], []byte{1, 1, 1, 0}, packet[20:])
	out[0] = 0x46
	binary.BigEndian.PutUint16(out[2:], uint16(len(out)))
	return out
}

// TestWrapped: the RST is found in every wrapping, with all that its header says.
func TestWrapped(t *testing.T) {
	for name, f := range wrapped(t) {
		var d decoder
		if got := d.decode(f.link, f.data, len(f.data)); got != segment {
			t.Errorf("%s: outcome %d", name, got)
			continue
		}
		p := &d.packet
		want := [2]string{"198.51.100.2", "192.0.2.1"}
		ttl := uint8(61)
		if p.IPv6 {
			want, ttl = [2]string{"2001:db8:100::", "2001:db8::"}, 62
		}
		if got := [2]string{p.Src.Netip().String(), p.Dst.Netip().String()}; got != want || p.TTL != ttl || p.SrcPort != 443 || p.DstPort != 40000 {
			t.Errorf("%s: %s, TTL %d, ports %d %d", name, got, p.TTL, p.SrcPort, p.DstPort)
		}
		if p.Flags != event.RST|event.ACK || p.Seq != 7 || p.Ack != 8 || p.Window != 9 || string(p.Payload()) != "go away" || p.Len != 7 {
			t.Errorf("%s: %s seq %d ack %d win %d, %q of %d", name, p.Flags, p.Seq, p.Ack, p.Window, p.Payload(), p.Len)
		}
		if o := p.Options; !o.Timestamps || o.TSval != 5 || !o.Scaled || o.Scale != 7 || o.Cut || o.Bytes != 20 {
			t.Errorf("%s: %+v", name, o)
		}
		if p.Fragment != (name == "first of several, IPv4" || name == "first of several, IPv6") {
			t.Errorf("%s: fragment %t", name, p.Fragment)
		}
	}
}

// TestCut: a frame that is cut anywhere gives what is there, and never a wrong RST.
func TestCut(t *testing.T) {
	for name, f := range wrapped(t) {
		header := len(f.data) - len("go away") - 20 // its options
		for n := range len(f.data) {
			var d decoder
			got := d.decode(f.link, f.data[:n], len(f.data))
			if got == segment && d.packet.Flags != event.RST|event.ACK || got == segment && n < header-20 {
				t.Errorf("%s cut to %d bytes: outcome %d, %s", name, n, got, d.packet.Flags)
			}
			if got == segment && (d.packet.Len != 7 || d.packet.Options.Cut != (n < header+20)) && name != "padded to 60 bytes" {
				t.Errorf("%s cut to %d of %d bytes: %d bytes of payload, options cut %t", name, n, len(f.data), d.packet.Len, d.packet.Options.Cut)
			}
		}
	}
}

// TestNoSegment: what is no TCP, or no first fragment, is told apart.
func TestNoSegment(t *testing.T) {
	four := resetOver(t, ip4(layers.IPProtocolTCP))
	laterFragment := bytes.Clone(four)
	laterFragment[7] = 100
	shortHeader := bytes.Clone(four)
	shortHeader[0] = 0x42
	tooLong := bytes.Clone(four)
	tooLong[20+12] = 0xf0
	binary.BigEndian.PutUint16(tooLong[2:], 20+30)
	deep := four
	for range depthMax + 1 {
		deep = outer(t, layers.IPProtocolIPv4, deep)
	}
	for name, test := range map[string]struct {
		link uint32
		data []byte
		want outcome
	}{
		"ARP":                 {linkEthernet, ethernetFrame(0x0806, make([]byte, 28)), otherProtocol},
		"UDP":                 {linkRaw, udpTo(t, 53, make([]byte, 40)), otherProtocol},
		"a later fragment":    {linkRaw, laterFragment, fragment},
		"a short IP header":   {linkRaw, shortHeader, malformed},
		"TCP options too far": {linkRaw, tooLong, malformed},
		"too deep":            {linkRaw, deep, otherProtocol},
		"nothing":             {linkRaw, nil, cutOff},
		"a spanning tree":     {linkEthernet, ethernetFrame(38, make([]byte, 38)), otherProtocol},
	} {
		var d decoder
		if got := d.decode(test.link, test.data, len(test.data)); got != test.want {
			t.Errorf("%s: outcome %d, want %d", name, got, test.want)
		}
	}
}

// eventsOf reads a file.
func eventsOf(t testing.TB, s *Source) ([]*event.Event, error) {
	t.Helper()
	var events []*event.Event
	var problem error
	for e, err := range event.Events(context.Background(), s) {
		if err != nil {
			problem = err
			break
		}
		events = append(events, e.Clone())
	}
	return events, problem
}
