package probe

import (
	"errors"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSeePackets: by whatever method, a received RST has its numbers and its time to
// live, and they are those of the wire.
func TestSeePackets(t *testing.T) {
	for _, method := range event.Methods {
		t.Run(string(method), func(t *testing.T) { seePacketsBy(t, method) })
	}
}

func seePacketsBy(t *testing.T, method event.Method) {
	namespace := newNamespace(t)
	s, err := Open(Options{Attach: method, SeePackets: true, Selection: Selection{Netns: []uint32{namespace.Inode()}}})
	if errors.Is(err, ErrExhausted) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	for _, hook := range s.Hooks() {
		if hook.Function == hooks[packetHook].name() && hook.Method == "" {
			t.Fatalf("packets are not seen: %v", hook.Refused)
		}
	}
	recorded := wirePackets(t, namespace)
	refuseConnects(t, namespace, 3)
	const ttl = 77
	abortConnection(t, namespace, ttl)
	packets := recorded()
	received := 0
	for _, e := range readAll(t, s) {
		if e.Evidence.Hook != event.HookReceive {
			continue
		}
		received++
		if !onWire(&e, packets) {
			t.Errorf("no RST on the wire is this one: %+v of %s", e.RST, e.Local)
		}
		if e.RST.Ifname != "lo" && !e.Evidence.SeesPacket() {
			t.Errorf("it came by %q", e.RST.Ifname)
		}
	}
	if received != 4 {
		t.Errorf("%d received RSTs, want 4", received)
	}
}

func onWire(e *event.Event, packets [][]byte) bool {
	for _, packet := range packets {
		ip, tcp := decodeIPv4(packet)
		if tcp == nil || !tcp.RST || uint16(tcp.DstPort) != e.Local.Port || tcp.Seq != e.RST.Seq {
			continue
		}
		if tcp.Ack == e.RST.Ack && e.RST.Window != nil && tcp.Window == *e.RST.Window && ip.TTL == e.RST.TTL && e.RST.Flags.Has(event.RST) {
			return true
		}
	}
	return false
}
