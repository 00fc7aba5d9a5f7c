package wire

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// rowTest is what the last RST of some packets must be, or the one at position which.
type rowTest struct {
	name   string
	lines  []line
	which  int // from 1; 0: the last
	row    uint32
	cause  event.CauseID
	exact  bool
	says   string // part of because
	frames []uint64
}

var rowTests = []rowTest{
	{
		name:  "row 1: refused",
		lines: []line{{from: "c", flags: "S"}, {from: "s", flags: "R.", seq: zeroSeq, ack: 1}},
		row:   1, cause: cause.Refused, exact: true, says: "SYN of packet 1", frames: []uint64{1},
	},
	{
		name: "near row 1: a SYN-ACK came before",
		lines: with(opened(false)[:2],
			line{from: "s", flags: "R.", seq: zeroSeq, ack: 1}),
		row: 24, cause: cause.WireUnknown,
	},
	{
		name:  "near row 1: it acknowledges something else",
		lines: []line{{from: "c", flags: "S"}, {from: "s", flags: "R.", seq: zeroSeq, ack: 77}},
		row:   24, cause: cause.WireUnknown,
	},
	{
		name:  "row 2: another TTL",
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902, ttl: 61}),
		row:   2, cause: cause.WireOtherDevice, says: "its TTL is 61",
	},
	{
		name: "near row 2: the sender's packets have several",
		lines: with(conversation(true), line{from: "s", flags: ".", seq: 51, ack: 101, stamp: 901, ttl: 63},
			line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902, ttl: 62}),
		row: 5, cause: cause.PeerAborted,
	},
	{
		name: "row 3: the sender does not know the connection",
		lines: with(conversation(true), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10, stamp: 400, after: 350 * time.Second},
			line{from: "s", flags: "R", seq: 51}),
		row: 3, cause: cause.PeerGone, says: "idle for 6 min", frames: []uint64{7},
	},
	{
		name:  "row 3: no timestamps and no window are an ordinary answer",
		lines: with(conversation(true), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10, stamp: 400}, line{from: "s", flags: "R", seq: 51}),
		row:   3, cause: cause.PeerGone,
	},
	{
		name:  "row 3: a packet without ACK flag is acknowledged",
		lines: []line{{from: "c", flags: "F", seq: 5}, {from: "s", flags: "R.", seq: zeroSeq, ack: 6}},
		row:   3, cause: cause.ResetWhileClosing, says: "no ACK flag",
	},
	{
		name:  "near row 3: it has a window",
		lines: with(conversation(false), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10}, line{from: "s", flags: "R", seq: 51, rstWin: 99}),
		row:   6, cause: cause.ResetByPeer, says: "window or options",
	},
	{
		name:  "near row 3: no packet acknowledged that number",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 60}),
		row:   24, cause: cause.WireUnknown, says: "9 away",
	},
	{
		name: "row 4: data after a FIN",
		lines: with(conversation(false), line{from: "s", flags: "F.", seq: 51, ack: 101},
			line{from: "c", flags: "P.", seq: 101, ack: 52, len: 10}, line{from: "s", flags: "R", seq: 52}),
		row: 4, cause: cause.WroteAfterPeerClose, says: "closed its side 2.0 ms before (packet 7)", frames: []uint64{7, 8},
	},
	{
		name: "near row 4: the FIN was the other end's",
		lines: with(conversation(false), line{from: "c", flags: "F.", seq: 101, ack: 51},
			line{from: "s", flags: "R", seq: 51}),
		row: 3, cause: cause.ResetWhileClosing,
	},
	{
		name:  "row 5: abort",
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902}),
		row:   5, cause: cause.PeerAborted, says: "a window and a timestamp", frames: []uint64{5},
	},
	{
		name: "row 5: abort of an end that announced no window",
		lines: with(conversation(false), line{from: "s", flags: ".", seq: 51, ack: 101, window: -1},
			line{from: "s", flags: "R.", seq: 51, ack: 101}),
		row: 5, cause: cause.PeerAborted,
	},
	{
		name: "row 5: abort after a FIN",
		lines: with(conversation(true), line{from: "s", flags: "F.", seq: 51, ack: 101, stamp: 902}, line{from: "c", flags: ".", seq: 101, ack: 52, stamp: 103},
			line{from: "s", flags: "R.", seq: 52, ack: 101, rstWin: 500, stamp: 903}),
		row: 5, cause: cause.ResetAfterPeerClose,
	},
	{
		name:  "row 6: no timestamp, and both ends use them",
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101}),
		row:   6, cause: cause.ResetByPeer, says: "no timestamp",
	},
	{
		name:  "row 7: data unread",
		lines: with(conversation(true), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 30, stamp: 102}, line{from: "s", flags: "R.", seq: 51, ack: 131, rstWin: 500, stamp: 902}),
		row:   7, cause: cause.PeerAborted, says: "last 30 bytes",
	},
	{
		name:  "row 7: data on its way",
		lines: with(conversation(true), line{from: "s", flags: "P.", seq: 51, ack: 101, len: 20, stamp: 902}, line{from: "s", flags: "R.", seq: 71, ack: 101, rstWin: 500, stamp: 903}),
		row:   7, cause: cause.PeerAborted, says: "20 bytes of the sender",
	},
	{
		name: "near row 7: the last byte is a FIN",
		lines: with(conversation(true), line{from: "c", flags: "F.", seq: 101, ack: 51, stamp: 102},
			line{from: "s", flags: "R.", seq: 51, ack: 102, rstWin: 500, stamp: 902}),
		row: 5, cause: cause.ResetWhileClosing,
	},
	{
		name: "row 8: probes that nothing answered",
		lines: with(conversation(true), line{from: "s", flags: ".", seq: 50, ack: 101, stamp: 950, after: time.Minute},
			line{from: "s", flags: ".", seq: 50, ack: 101, stamp: 960, after: 10 * time.Second},
			line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 970, after: 10 * time.Second}),
		row: 8, cause: cause.KeepaliveTimeout, says: "2 probes", frames: []uint64{7, 8},
	},
	{
		name: "near row 8: a probe was answered",
		lines: with(conversation(true), line{from: "s", flags: ".", seq: 50, ack: 101, stamp: 950, after: time.Minute},
			line{from: "c", flags: ".", seq: 101, ack: 51, stamp: 110},
			line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 970, after: 10 * time.Second}),
		row: 5, cause: cause.PeerAborted,
	},
	{
		name:  "row 9: the client ends the handshake",
		lines: with(opened(false)[:2], line{from: "c", flags: "R", seq: 1}),
		row:   9, cause: cause.HandshakeAborted, frames: []uint64{1, 2},
	},
	{
		name:  "near row 9: the handshake was complete",
		lines: with(opened(false), line{from: "c", flags: "R.", seq: 1, ack: 1, rstWin: 500}),
		row:   5, cause: cause.PeerAborted,
	},
	{
		name:  "row 10: a SYN-ACK that nobody asked for",
		lines: []line{{from: "s", flags: "S.", ack: 1}, {from: "c", flags: "R", seq: 1}},
		row:   10, cause: cause.StraySynAck,
	},
	{
		name:  "near row 10: the SYN is there",
		lines: with(opened(false)[:2], line{from: "c", flags: "R", seq: 1}),
		row:   9, cause: cause.HandshakeAborted,
	},
	{
		name:  "row 11: the attempt was broken off",
		lines: []line{{from: "c", flags: "S"}, {from: "c", flags: "R", seq: 1}},
		row:   11, cause: cause.HandshakeAborted, exact: true,
	},
	{
		name: "row 12: the sender goes on",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 51}, line{from: "s", flags: "P.", seq: 51, ack: 101, len: 20},
			line{from: "c", flags: ".", seq: 101, ack: 71}),
		row: 12, cause: cause.WireInjected, says: "packet 8", frames: []uint64{8, 9},
	},
	{
		name:  "row 12: the SYN is accepted after all",
		lines: []line{{from: "c", flags: "S"}, {from: "s", flags: "R.", seq: zeroSeq, ack: 1}, {from: "s", flags: "S.", ack: 1}},
		row:   12, cause: cause.WireInjected,
	},
	{
		name:  "near row 12: the SYN was sent again before",
		lines: []line{{from: "c", flags: "S"}, {from: "s", flags: "R.", seq: zeroSeq, ack: 1}, {from: "c", flags: "S", after: time.Second}, {from: "s", flags: "S.", ack: 1}},
		row:   1, cause: cause.Refused, exact: true,
	},
	{
		name: "near row 12: only a copy of an older packet",
		lines: with(conversation(false), line{from: "s", flags: "P.", seq: 51, ack: 101, len: 20}, line{from: "s", flags: "R.", seq: 71, ack: 101, rstWin: 500},
			line{from: "s", flags: "P.", seq: 51, ack: 101, len: 20}),
		row: 7, cause: cause.PeerAborted,
	},
	{
		name:  "near row 12: the connection begins anew",
		lines: with(conversation(false), line{from: "c", flags: "R.", seq: 101, ack: 51, rstWin: 500}, line{from: "c", flags: "S", seq: 900_000}, line{from: "s", flags: "S.", seq: 70_000, ack: 900_001}, line{from: "c", flags: "P.", seq: 900_001, ack: 70_001, len: 5}),
		row:   5, cause: cause.PeerAborted,
	},
	{
		name:  "row 13: late",
		lines: with(conversation(false), line{from: "s", flags: "P.", seq: 51, ack: 101, len: 2000}, line{from: "s", flags: "R.", seq: 1500, ack: 101}),
		row:   13, cause: cause.WireInjected, says: "551 bytes further",
	},
	{
		name: "near row 13: an answer to a packet that came late",
		lines: with(conversation(false), line{from: "s", flags: "P.", seq: 51, ack: 101, len: 2000}, line{from: "c", flags: ".", seq: 101, ack: 551},
			line{from: "s", flags: "R", seq: 551}),
		row: 3, cause: cause.PeerGone,
	},
	{
		name: "row 14: two RSTs, and the second is beyond all",
		lines: with(conversation(false), line{from: "s", flags: "R.", seq: 51, ack: 101}, line{from: "s", flags: "R.", seq: 1511, ack: 101},
			line{from: "s", flags: "R.", seq: 4431, ack: 101}),
		row: 14, cause: cause.WireInjected,
	},
	{
		name:  "row 14: also the first of them",
		lines: with(conversation(false), line{from: "s", flags: "R.", seq: 51, ack: 101}, line{from: "s", flags: "R.", seq: 1511, ack: 101}),
		which: 1, row: 14, cause: cause.WireInjected,
	},
	{
		name: "near row 14: each answers a packet",
		lines: with(conversation(false), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 5}, line{from: "s", flags: "R", seq: 51},
			line{from: "c", flags: "P.", seq: 106, ack: 71, len: 5}, line{from: "s", flags: "R", seq: 71}),
		row: 22, cause: cause.ClosedEarlier,
	},
	{
		name:  "row 15: different acknowledgements",
		lines: with(conversation(false), line{from: "s", flags: "R.", seq: 51, ack: 101}, line{from: "s", flags: "R.", seq: 51, ack: 9101}),
		row:   15, cause: cause.WireInjected,
	},
	{
		name: "near row 15: each acknowledges what came meanwhile",
		lines: with(conversation(false), line{from: "s", flags: "R.", seq: 51, ack: 101}, line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10},
			line{from: "s", flags: "R.", seq: 51, ack: 111}),
		row: 6, cause: cause.ResetByPeer,
	},
	{
		name: "row 16: sooner than the sender can answer",
		lines: []line{
			{from: "c", flags: "S"}, {from: "s", flags: "S.", ack: 1, after: 80 * time.Millisecond}, {from: "c", flags: ".", seq: 1, ack: 1},
			{from: "c", flags: "P.", seq: 1, ack: 1, len: 100}, {from: "s", flags: "R.", seq: 1, ack: 101, after: 3 * time.Millisecond},
		},
		row: 16, cause: cause.WireOtherDevice, says: "80.0 ms at least",
	},
	{
		name: "near row 16: it does not acknowledge what came just now",
		lines: []line{
			{from: "c", flags: "S"}, {from: "s", flags: "S.", ack: 1, after: 80 * time.Millisecond}, {from: "c", flags: ".", seq: 1, ack: 1},
			{from: "c", flags: "P.", seq: 1, ack: 1, len: 100}, {from: "s", flags: "R.", seq: 1, ack: 1, after: 3 * time.Millisecond},
		},
		row: 6, cause: cause.ResetByPeer,
	},
	{
		name: "row 17: the IP id of the packet that it answers",
		lines: []line{
			{from: "c", flags: "S", id: 5000}, {from: "s", flags: "S.", ack: 1, id: 20}, {from: "c", flags: ".", seq: 1, ack: 1, id: 5001}, {from: "s", flags: ".", seq: 1, ack: 1, id: 21},
			{from: "c", flags: "P.", seq: 1, ack: 1, len: 100, id: 5002}, {from: "s", flags: "R.", seq: 1, ack: 101, id: 5002},
		},
		row: 17, cause: cause.WireInjected, says: "5002",
	},
	{
		name: "row 17: an IP id far from the sender's counter",
		lines: []line{
			{from: "c", flags: "S"}, {from: "s", flags: "S.", ack: 1, id: 20}, {from: "c", flags: ".", seq: 1, ack: 1},
			{from: "s", flags: "P.", seq: 1, ack: 1, id: 21, len: 1}, {from: "s", flags: "P.", seq: 2, ack: 1, id: 22, len: 1}, {from: "s", flags: "P.", seq: 3, ack: 1, id: 23, len: 1},
			{from: "s", flags: "P.", seq: 4, ack: 1, id: 24, len: 1}, {from: "s", flags: "R.", seq: 5, ack: 1, id: 30_000},
		},
		row: 17, cause: cause.WireInjected, says: "count up to 24",
	},
	{
		name: "near row 17: an answer of Linux has the IP id 0",
		lines: []line{
			{from: "c", flags: "S"}, {from: "s", flags: "S.", ack: 1, id: 20}, {from: "c", flags: ".", seq: 1, ack: 1},
			{from: "s", flags: "P.", seq: 1, ack: 1, id: 21, len: 1}, {from: "s", flags: "P.", seq: 2, ack: 1, id: 22, len: 1}, {from: "s", flags: "P.", seq: 3, ack: 1, id: 23, len: 1},
			{from: "s", flags: "P.", seq: 4, ack: 1, id: 24, len: 1}, {from: "c", flags: "P.", seq: 1, ack: 5, len: 2}, {from: "s", flags: "R", seq: 5},
		},
		row: 3, cause: cause.PeerGone,
	},
	{
		name: "row 19: challenged, then obeyed",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 91}, line{from: "c", flags: ".", seq: 101, ack: 51},
			line{from: "s", flags: "R", seq: 51}),
		which: 1, row: 19, cause: cause.RSTChallenged, exact: true, says: "40 past", frames: []uint64{8, 9},
	},
	{
		name: "row 19: the second RST is no repeat",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 91}, line{from: "c", flags: ".", seq: 101, ack: 51},
			line{from: "s", flags: "R", seq: 51}),
		row: 3, cause: cause.PeerGone,
	},
	{
		name: "row 19: challenged, and the other end went on",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 91}, line{from: "c", flags: ".", seq: 101, ack: 51},
			line{from: "c", flags: "P.", seq: 101, ack: 51, len: 4}),
		row: 19, cause: cause.RSTChallenged, says: "went on (packet 9)",
	},
	{
		name: "near row 19: the RST was past the window",
		lines: with(conversation(false), line{from: "s", flags: "R", seq: 90_000}, line{from: "c", flags: ".", seq: 101, ack: 51},
			line{from: "s", flags: "R", seq: 51}),
		which: 1, row: 24, cause: cause.WireUnknown,
	},
	{
		name: "row 21: fast close", exact: true,
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, options: TCPOptions{FastClose: true, Bytes: 12}}),
		row:   21, cause: cause.MPTCPClose,
	},
	{
		name: "row 21: a subflow is reset", exact: true,
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, options: TCPOptions{MPTCPReset: true, Reason: 3, Bytes: 4}}),
		row:   21, cause: cause.MPTCPReset, says: "administratively prohibited",
	},
	{
		name: "near row 21: it answers the SYN of a whole connection", exact: true,
		lines: []line{{from: "c", flags: "S", seq: 0}, {from: "s", flags: "R.", seq: zeroSeq, ack: 1, options: TCPOptions{MPTCPReset: true, Reason: 3, Bytes: 4}}},
		row:   1, cause: cause.Refused,
	},
	{
		name: "row 21: it answers the SYN of a subflow", exact: true,
		lines: []line{{from: "c", flags: "S", seq: 0, options: TCPOptions{Join: true, Bytes: 12}}, {from: "s", flags: "R.", seq: zeroSeq, ack: 1, options: TCPOptions{MPTCPReset: true, Reason: 3, Bytes: 4}}},
		row:   21, cause: cause.MPTCPReset,
	},
	{
		name: "row 22: a repeat",
		lines: with(conversation(false), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10}, line{from: "c", flags: "P.", seq: 111, ack: 51, len: 10},
			line{from: "s", flags: "R", seq: 51}, line{from: "s", flags: "R", seq: 51}),
		row: 3, cause: cause.PeerGone, says: "repeats the RST of packet 9",
	},
	{
		name: "row 22: an answer to what still comes",
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902}, line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10, stamp: 103},
			line{from: "s", flags: "R", seq: 51}),
		row: 22, cause: cause.ClosedEarlier, says: "packet 7",
	},
	{
		name:  "row 23: a wrong checksum",
		lines: with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902, bad: true}),
		row:   23, cause: cause.RSTBadChecksum,
	},
	{
		name: "near row 23: at the sender all are to be added by the device",
		lines: []line{
			{from: "c", flags: "S"}, {from: "s", flags: "S.", ack: 1, partial: true}, {from: "c", flags: ".", seq: 1, ack: 1},
			{from: "s", flags: "R.", seq: 1, ack: 1, rstWin: 500, partial: true},
		},
		row: 5, cause: cause.PeerAborted,
	},
	{
		name: "near row 23: the sum of an odd number of bytes over IPv6 is right",
		lines: []line{
			{from: "c", flags: "S", ipv6: true}, {from: "s", flags: "S.", ack: 1, ipv6: true}, {from: "c", flags: "P.", seq: 1, ack: 1, payload: "abc", ipv6: true},
			{from: "c", flags: "R.", seq: 4, ack: 1, rstWin: 500, payload: "bye", ipv6: true},
		},
		row: 7, cause: cause.PeerAborted,
	},
	{
		name: "row 23: no signature",
		lines: []line{
			{from: "c", flags: "S", options: TCPOptions{Signed: true}}, {from: "s", flags: "S.", ack: 1, options: TCPOptions{Signed: true}}, {from: "c", flags: ".", seq: 1, ack: 1, options: TCPOptions{Signed: true}},
			{from: "s", flags: "R", seq: 1},
		},
		row: 23, cause: cause.RSTBadSignature,
	},
	{
		name:  "row 24: nothing else",
		lines: []line{{from: "s", flags: "R", seq: 1}},
		row:   24, cause: cause.WireUnknown, says: "no other packet of the connection",
	},
	{
		name:  "row 24: one direction",
		lines: []line{{from: "s", flags: "P.", seq: 1, ack: 1, len: 5}, {from: "s", flags: "P.", seq: 6, ack: 1, len: 5}, {from: "s", flags: "R.", seq: 1000, ack: 1}},
		row:   24, cause: cause.WireUnknown, says: "no packet of the other end",
	},
}

