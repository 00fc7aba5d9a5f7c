package text

import (
	"bytes"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/sink/internal/fixture"
)

// TestEndsGolden writes RSTs whose both ends are on this host.
func TestEndsGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"ends-file":       {},
		"ends-80-columns": {Width: 80, Height: 40, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			var out bytes.Buffer
			s := New(&out, o)
			for _, e := range bothEnds() {
				must(t, s.Event(e))
			}
			must(t, s.Flush())
			checkGolden(t, name, out.Bytes())
		})
	}
}

// bothEnds are a RST whose ends know each other, one that only the second
// knows, and one alone.
func bothEnds() []*event.Event {
	all := fixture.Events()
	sent, received := *all[8], *all[2]
	sent.ID, received.ID = 17, 18
	received.Local, received.Peer = sent.Peer, sent.Local
	received.Time = sent.Time.Add(90 * time.Microsecond)
	sent.PeerEvent, received.PeerEvent = 18, 17

	lateSent, lateReceived, alone := sent, received, *all[0]
	lateSent.ID, lateReceived.ID, alone.ID = 19, 20, 21
	lateSent.PeerEvent, lateReceived.PeerEvent = 0, 19
	return []*event.Event{&sent, &received, &lateSent, &lateReceived, &alone}
}

func TestNumbers(t *testing.T) {
	var n numbers
	for id := uint64(1); id <= 1000; id++ {
		if n.has(id) {
			t.Fatalf("%d is known before it was written", id)
		}
		n.note(id)
	}
	for id, want := range map[uint64]bool{1000: true, 745: true, 744: false, 1001: false} {
		if n.has(id) != want {
			t.Errorf("%d: %v, want %v", id, !want, want)
		}
	}
}
