package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/pcapng"
)

// wire takes what leaves by the loopback device.
type wire struct{ fd int }

func openWire(t *testing.T) *wire {
	t.Helper()
	order := func(v uint16) int { return int(v>>8 | v<<8) } // as on the wire; the machine is little endian
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, order(unix.ETH_P_ALL))
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	lo, err := net.InterfaceByName("lo")
	must(t, err)
	must(t, unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(order(unix.ETH_P_ALL)), Ifindex: lo.Index}))
	return &wire{fd}
}

// rsts are the IPv4 packets with RST from an address, in their order.
func (w *wire) rsts(t *testing.T, from string) (packets [][]byte) {
	t.Helper()
	source := netip.MustParseAddr(from).As4()
	buffer := make([]byte, 1<<16)
	for {
		n, address, err := unix.Recvfrom(w.fd, buffer, 0)
		if errors.Is(err, unix.EAGAIN) {
			return packets
		}
		must(t, err)
		packet := buffer[:n]
		link, ok := address.(*unix.SockaddrLinklayer)
		if !ok || link.Pkttype != unix.PACKET_OUTGOING || n < 40 || packet[0] != 0x45 || !bytes.Equal(packet[12:16], source[:]) || packet[33]&4 == 0 {
			continue
		}
		packets = append(packets, bytes.Clone(packet))
	}
}

// sentOf are the RSTs in a recording that were sent.
func sentOf(t *testing.T, path string) (packets [][]byte) {
	t.Helper()
	file, err := os.Open(path)
	must(t, err)
	defer file.Close()
	reader := pcapng.NewReader(bufio.NewReader(file))
	for block, err := reader.Next(); err == nil; block, err = reader.Next() {
		packet, ok := block.Packet()
		if block.Type != pcapng.EnhancedPacket || !ok {
			continue
		}
		for code, value := range block.Options(packet.Options) {
			if code == pcapng.OptionPacketFlags && binary.LittleEndian.Uint32(value) == pcapng.Outbound {
				packets = append(packets, bytes.Clone(packet.Data))
			}
		}
	}
	return packets
}

// comparable is a packet without what a recording says it does not know: identification,
// window, the sums over these, and the last bits of the time.
func comparable(packet []byte) []byte {
	p := bytes.Clone(packet)
	for _, hidden := range [][2]int{{4, 6}, {10, 12}, {34, 36}, {36, 38}} {
		clear(p[hidden[0]:hidden[1]])
	}
	if len(p) == 52 {
		clear(p[44:48])
	}
	return p
}

// abort closes a connection with SO_LINGER {1,0}.
func abort(t *testing.T, address string) {
	t.Helper()
	var none net.ListenConfig
	listener, err := none.Listen(context.Background(), "tcp4", address+":0")
	must(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	must(t, err)
	defer client.Close()
	server, err := listener.Accept()
	must(t, err)
	must(t, errors.Join(server.(*net.TCPConn).SetLinger(0), server.Close()))
}

// TestRebuiltAsOnTheWire: the RSTs in a recording are those that the kernel sent, byte for
// byte, except what the recording says it does not know.
func TestRebuiltAsOnTheWire(t *testing.T) {
	needRoot(t)
	address := ownAddress()
	recording := filepath.Join(t.TempDir(), "resets.pcapng")
	w := openWire(t)
	p := start(t, "-w", recording, "--host", address)
	abort(t, address)
	refuse(t, address)
	abort(t, address)
	must(t, p.Process.Signal(syscall.SIGINT))
	if code := p.wait(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	time.Sleep(10 * time.Millisecond) // they were sent long ago
	want, got := w.rsts(t, address), sentOf(t, recording)
	if len(want) != 3 || len(got) != len(want) {
		t.Fatalf("%d RSTs of %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(comparable(got[i]), comparable(want[i])) {
			t.Errorf("rebuilt  % x\non wire % x", got[i], want[i])
		}
		if len(want[i]) == 52 {
			if ago := binary.BigEndian.Uint32(got[i][44:]) - binary.BigEndian.Uint32(want[i][44:]); ago+50 > 100 {
				t.Errorf("timestamp %d ms off", int32(ago))
			}
		}
	}
	if len(want[0]) != 52 || len(want[1]) != 40 {
		t.Errorf("%d and %d bytes: one has timestamps, the other none", len(want[0]), len(want[1]))
	}
}
