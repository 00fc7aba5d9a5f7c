package join

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/fleet"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSees: each thing that may hide an event is a reason, and nothing else is.
func TestSees(t *testing.T) {
	all := event.Dirs[:3]
	cover := func(second int, phase event.CoveragePhase, change func(*event.Coverage)) *event.Coverage {
		c := &event.Coverage{Time: start.Add(time.Duration(second) * time.Second), Phase: phase, Dirs: all}
		if change != nil {
			change(c)
		}
		return c
	}
	lost := func(c *event.Coverage) { c.Lost = 3 }
	for _, tt := range []struct {
		about    string
		coverage []*event.Coverage
		last     int // seconds, of the last item
		want     string
		wait     bool
	}{
		{about: "nothing is known", last: 200, want: "does not say"},
		{"it sees all", []*event.Coverage{cover(0, "begins", nil)}, 200, "", false},
		{"until it ends", []*event.Coverage{cover(0, "begins", nil), cover(110, "ends", nil)}, 110, "", false},
		{"more may come", []*event.Coverage{cover(0, "begins", nil)}, 103, "long enough", true},
		{"it began later", []*event.Coverage{cover(101, "begins", nil)}, 200, "not traced yet", false},
		{"it ended before", []*event.Coverage{cover(0, "begins", nil), cover(50, "ends", nil)}, 200, "not traced any more", false},
		{"it ends meanwhile", []*event.Coverage{cover(0, "begins", nil), cover(100, "ends", nil)}, 200, "not traced any more", false},
		{"it began again meanwhile", []*event.Coverage{cover(0, "begins", nil), cover(100, "begins", nil)}, 200, "not traced yet", false},
		{"it began again in time", []*event.Coverage{cover(0, "begins", nil), cover(40, "ends", nil), cover(50, "begins", nil)}, 200, "", false},
		{"it lost events then", []*event.Coverage{cover(0, "begins", nil), cover(90, "goesOn", nil), cover(120, "goesOn", lost)}, 200, "lost 3 events", false},
		{"it lost events before", []*event.Coverage{cover(0, "begins", nil), cover(60, "goesOn", lost), cover(90, "goesOn", nil)}, 200, "", false},
		{"it lost events later", []*event.Coverage{cover(0, "begins", nil), cover(120, "goesOn", nil), cover(150, "goesOn", lost)}, 200, "", false},
		{"its kernel missed some", []*event.Coverage{cover(0, "begins", nil), cover(120, "goesOn", func(c *event.Coverage) { c.Missed = 1 })}, 200, "missed 1", false},
		{"its limit held some back", []*event.Coverage{cover(0, "begins", nil), cover(120, "goesOn", func(c *event.Coverage) { c.HeldBack = true })}, 200, "--max-rate", false},
		{"a filter", []*event.Coverage{cover(0, "begins", func(c *event.Coverage) { c.Filter = "port 443" })}, 200, "port 443", false},
		{"a filter that is gone", []*event.Coverage{cover(0, "begins", func(c *event.Coverage) { c.Filter = "port 443" }), cover(60, "goesOn", nil)}, 200, "", false},
		{"a filter that comes meanwhile", []*event.Coverage{cover(0, "begins", nil), cover(101, "goesOn", func(c *event.Coverage) { c.Filter = "port 443" })}, 200, "port 443", false},
		{"other directions", []*event.Coverage{cover(0, "begins", func(c *event.Coverage) { c.Dirs = all[1:] })}, 200, "look for", false},
		{"a limit", []*event.Coverage{cover(0, "begins", func(c *event.Coverage) { c.Limits = []string{"no-active"} })}, 200, "no-active", false},
		{"a limit of something else", []*event.Coverage{cover(0, "begins", func(c *event.Coverage) { c.Limits = []string{"no-receive"} })}, 200, "", false},
	} {
		t.Run(tt.about, func(t *testing.T) {
			h := &host{last: start.Add(time.Duration(tt.last) * time.Second)}
			for _, c := range tt.coverage {
				h.cover(c)
			}
			got := h.sees(all[:1], hidesSent, start.Add(98*time.Second), start.Add(102*time.Second))
			if (got.doubt == "") != (tt.want == "") || !strings.Contains(got.doubt, tt.want) || got.wait != tt.wait {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
		})
	}
}

// TestHides: a kernel that hides some replies shows all aborts.
func TestHides(t *testing.T) {
	h := &host{last: start.Add(time.Hour)}
	h.cover(&event.Coverage{Time: start, Phase: event.CoverageBegins, Dirs: event.Dirs[:3], Limits: []string{"no-signed"}})
	for _, tt := range []struct {
		about   string
		numbers numbers
		doubt   string
	}{
		{"an abort", numbers{seq: 7, ack: 9, hasACK: true}, ""},
		{"a reply to data", numbers{seq: 7}, "no-signed"},
		{"a reply to a SYN", numbers{ack: 9, hasACK: true}, "no-signed"},
	} {
		at := start.Add(time.Minute)
		if got := h.sees(event.Dirs[:1], tt.numbers.hides(), at, at.Add(time.Second)); (got.doubt == "") != (tt.doubt == "") || !strings.Contains(got.doubt, tt.doubt) {
			t.Errorf("%s: %+v, want %q", tt.about, got, tt.doubt)
		}
	}
	h.cover(&event.Coverage{Time: start.Add(2 * time.Minute), Phase: event.CoverageGoesOn, Dirs: event.Dirs[:3], Limits: []string{"no-active"}})
	at := start.Add(3 * time.Minute)
	if got := h.sees(event.Dirs[:1], numbers{seq: 7, ack: 9, hasACK: true}.hides(), at, at.Add(time.Second)); got.doubt == "" {
		t.Error("it does not show aborts")
	}
}

// TestLossIsAGap: what a sink dropped is missing since the item before.
func TestLossIsAGap(t *testing.T) {
	h := &host{last: start.Add(time.Hour)}
	h.cover(&event.Coverage{Time: start, Phase: event.CoverageBegins, Dirs: event.Dirs[:3]})
	h.lose(&event.Loss{Time: start.Add(200 * time.Second), Events: 7}, start.Add(100*time.Second))
	for second, doubt := range map[int]bool{50: false, 150: true, 300: false} {
		at := start.Add(time.Duration(second) * time.Second)
		if got := h.sees(event.Dirs[:1], hidesSent, at, at.Add(time.Second)); (got.doubt != "") != doubt {
			t.Errorf("after %d s: %+v", second, got)
		}
	}
}

// TestCrowded: if more come than can wait, nothing is said of them, and their number is known.
func TestCrowded(t *testing.T) {
	j := newJudge(t)
	s := New(j, Options{Held: 100})
	if err := fleet.Run(fleet.Options{Hosts: 20, Events: 5000, Rate: 500, Seed: 6, Start: start}, s); err != nil {
		t.Fatal(err)
	}
	if s.held() > 101 {
		t.Errorf("%d items wait", s.held())
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if r := s.Result(); r.Crowded == 0 || r.Nobody+r.Never > 0 {
		t.Errorf("%+v", r)
	}
}

// TestNamedLater: both ends are on one host, whose first event was written before that was
// known. Nothing else is said of it.
func TestNamedLater(t *testing.T) {
	var got collected
	s := New(&got, Options{})
	here, there := event.Endpoint{Addr: netip.MustParseAddr("10.1.0.2"), Port: 40000}, event.Endpoint{Addr: netip.MustParseAddr("10.1.0.1"), Port: 80}
	rst := event.Segment{Flags: event.RST | event.ACK, Seq: 7, Ack: 9}
	of := event.Host{HostName: "edge"}
	for _, e := range []*event.Event{
		{Host: of, ID: 51, Time: start, Dir: event.Sent, Local: here, Peer: there, RST: rst},
		{Host: of, ID: 52, Time: start.Add(11 * time.Millisecond), Dir: event.Received, Local: there, Peer: here, RST: rst, PeerEvent: 51},
	} {
		if err := s.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if len(got.events) != 2 {
		t.Fatalf("%d events", len(got.events))
	}
	first, second := got.events[0], got.events[1]
	if !first.PeerFollows || first.PeerGot.Verdict != "" || second.PeerEvent != first.ID || s.Result().NotSeen > 0 {
		t.Errorf("%+v, %+v, %+v", first, second, s.Result())
	}
}

// TestWordsOfNumbers: the words of an event have the number that an earlier one has behind the
// join. One that still waits has none yet.
func TestWordsOfNumbers(t *testing.T) {
	for _, tt := range []struct{ about, want string }{
		{"it came out before", "ended (#7, 28 ms earlier)"},
		{"it waits", "ended (event 16 of server, 28 ms earlier)"},
		{"another number", "ended (#160, 28 ms earlier)"},
	} {
		n := &entry{host: &host{Host: event.Host{HostName: "server"}}}
		n.event.Earlier.Event, n.event.Summary, n.event.Remedy = 16, "ended (#16, 28 ms earlier)", "Look at #16"
		switch tt.about {
		case "it came out before":
			n.host.ids.set(16, 7)
		case "another number":
			n.event.Summary = tt.want
		}
		if n.renumber(); n.event.Summary != tt.want || n.event.Remedy == "Look at #16" {
			t.Errorf("%s: %q, %q", tt.about, n.event.Summary, n.event.Remedy)
		}
	}
}

// collected are the events that come out of a stage.
type collected struct {
	event.NopSink
	events []*event.Event
}

func (c *collected) Event(e *event.Event) error { c.events = append(c.events, e.Clone()); return nil }
