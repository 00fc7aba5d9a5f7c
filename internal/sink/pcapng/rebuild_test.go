package pcapng

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// decoded is a packet as another library reads it. The checksums of one without payload are
// compared with those that the library computes.
func decoded(t *testing.T, data []byte) (gopacket.NetworkLayer, *layers.TCP) {
	t.Helper()
	first := layers.LayerTypeIPv4
	if data[0]>>4 == 6 {
		first = layers.LayerTypeIPv6
	}
	p := gopacket.NewPacket(data, first, gopacket.Default)
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		t.Fatalf("no TCP: % x", data)
	}
	if ip, ok := p.NetworkLayer().(*layers.IPv4); ok && int(ip.Length) > len(data) {
		return ip, tcp
	}
	must(t, tcp.SetNetworkLayerForChecksum(p.NetworkLayer()))
	again := gopacket.NewSerializeBuffer()
	parts := []gopacket.SerializableLayer{p.NetworkLayer().(gopacket.SerializableLayer), tcp}
	must(t, gopacket.SerializeLayers(again, gopacket.SerializeOptions{ComputeChecksums: true}, parts...))
	if !bytes.Equal(again.Bytes(), data) {
		t.Errorf("% x\nwith the checksums of the library:\n% x", data, again.Bytes())
	}
	return p.NetworkLayer(), tcp
}

func end(text string) event.Endpoint {
	at := netip.MustParseAddrPort(text)
	return event.Endpoint{Addr: at.Addr(), Port: at.Port()}
}

// TestAbort: the RST that a socket sends has what the hook knows of it.
func TestAbort(t *testing.T) {
	for _, family := range []event.Family{event.IPv4, event.IPv6} {
		e := &event.Event{
			Dir: event.Sent, Family: family, Local: end("10.0.0.5:8080"), Peer: end("10.0.0.9:51234"),
			RST:      event.Segment{Flags: event.RST | event.ACK, Seq: 0xfffffff0, Ack: 7},
			Evidence: event.Evidence{Hook: event.HookSendActive},
			Frames:   event.Frames{SentRST: event.SentRST{Known: true, Timestamps: true, TSVal: 0x01020304, TSEcr: 0x05060708, TTL: 3, TOS: 0x2e << 2}},
		}
		if family == event.IPv6 {
			e.Local, e.Peer = end("[fd00::1]:8080"), end("[fd00::2]:51234")
		}
		p, not := sentRST(e)
		network, tcp := decoded(t, p.append(nil))
		if !tcp.RST || !tcp.ACK || tcp.Seq != 0xfffffff0 || tcp.Ack != 7 || tcp.SrcPort != 8080 || tcp.DstPort != 51234 || tcp.Window != 0 {
			t.Errorf("%+v", tcp)
		}
		stamp := tcp.Options[len(tcp.Options)-1]
		if stamp.OptionType != layers.TCPOptionKindTimestamps || !bytes.Equal(stamp.OptionData, []byte{1, 2, 3, 4, 5, 6, 7, 8}) {
			t.Errorf("%v", tcp.Options)
		}
		switch ip := network.(type) {
		case *layers.IPv4:
			if ip.TTL != 3 || ip.TOS != 0xb8 || ip.Flags != layers.IPv4DontFragment || ip.SrcIP.String() != "10.0.0.5" || not != noWindow|noIdentification {
				t.Errorf("%+v, %b", ip, not)
			}
		case *layers.IPv6:
			if ip.HopLimit != 3 || ip.TrafficClass != 0xb8 || ip.SrcIP.String() != "fd00::1" || not != noWindow|noFlowLabel {
				t.Errorf("%+v, %b", ip, not)
			}
		}
	}
}

// TestAnswer: the RST that answers a packet is as the kernel builds it: no window, no
// identification, the type of service of the packet.
func TestAnswer(t *testing.T) {
	window := uint16(0)
	e := &event.Event{
		Dir: event.Sent, Family: event.IPv4, Local: end("10.0.0.5:5432"), Peer: end("10.0.0.9:40112"),
		RST: event.Segment{Flags: event.RST | event.ACK, Ack: 77, Window: &window}, Evidence: event.Evidence{Hook: event.HookSendReply},
	}
	e.Frames.Trigger = frame(packet{src: e.Peer, dst: e.Local, flags: event.SYN, seq: 76, ttl: 63, tos: 0x10}, "eth0", 1)
	p, not := sentRST(e)
	network, tcp := decoded(t, p.append(nil))
	ip := network.(*layers.IPv4)
	if !tcp.RST || tcp.Ack != 77 || len(tcp.Options) != 0 || ip.TOS != 0x10 || ip.Id != 0 || not != noTTL {
		t.Errorf("%+v %+v %b", ip, tcp, not)
	}
}

// TestUnseen: a RST of which only the addresses are known says so.
func TestUnseen(t *testing.T) {
	e := &event.Event{Dir: event.Received, Family: event.IPv6, Local: end("[fd00::1]:8080"), Peer: end("[fd00::2]:51234")}
	p, not := seenSegment(e, &e.RST, e.Peer, e.Local, event.RST)
	_, tcp := decoded(t, p.append(nil))
	if !tcp.RST || tcp.ACK || tcp.SrcPort != 51234 || tcp.Seq != 0 {
		t.Errorf("%+v", tcp)
	}
	text := string(appendRebuilt(nil, whySeen, not))
	for _, want := range []string{pcapng.Rebuilt, "Not known: its other flags, sequence and acknowledgment number", "the TTL (64 here"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
}

// TestPayload: the length is that of the packet, and the checksum is not made up.
func TestPayload(t *testing.T) {
	window := uint16(512)
	e := &event.Event{Dir: event.Received, Family: event.IPv4, Local: end("10.0.0.5:8080"), Peer: end("10.0.0.9:51234"), RST: event.Segment{Flags: event.RST, Seq: 9, Len: 30, TTL: 61, Window: &window}}
	p, not := seenSegment(e, &e.RST, e.Peer, e.Local, event.RST)
	data := p.append(nil)
	if p.length() != 70 || len(data) != 40 || data[36] != 0 || data[37] != 0 || not != noPayload|noOptions|noIdentification {
		t.Errorf("%d bytes of %d, % x, %b", len(data), p.length(), data, not)
	}
}

// TestEveryEventHasItsRST: none is left out, whatever is known of it.
func TestEveryEventHasItsRST(t *testing.T) {
	out := newMemory()
	s := New(out, Options{})
	all := append(fixture.Events(), &event.Event{ID: 99, Family: event.IPv4}, &event.Event{ID: 100, Dir: event.Sent, Family: event.IPv6})
	for _, e := range all {
		must(t, s.Event(e))
	}
	must(t, s.Flush(fixture.Start))
	reader := pcapng.NewReader(bytes.NewReader(out.all()))
	var packets int
	for block, err := reader.Next(); err == nil; block, err = reader.Next() {
		p, ok := block.Packet()
		if block.Type != pcapng.EnhancedPacket || !ok || len(block.Notes(p.Options, nil).Item) == 0 {
			continue
		}
		packets++
		if _, tcp := decoded(t, p.Data); !tcp.RST {
			t.Errorf("packet %d is no RST", packets)
		}
	}
	if packets != len(all) {
		t.Errorf("%d RSTs of %d events", packets, len(all))
	}
}
