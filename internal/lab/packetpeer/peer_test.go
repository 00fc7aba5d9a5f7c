package packetpeer

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestSegmentSurvivesTheWire(t *testing.T) {
	want := Segment{
		Flags: event.PSH | event.ACK | event.ECE, Seq: 1, Ack: 1 << 31, Window: 77,
		Timestamps: &Timestamps{Value: 5, Echo: 6}, Payload: []byte("hello"),
	}
	for _, ends := range [][2]string{{"10.77.0.1:40", "10.77.0.2:50"}, {"[fd77::1]:40", "[fd77::2]:50"}} {
		from, to := netip.MustParseAddrPort(ends[0]), netip.MustParseAddrPort(ends[1])
		packet, err := want.serialize(from, to)
		if err != nil {
			t.Fatal(err)
		}
		peer := &Peer{addr: to.Addr()}
		key, got, ok := peer.decode(packet)
		if !ok || key != (flowKey{to, from}) {
			t.Errorf("decoded %t for flow %v", ok, key)
		}
		got.Options = nil // padding
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-sent +decoded):\n%s", ends[0], diff)
		}
		if _, _, ok := (&Peer{addr: from.Addr()}).decode(packet); ok {
			t.Error("a packet to somebody else was taken")
		}
		everybody := &Peer{addr: from.Addr(), others: netip.PrefixFrom(to.Addr(), to.Addr().BitLen()-8).Masked()}
		if key, _, ok := everybody.decode(packet); !ok || key.local != to {
			t.Errorf("for the network of the peer decoded %t for flow %v", ok, key)
		}
	}
	if _, _, ok := (&Peer{addr: netip.MustParseAddr("10.0.0.1")}).decode([]byte{0x45, 0}); ok {
		t.Error("rubbish was decoded")
	}
}

// TestTimestamps opens a connection from a kernel to the peer: the peer's SYN-ACK
// decides whether the kernel's segments carry timestamps.
func TestTimestamps(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	n, err := netns.New("lab")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	peer, err := New(t.Context(), n, netip.MustParsePrefix("10.77.0.1/24"), netip.MustParseAddr("10.77.0.2"))
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for _, negotiate := range []bool{false, true} {
		const port = 80
		err := n.Do(func() error { return startConnect(t, peer.Addr(), port) })
		if err != nil {
			t.Fatal(err)
		}
		flow, err := peer.Listen(port)
		if err != nil {
			t.Fatal(err)
		}
		if negotiate && !flow.NegotiateTimestamps() {
			t.Fatal("the kernel's SYN offers no timestamps")
		}
		if err := flow.Send(event.SYN|event.ACK, nil); err != nil {
			t.Fatal(err)
		}
		ack, err := flow.Await(event.ACK)
		if err != nil {
			t.Fatal(err)
		}
		if got := ack.Timestamps != nil; got != negotiate {
			t.Errorf("negotiated %t, the kernel's ACK has timestamps: %t", negotiate, got)
		}
		if ack.Ack != flow.Seq || flow.Ack != ack.Seq {
			t.Errorf("flow is at seq %d ack %d, the kernel says ack %d seq %d", flow.Seq, flow.Ack, ack.Ack, ack.Seq)
		}
	}
}

// startConnect begins a connection and returns without waiting for the answer.
func startConnect(t *testing.T, to netip.Addr, port int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: to.As4()}); err != unix.EINPROGRESS {
		return err
	}
	return nil
}

// TestOddSegments: what no kernel would send arrives as it was meant.
func TestOddSegments(t *testing.T) {
	from, to := netip.MustParseAddrPort("10.77.0.1:40"), netip.MustParseAddrPort("10.77.0.2:50")
	plain, err := Segment{Flags: event.RST}.serialize(from, to)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := Segment{Flags: event.RST, TTL: 7, BadChecksum: true}.serialize(from, to)
	if err != nil {
		t.Fatal(err)
	}
	const ttlAt, checksumAt = 8, 20 + 16
	if plain[ttlAt] != defaultTTL || odd[ttlAt] != 7 {
		t.Errorf("time to live %d and %d", plain[ttlAt], odd[ttlAt])
	}
	if odd[checksumAt] != ^plain[checksumAt] || odd[checksumAt+1] != plain[checksumAt+1] {
		t.Errorf("checksums % x and % x", plain[checksumAt:checksumAt+2], odd[checksumAt:checksumAt+2])
	}
}