func TestRows(t *testing.T) {
	tested := make(map[int]bool)
	for _, test := range rowTests {
		t.Run(test.name, func(t *testing.T) {
			events := talk(t, test.lines)
			which := test.which
			if which == 0 {
				which = len(events)
			}
			if which > len(events) || which == 0 {
				t.Fatalf("%d events", len(events))
			}
			e := events[which-1]
			tested[int(e.Capture.Row)] = true
			if e.Capture.Row != test.row || e.Cause != test.cause || (e.Certainty == event.Exact) != test.exact {
				t.Errorf("row %d, %s, %s, want row %d, %s, exact %t\n%s\n%q", e.Capture.Row, e.Cause, e.Certainty, test.row, test.cause, test.exact, e.Summary, e.Because)
			}
			if text := strings.Join(e.Because, "; "); !strings.Contains(text, test.says) {
				t.Errorf("because %q, want %q", text, test.says)
			}
			if test.frames != nil && !slices.Equal(e.Capture.Others, test.frames) {
				t.Errorf("packets %d, want %d", e.Capture.Others, test.frames)
			}
		})
	}
	for i := range rules {
		if !tested[rules[i].row] {
			t.Errorf("row %d has no test", rules[i].row)
		}
	}
	if !tested[unknownRow] {
		t.Error("row 24 has no test")
	}
}
