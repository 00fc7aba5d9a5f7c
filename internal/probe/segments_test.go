package probe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func window(n uint16) *uint16 { return &n }

// TestReplyTo follows RFC 9293 3.10.7.1.
func TestReplyTo(t *testing.T) {
	for name, test := range map[string]struct {
		trigger, want event.Segment
	}{
		"SYN": {
			event.Segment{Flags: event.SYN, Seq: 1000},
			event.Segment{Flags: event.RST | event.ACK, Ack: 1001, Window: window(0)},
		},
		"SYN with data (Fast Open)": {
			event.Segment{Flags: event.SYN, Seq: 1000, Len: 10},
			event.Segment{Flags: event.RST | event.ACK, Ack: 1011, Window: window(0)},
		},
		"ACK": {
			event.Segment{Flags: event.ACK, Seq: 1000, Ack: 2000, Len: 10},
			event.Segment{Flags: event.RST, Seq: 2000, Window: window(0)},
		},
		"SYN and ACK": {
			event.Segment{Flags: event.SYN | event.ACK, Seq: 1000, Ack: 2000},
			event.Segment{Flags: event.RST, Seq: 2000, Window: window(0)},
		},
		"FIN without ACK": {
			event.Segment{Flags: event.FIN, Seq: 0xffffffff, Len: 1},
			event.Segment{Flags: event.RST | event.ACK, Ack: 1, Window: window(0)},
		},
		"no flags at all": {
			event.Segment{Seq: 5, Len: 3},
			event.Segment{Flags: event.RST | event.ACK, Ack: 8, Window: window(0)},
		},
	} {
		if diff := cmp.Diff(test.want, new(interner).replyTo(test.trigger)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func segmentRecord(hook bpf.ContextHook, facts bpf.ContextFact, flags event.TCPFlags) *resetRecord {
	r := &resetRecord{Ifname: fixed("eth0")}
	r.Evidence = bpf.ContextEvidence{Hook: hook, Facts: facts, Family: afINET}
	r.Packet.Seq, r.Packet.Ack, r.Packet.Len = 11, 22, 33
	r.Packet.Window, r.Packet.Flags, r.Packet.Ttl = 44, uint8(flags), 64
	r.Conn.SndNxt, r.Expected.RcvNxt = 55, 66
	return r
}

func TestDecodeSegments(t *testing.T) {
	const sees = bpf.ContextFactFACT_SEES_PACKET
	seen := func(flags event.TCPFlags) event.Segment {
		before := int32(11 - 66)
		return event.Segment{
			Flags: flags, Seq: 11, Ack: 22, Len: 33, Window: window(44), TTL: 64, Ifname: "eth0",
			SeqOffset: &before, Position: event.PositionOld,
		}
	}
	for name, test := range map[string]struct {
		record       *resetRecord
		rst, trigger event.Segment
	}{
		"active: derived from the socket": {
			segmentRecord(bpf.ContextHookHOOK_SEND_ACTIVE, 0, 0),
			event.Segment{Flags: event.RST | event.ACK, Seq: 55, Ack: 66}, event.Segment{},
		},
		"reply: derived from the trigger": {
			segmentRecord(bpf.ContextHookHOOK_SEND_REPLY, sees, event.PSH|event.ACK),
			event.Segment{Flags: event.RST, Seq: 22, Window: window(0)}, seen(event.PSH | event.ACK),
		},
		"reply: an incoming RST gets no answer": {
			segmentRecord(bpf.ContextHookHOOK_SEND_REPLY, sees, event.RST),
			seen(event.RST), event.Segment{},
		},
		"receive: as it came": {
			segmentRecord(bpf.ContextHookHOOK_RECEIVE, sees, event.RST|event.ACK),
			seen(event.RST | event.ACK), event.Segment{},
		},
		"ignore: as it came": {
			segmentRecord(bpf.ContextHookHOOK_IGNORE, sees, event.RST), seen(event.RST), event.Segment{},
		},
		"reject: derived from the trigger": {
			segmentRecord(bpf.ContextHookHOOK_REJECT, sees, event.ACK),
			event.Segment{Flags: event.RST, Seq: 22, Window: window(0)}, seen(event.ACK),
		},
		"receive without the packet: nothing is guessed": {
			segmentRecord(bpf.ContextHookHOOK_RECEIVE, 0, event.RST),
			event.Segment{}, event.Segment{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := decodeOne(t, testSession(event.Fentry), test.record)
			if diff := cmp.Diff(test.rst, e.RST); diff != "" {
				t.Errorf("rst (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.trigger, e.Trigger); diff != "" {
				t.Errorf("trigger (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSegmentPosition: where a packet lies is said only of a socket that knew what it
// expected.
func TestSegmentPosition(t *testing.T) {
	const listen, synSent, established = event.StateListen, event.StateSynSent, event.StateEstablished
	for name, test := range map[string]struct {
		state               event.State
		seq, rcvNxt, window uint32
		want                event.Position
		offset              int32
	}{
		"exact":                  {established, 1000, 1000, 500, event.PositionExact, 0},
		"exact, window closed":   {established, 1000, 1000, 0, event.PositionExact, 0},
		"old":                    {established, 990, 1000, 500, event.PositionOld, -10},
		"old, across the wrap":   {established, 0xfffffff0, 0, 500, event.PositionOld, -16},
		"inside":                 {established, 1001, 1000, 500, event.PositionInWindow, 1},
		"at the window's end":    {established, 1500, 1000, 500, event.PositionInWindow, 500},
		"beyond":                 {established, 1501, 1000, 500, event.PositionBeyond, 501},
		"inside, past the wrap":  {established, 4, 0xfffffffe, 500, event.PositionInWindow, 6},
		"nothing expected":       {listen, 1000, 0, 0, "", 0},
		"no numbers of the peer": {synSent, 1000, 0, 65535, "", 0},
	} {
		r := segmentRecord(bpf.ContextHookHOOK_SEND_REPLY, bpf.ContextFactFACT_SEES_PACKET, event.ACK)
		r.Evidence.State = uint8(test.state)
		r.Packet.Seq, r.Expected.RcvNxt, r.Expected.Window = test.seq, test.rcvNxt, test.window
		got := new(interner).packet(r)
		if got.Position != test.want || (got.SeqOffset != nil) != (test.want != "") {
			t.Errorf("%s: position %q, offset %v, want %q", name, got.Position, got.SeqOffset, test.want)
		}
		if got.SeqOffset != nil && *got.SeqOffset != test.offset {
			t.Errorf("%s: offset %d, want %d", name, *got.SeqOffset, test.offset)
		}
	}
}
