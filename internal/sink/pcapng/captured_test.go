package pcapng

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestCaptured: a RST of a capture of others has its sender as the source, whichever end the
// event calls the local one, and a direction only if somebody said which end is ours.
func TestCaptured(t *testing.T) {
	window := uint16(512)
	for _, test := range []struct {
		dir       event.Dir
		fromLocal bool
		source    uint16
		direction uint32
	}{
		{event.Observed, false, 4000, 0}, {event.Observed, true, 80, 0}, {event.Sent, true, 80, pcapng.Outbound}, {event.Received, false, 4000, pcapng.Inbound},
	} {
		e := &event.Event{
			ID: 1, Dir: test.dir, Family: event.IPv4, Via: event.Capture, Local: end("10.0.0.1:80"), Peer: end("10.0.0.2:4000"),
			RST:     event.Segment{Flags: event.RST | event.ACK, Seq: 5, Ack: 6, Window: &window, TTL: 61},
			Trigger: event.Segment{Flags: event.ACK, Seq: 6, Ack: 5, Window: &window, TTL: 60},
			Capture: event.InCapture{RST: 7, FromLocal: test.fromLocal},
		}
		out := newMemory()
		s := New(out, Options{})
		must(t, s.Event(e))
		must(t, s.Flush(e.Time))
		reader := pcapng.NewReader(bytes.NewReader(out.all()))
		var packets int
		for block, err := reader.Next(); err == nil; block, err = reader.Next() {
			p, ok := block.Packet()
			if block.Type != pcapng.EnhancedPacket || !ok {
				continue
			}
			packets++
			_, tcp := decoded(t, p.Data)
			want, direction := test.source, test.direction
			if packets == 1 { // what it answers
				want = 80 + 4000 - want
				direction = (pcapng.Inbound | pcapng.Outbound) - direction
				if direction > pcapng.Outbound {
					direction = 0
				}
			}
			if uint16(tcp.SrcPort) != want || tcp.RST == (packets == 1) || tcp.Window != 512 {
				t.Errorf("%+v: packet %d: %+v", test, packets, tcp)
			}
			var got uint32
			for code, value := range block.Options(p.Options) {
				if code == pcapng.OptionPacketFlags {
					got = binary.LittleEndian.Uint32(value)
				}
			}
			if got != direction {
				t.Errorf("%+v: packet %d: direction %d, want %d", test, packets, got, direction)
			}
		}
		if packets != 2 {
			t.Errorf("%+v: %d packets", test, packets)
		}
	}
}
