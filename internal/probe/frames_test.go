package probe

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestFramesAndResets: a packet finds its reset by socket and time, with those of other
// CPUs in between, and the packets of a batch share no bytes.
func TestFramesAndResets(t *testing.T) {
	s := testSession(event.Fentry)
	var batch Batch
	saw := func(sk, at uint64, data string) {
		r := frameRecord{Kind: bpf.ContextRecordKindRECORD_FRAME, ResetSk: sk, ResetTimeNs: at, Length: 1000, Captured: uint32(len(data))}
		copy(r.Data[:], data)
		if err := s.decode(bytesOf(&r), &batch); err != nil {
			t.Fatal(err)
		}
	}
	reset := func(sk, at uint64, flags event.TCPFlags) event.Frames {
		r := resetRecord{Kind: bpf.ContextRecordKindRECORD_RESET, Sk: sk, TimeNs: at}
		r.Evidence.Hook, r.Evidence.Facts = bpf.ContextHookHOOK_RECEIVE, bpf.ContextFact(event.FactSeesPacket)
		r.Packet.Flags = uint8(flags)
		if err := s.decode(bytesOf(&r), &batch); err != nil {
			t.Fatal(err)
		}
		return batch.Resets[len(batch.Resets)-1].Frames
	}
	if got := reset(1, 1, event.RST); !got.RST.IsZero() || !got.Trigger.IsZero() {
		t.Errorf("no packet came: %+v", got)
	}
	saw(1, 1, "first")
	saw(1, 2, "second")
	first, second := reset(1, 1, event.RST), reset(1, 2, event.ACK)
	if string(first.RST.Data) != "first" || first.RST.Length != 1000 || !first.Trigger.IsZero() {
		t.Errorf("a RST: %+v", first)
	}
	if string(second.Trigger.Data) != "second" || !second.RST.IsZero() {
		t.Errorf("a trigger: %+v", second)
	}
	if got := reset(2, 1, event.RST); !got.RST.IsZero() {
		t.Errorf("the packet of another socket: %+v", got)
	}
	_ = append(first.RST.Data, "xxxxx"...)
	if string(second.Trigger.Data) != "second" {
		t.Error("a longer packet overwrites the next one")
	}
}

