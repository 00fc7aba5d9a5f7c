package wire

import (
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestReasons: row 20. What a RST says itself is in the event and in its sentence.
func TestReasons(t *testing.T) {
	for payload, want := range map[string]string{
		"\x33\xaa\x00\x0e\x00\x00\x00\x00": `the RST gives the reason "Connection timeout" (IETF code 14)`,
		"go away":                          `the RST says "go away"`,
		"\x00\x01\x02":                     "",
	} {
		lines := with(conversation(false), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, payload: payload})
		e := talk(t, lines)[0]
		if want != "" && !strings.HasSuffix(e.Summary, want) || want == "" && strings.Contains(e.Summary, "the RST") {
			t.Errorf("%q: %s", payload, e.Summary)
		}
	}
}

// TestSides: the cause is that of our side, and so is the order of the ends.
func TestSides(t *testing.T) {
	aborted := with(conversation(true), line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 902})
	probes := with(conversation(true), line{from: "s", flags: ".", seq: 50, ack: 101, stamp: 950, after: time.Minute},
		line{from: "s", flags: "R.", seq: 51, ack: 101, rstWin: 500, stamp: 970, after: time.Minute})
	challenged := with(conversation(false), line{from: "s", flags: "R", seq: 91}, line{from: "c", flags: ".", seq: 101, ack: 51},
		line{from: "s", flags: "R", seq: 51})
	forged := with(conversation(false), line{from: "s", flags: "R", seq: 51}, line{from: "s", flags: "P.", seq: 51, ack: 101, len: 20})
	client, server := Addr{Lo: mapped | 0x0a000001}, Addr{Lo: mapped | 0x0a000002}
	for _, test := range []struct {
		name  string
		lines []line
		ours  *Addr
		dir   event.Dir
		cause event.CauseID
		local uint16
		role  event.Role
	}{
		{"aborted", aborted, nil, event.Observed, cause.PeerAborted, 40000, event.Client},
		{"aborted", aborted, &client, event.Received, cause.PeerAborted, 40000, event.Client},
		{"aborted", aborted, &server, event.Sent, cause.WireAbort, 80, event.Server},
		{"probes", probes, nil, event.Observed, cause.KeepaliveTimeout, 80, event.Server},
		{"probes", probes, &client, event.Received, cause.PeerAborted, 40000, event.Client},
		{"challenged", challenged, &client, event.Ignored, cause.RSTChallenged, 40000, event.Client},
		{"forged", forged, &client, event.Received, cause.WireInjected, 40000, event.Client},
		{"forged", forged, &server, event.Observed, cause.WireInjected, 40000, event.Client}, // our server did not send it
	} {
		var ours func(Addr) bool
		if test.ours != nil {
			ours = func(a Addr) bool { return a == *test.ours }
		}
		var e *event.Event
		engine := New(Options{Give: func(v *Verdict) error {
			if e == nil {
				e = v.Event(ours)
			}
			return nil
		}})
		if err := play(engine, test.lines); err != nil {
			t.Fatal(err)
		}
		if err := engine.End(); err != nil {
			t.Fatal(err)
		}
		if e.Dir != test.dir || e.Cause != test.cause || e.Local.Port != test.local || e.Conn.Role != test.role || e.LocalSent() != (test.local == 80) {
			t.Errorf("%s: %s %s at port %d, %s", test.name, e.Dir, e.Cause, e.Local.Port, e.Conn.Role)
		}
	}
}

// TestNumbers: what packets say about the connection.
func TestNumbers(t *testing.T) {
	e := talk(t, with(conversation(false), line{from: "c", flags: "P.", seq: 101, ack: 51, len: 10, after: 20 * time.Second}, line{from: "s", flags: "R", seq: 51, after: 5 * time.Millisecond}))[0]
	if e.Lost.UnackedBytes != 10 {
		t.Errorf("%d bytes were not acknowledged, want 10", e.Lost.UnackedBytes)
	}
	if e.Conn.LastReceivedMillis != 20_006 || e.Conn.LastSentMillis != 5 || e.Conn.AgeMillis != 20_010 {
		t.Errorf("received %d ms ago, sent %d, age %d", e.Conn.LastReceivedMillis, e.Conn.LastSentMillis, e.Conn.AgeMillis)
	}
	if e.RST.Position != event.PositionExact || *e.RST.SeqOffset != 0 || e.Trigger.Len != 10 || e.CommunityID == "" {
		t.Errorf("%+v, trigger %+v, %s", e.RST, e.Trigger, e.CommunityID)
	}
}

// TestClockSetBack: order goes by number.
func TestClockSetBack(t *testing.T) {
	lines := with(conversation(false), line{from: "s", flags: "F.", seq: 51, ack: 101},
		line{from: "c", flags: "P.", seq: 101, ack: 52, len: 10}, line{from: "s", flags: "R", seq: 52})
	var e *event.Event
	engine := New(Options{Give: func(v *Verdict) error { e = v.Event(nil); return nil }})
	for i, l := range lines {
		p := l.packet()
		p.Number, p.Time = uint64(i+1), int64(1e18)-int64(i)*1e9
		if err := engine.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.End(); err != nil {
		t.Fatal(err)
	}
	if e.Cause != cause.WroteAfterPeerClose {
		t.Errorf("%s: %q", e.Cause, e.Because)
	}
}
