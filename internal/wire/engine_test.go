package wire

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestForgotten: the connection that was quiet longest is forgotten, and counted. A RST
// of one that is still known has its evidence.
func TestForgotten(t *testing.T) {
	const room = 10
	var causes []event.CauseID
	e := New(Options{Connections: room, Give: func(v *Verdict) error {
		causes = append(causes, v.Event(nil).Cause)
		return nil
	}})
	at := int64(0)
	send := func(port uint16, l line) {
		t.Helper()
		p := l.packet()
		at += 1000
		p.Time, p.Number = at, uint64(at)
		if p.SrcPort == 40000 {
			p.SrcPort = port
		} else {
			p.DstPort = port
		}
		if err := e.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	for port := range uint16(2 * room) {
		send(port, line{from: "c", flags: "S"})
		send(0, line{from: "c", flags: "S"}) // never quiet
	}
	send(0, line{from: "s", flags: "R.", seq: zeroSeq, ack: 1})
	send(1, line{from: "s", flags: "R.", seq: zeroSeq, ack: 1})
	if err := e.End(); err != nil {
		t.Fatal(err)
	}
	if want := []event.CauseID{cause.Refused, cause.WireUnknown}; !slices.Equal(causes, want) {
		t.Errorf("%q, want %q", causes, want)
	}
	if got := e.Account().Forgotten; got != room+1 {
		t.Errorf("%d forgotten, want %d", got, room+1)
	}
}

// TestManyWait: more RSTs at once than may wait are decided early, in order, and counted.
func TestManyWait(t *testing.T) {
	var last, count uint64
	e := New(Options{Give: func(v *Verdict) error {
		if n := v.Event(nil).Capture.RST; n <= last {
			t.Fatalf("packet %d after %d", n, last)
		} else {
			last = n
		}
		count++
		return nil
	}})
	const extra = 100
	for n := range uint64(waitsMax + extra) {
		p := (&line{from: "s", flags: "R", seq: 1}).packet()
		p.Number, p.Time = n+1, 1e9
		if err := e.Packet(p); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Account().Early; got != extra || count != extra {
		t.Errorf("%d decided early, %d given, want %d", got, count, extra)
	}
}

// TestSinkFails: its error ends everything.
func TestSinkFails(t *testing.T) {
	failed := errors.New("no room")
	e := New(Options{Give: func(*Verdict) error { return failed }})
	if err := errors.Join(play(e, []line{{from: "s", flags: "R", seq: 1}}), e.End()); !errors.Is(err, failed) {
		t.Errorf("%v", err)
	}
}

// FuzzEngine: whatever packets come, every RST gets one verdict, in order, whose evidence
// are packets that came, and whose event has a cause of the catalogue.
func FuzzEngine(f *testing.F) {
	f.Add(uint64(1), 50)
	f.Add(uint64(77), 3000)
	f.Fuzz(func(t *testing.T, seed uint64, packets int) {
		r := rand.New(rand.NewPCG(seed, 1))
		var rsts, given, last uint64
		e := New(Options{Connections: 1 + r.IntN(5), Give: func(v *Verdict) error {
			given++
			for _, ours := range []func(Addr) bool{nil, func(a Addr) bool { return a.Lo&1 == 0 }} {
				event := v.Event(ours)
				if _, known := cause.Lookup(event.Cause); !known || event.Summary == "" || len(event.Because) == 0 {
					t.Fatalf("%s: %s %q", event.Cause, event.Summary, event.Because)
				}
				if event.Capture.RST < last || slices.ContainsFunc(event.Capture.Others, func(n uint64) bool { return n == 0 || n > uint64(packets) }) {
					t.Fatalf("packet %d, others %d", event.Capture.RST, event.Capture.Others)
				}
				last = event.Capture.RST
			}
			return nil
		}})
		packets = min(max(packets, 0), 5000)
		letters := []string{"S", "S.", ".", "P.", "F.", "R", "R.", "", "FSRP.U"}
		for n := range packets {
			l := line{
				from: []string{"c", "s"}[r.IntN(2)], flags: letters[r.IntN(len(letters))], seq: r.IntN(8), ack: r.IntN(8), len: r.IntN(4),
				stamp: uint32(r.IntN(3)), ttl: uint8(r.IntN(6)), id: uint16(r.IntN(4)), rstWin: r.IntN(2), bad: r.IntN(9) == 0, ipv6: r.IntN(9) == 0,
				options: TCPOptions{FastClose: r.IntN(30) == 0, Signed: r.IntN(30) == 0, Cut: r.IntN(30) == 0},
			}
			p := l.packet()
			p.Number, p.Time = uint64(n+1), int64(n)*int64(r.IntN(1e9))
			p.SrcPort += uint16(r.IntN(2))
			if p.Flags.Has(event.RST) {
				rsts++
			}
			if err := e.Packet(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.End(); err != nil {
			t.Fatal(err)
		}
		if given != rsts {
			t.Fatalf("%d verdicts of %d RSTs", given, rsts)
		}
	})
}