// wirePackets records all packets of a namespace from the IP header on.
func wirePackets(t *testing.T, namespace *netns.Namespace) func() [][]byte {
	t.Helper()
	var fd int
	err := namespace.Do(func() (err error) {
		const allProtocols = 0x0300 // ETH_P_ALL in network order
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, allProtocols)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return func() (packets [][]byte) {
		for {
			buf := make([]byte, 1<<16)
			n, _, err := unix.Recvfrom(fd, buf, 0)
			if errors.Is(err, unix.EAGAIN) {
				return packets
			}
			if err != nil {
				t.Fatal(err)
			}
			packets = append(packets, buf[:n])
		}
	}
}

// abortConnection makes a connection over loopback, and closes the accepted end, which
// has the TTL, with unread data: it sends a RST.
func abortConnection(t *testing.T, namespace *netns.Namespace, ttl int) {
	t.Helper()
	err := namespace.Do(func() error {
		listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(listener)
		at := &unix.SockaddrInet4{Port: 7080, Addr: [4]byte{127, 0, 0, 1}}
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err := errors.Join(err, unix.Bind(listener, at), unix.Listen(listener, 1), unix.Connect(client, at)); err != nil {
			return err
		}
		defer unix.Close(client)
		server, _, err := unix.Accept(listener)
		if err != nil {
			return err
		}
		_, err = unix.Write(client, []byte("hello"))
		return errors.Join(err, unix.SetsockoptInt(server, unix.IPPROTO_IP, unix.IP_TTL, ttl), unix.Close(server))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFramesAreThoseOfTheWire: bytes and options are those that a packet socket sees.
func TestFramesAreThoseOfTheWire(t *testing.T) {
	for _, method := range event.Methods {
		t.Run(string(method), func(t *testing.T) { framesBy(t, method) })
	}
}

func framesBy(t *testing.T, method event.Method) {
	namespace := newNamespace(t)
	s, err := Open(Options{Attach: method, Packets: true, Ignored: true, Selection: Selection{Netns: []uint32{namespace.Inode()}}})
	if errors.Is(err, ErrExhausted) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	recorded := wirePackets(t, namespace)
	refuseConnects(t, namespace, 1)
	const ttl = 77
	abortConnection(t, namespace, ttl)
	packets := recorded()
	var triggers, received, sent int
	for _, e := range readAll(t, s) {
		for _, frame := range []event.Frame{e.Frames.Trigger, e.Frames.RST} {
			if !frame.IsZero() {
				checkFrame(t, frame, packets, namespace.Inode())
			}
		}
		if !e.Frames.Trigger.IsZero() {
			triggers++
		}
		if !e.Frames.RST.IsZero() {
			received++
		}
		if e.Frames.SentRST.Known {
			sent++
			checkSent(t, &e, packets, ttl)
		}
	}
	sees := s.Visibility()
	if sees.Socketless != (triggers > 0) || sees.ReceivedPacket != (received > 0) || sent != 1 {
		t.Errorf("%d triggers, %d received RSTs and %d RSTs of sockets; this kernel shows %+v", triggers, received, sent, sees)
	}
}

func checkFrame(t *testing.T, frame event.Frame, packets [][]byte, inode uint32) {
	t.Helper()
	found := false
	for _, packet := range packets {
		found = found || int(frame.Length) == len(packet) && bytes.HasPrefix(packet, frame.Data)
	}
	if !found {
		t.Errorf("no packet on the wire is this one: %d bytes, % x", frame.Length, frame.Data)
	}
	if frame.Ifname != "lo" || frame.Ifindex != 1 || frame.Netns != inode {
		t.Errorf("device %q, number %d, in namespace %d; want lo, 1, %d", frame.Ifname, frame.Ifindex, frame.Netns, inode)
	}
}

// checkSent compares what a socket says of its RST with the RST on the wire.
func checkSent(t *testing.T, e *event.Event, packets [][]byte, ttl uint8) {
	t.Helper()
	for _, packet := range packets {
		ip, tcp := decodeIPv4(packet)
		if tcp == nil || !tcp.RST || tcp.Seq != e.RST.Seq || uint16(tcp.SrcPort) != e.Local.Port {
			continue
		}
		says := e.Frames.SentRST
		if ip.TTL != ttl || says.TTL != ttl {
			t.Errorf("time to live %d on the wire, %d in the event, want %d", ip.TTL, says.TTL, ttl)
		}
		for _, option := range tcp.Options {
			if option.OptionType != layers.TCPOptionKindTimestamps {
				continue
			}
			value, echo := word(option.OptionData), word(option.OptionData[4:])
			// The offset of the clock is random: if it were wrong they would lie far apart.
			const near = 100_000
			if !says.Timestamps || value-says.TSVal+near > 2*near || echo != says.TSEcr {
				t.Errorf("timestamps %d and %d on the wire, %+v in the event", value, echo, says)
			}
			return
		}
		if says.Timestamps {
			t.Error("the RST has no timestamps, and the event says that it has")
		}
		return
	}
	t.Errorf("RST %d is not on the wire", e.RST.Seq)
}

// decodeIPv4 returns nil for what is no such packet.
func decodeIPv4(packet []byte) (*layers.IPv4, *layers.TCP) {
	decoded := gopacket.NewPacket(packet, layers.LayerTypeIPv4, gopacket.Default)
	ip, isIP := decoded.NetworkLayer().(*layers.IPv4)
	tcp, isTCP := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !isIP || !isTCP {
		return nil, nil
	}
	return ip, tcp
}

func word(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}
