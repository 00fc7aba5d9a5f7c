package capture

import (
	"testing"

	"github.com/gopacket/gopacket/layers"
)

func TestDecode(t *testing.T) {
	stamped := rst()
	stamped.Options = []layers.TCPOption{{
		OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8),
	}}
	for _, test := range []struct {
		packet     []byte
		want       string
		ttl        uint8
		timestamps bool
	}{
		{packet(t, ipv4(layers.IPProtocolTCP), rst()), "10.0.0.1:80 > 10.0.0.2:4000 [R.] seq 7 ack 8 win 9", 61, false},
		{packet(t, ipv6(layers.IPProtocolTCP), stamped), "[fd00::1]:80 > [fd00::2]:4000 [R.] seq 7 ack 8 win 9", 62, true},
	} {
		s, err := decode(test.packet)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != test.want || s.TTL != test.ttl || s.Timestamps != test.timestamps {
			t.Errorf("got %s, TTL %d, timestamps %t", s, s.TTL, s.Timestamps)
		}
	}
}

func TestDecodeRejects(t *testing.T) {
	for _, packet := range [][]byte{nil, {0x45}, packet(t, ipv4(layers.IPProtocolUDP), &layers.UDP{})} {
		if s, err := decode(packet); err == nil {
			t.Errorf("% x was decoded as %s", packet, s)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(packet(f, ipv4(layers.IPProtocolTCP), rst()))
	f.Add(packet(f, ipv6(layers.IPProtocolTCP), rst()))
	f.Fuzz(func(_ *testing.T, packet []byte) {
		_, _ = decode(packet)
	})
}
