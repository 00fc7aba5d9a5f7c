package packets

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// busyCapture is a pcap file of packets that are cut to 200 bytes, of so many
// connections at a time. One in a thousand is a RST.
func busyCapture(tb testing.TB, packets, connections int) []byte {
	tb.Helper()
	var file bytes.Buffer
	head := make([]byte, pcapHeader)
	binary.LittleEndian.PutUint32(head, magicMicros)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint32(head[20:], linkEthernet)
	file.Write(head)
	const captured, sent = 200, 1514
	frame := make([]byte, 16+captured)
	buf := gopacket.NewSerializeBuffer()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: 61, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	tcp := &layers.TCP{ACK: true, PSH: true, Window: 500, Options: []layers.TCPOption{
		{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop},
		{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)},
	}}
	ethernet := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{}, ethernet, ip, tcp, gopacket.Payload(make([]byte, captured))); err != nil {
		tb.Fatal(err)
	}
	copy(frame[16:], buf.Bytes())
	binary.BigEndian.PutUint16(frame[16+16:], sent-14)
	binary.LittleEndian.PutUint32(frame[8:], captured)
	binary.LittleEndian.PutUint32(frame[12:], sent)
	frame[16+46] = 8 << 4
	for n := range packets {
		at := time.Duration(n) * time.Microsecond
		binary.LittleEndian.PutUint32(frame, uint32(at/time.Second))
		binary.LittleEndian.PutUint32(frame[4:], uint32(at%time.Second/time.Microsecond))
		c := n % connections
		binary.BigEndian.PutUint32(frame[16+26:], uint32(10<<24+c/4096)) // source
		binary.BigEndian.PutUint16(frame[16+34:], uint16(1024+c%4096))
		binary.BigEndian.PutUint16(frame[16+36:], 443)
		binary.BigEndian.PutUint32(frame[16+38:], uint32(n/connections*(sent-66)))
		frame[16+47] = byte(event.ACK | event.PSH)
		if n%1000 == 999 {
			frame[16+47] = byte(event.RST | event.ACK)
		}
		file.Write(frame)
	}
	return file.Bytes()
}

// BenchmarkRun reads a plain file. The goal is a million packets in a second.
func BenchmarkRun(b *testing.B) {
	const packets = 500_000
	for _, connections := range []int{1, 1000, 100_000} {
		capture := busyCapture(b, packets, connections)
		b.Run("connections="+strconv.Itoa(connections), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := (&Source{Name: "file", Input: bytes.NewReader(capture)}).Run(b.Context(), event.NopSink{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}
