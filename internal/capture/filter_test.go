package capture

import (
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"
)

// packet builds what the filter and decode see.
func packet(t testing.TB, ip gopacket.SerializableLayer, transport gopacket.SerializableLayer) []byte {
	t.Helper()
	if tcp, ok := transport.(*layers.TCP); ok {
		if err := tcp.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer)); err != nil {
			t.Fatal(err)
		}
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, ip, transport); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func ipv4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 61, Protocol: protocol, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}}
}

func ipv6(protocol layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{
		Version: 6, HopLimit: 62, NextHeader: protocol,
		SrcIP: net.ParseIP("fd00::1"), DstIP: net.ParseIP("fd00::2"),
	}
}

func rst() *layers.TCP {
	return &layers.TCP{SrcPort: 80, DstPort: 4000, RST: true, ACK: true, Seq: 7, Ack: 8, Window: 9}
}

// TestFilter lets the kernel run the filter, on a socket that needs no rights.
func TestFilter(t *testing.T) {
	withOptions := ipv4(layers.IPProtocolTCP)
	withOptions.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
	laterFragment := ipv4(layers.IPProtocolTCP)
	laterFragment.FragOffset = 100
	noReset := rst()
	noReset.RST = false
	noReset.SYN = true
	udp := &layers.UDP{SrcPort: 0x0404, DstPort: 0x0404}

	for _, test := range []struct {
		name   string
		packet []byte
		pass   bool
	}{
		{"IPv4 RST", packet(t, ipv4(layers.IPProtocolTCP), rst()), true},
		{"IPv4 with options", packet(t, withOptions, rst()), true},
		{"IPv6 RST", packet(t, ipv6(layers.IPProtocolTCP), rst()), true},
		{"IPv4 SYN", packet(t, ipv4(layers.IPProtocolTCP), noReset), false},
		{"IPv6 SYN", packet(t, ipv6(layers.IPProtocolTCP), noReset), false},
		{"IPv4 fragment", packet(t, laterFragment, rst()), false},
		{"IPv4 UDP", packet(t, ipv4(layers.IPProtocolUDP), udp), false},
		{"IPv6 UDP", packet(t, ipv6(layers.IPProtocolUDP), udp), false},
		{"not IP", []byte{0x00, 0x01, 0x08, 0x00, 6, 4, 0, 1, 6, 6, 6, 6, 6}, false},
		{"cut short", packet(t, ipv4(layers.IPProtocolTCP), rst())[:30], false},
	} {
		if got := filterPasses(t, test.packet); got != test.pass {
			t.Errorf("%s: passed %t, want %t", test.name, got, test.pass)
		}
	}
}

func filterPasses(t *testing.T, packet []byte) bool {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	defer unix.Close(fds[1])
	program := &unix.SockFprog{Len: uint16(len(rstFilter)), Filter: &rstFilter[0]}
	if err := unix.SetsockoptSockFprog(fds[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, program); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(fds[0], packet); err != nil && err != unix.EPERM {
		t.Fatal(err)
	}
	n, err := unix.Read(fds[1], make([]byte, 1<<12))
	return err == nil && n == len(packet)
}
