package text

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
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
			must(t, s.Flush(time.Time{}))
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

// TestNumbersAreShown: a line refers to no number that is not shown before it.
func TestNumbersAreShown(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{})
	for _, e := range bothEnds() {
		must(t, s.Event(e))
		must(t, s.Followup(&event.Followup{Event: e.ID, Kind: event.GotSIGPIPE, PID: 1, Local: e.Local, Cause: e.Cause}))
	}
	must(t, s.Flush(time.Time{}))
	shown := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		for i, number := range regexp.MustCompile(`#\d+`).FindAllString(line, -1) {
			if i == 0 && !strings.Contains(line, "later") {
				shown[number] = true
			}
			if !shown[number] {
				t.Errorf("%s was not shown before: %s", number, line)
			}
		}
	}
	if len(shown) != 5 {
		t.Errorf("%v, want the numbers of five events", shown)
	}
}
