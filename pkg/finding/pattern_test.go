package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestIncidents: each pattern is found, and what nearly looks like it is not.
func TestIncidents(t *testing.T) {
	for _, i := range incidents() {
		t.Run(i.name, func(t *testing.T) {
			c := run(t, i.events...)
			f := c.findings[len(c.findings)-1]
			for _, other := range c.findings {
				if i.want != "nothing-listens" && other.Pattern == "port-scan" || other.Pattern == "many-refuse" {
					f = other
				}
			}
			if f.Pattern != i.want {
				t.Fatalf("%q: %s\n%s", f.Pattern, f.Summary, f.Remedy)
			}
			text := f.Summary + " " + f.Remedy
			for _, want := range i.says {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in: %s", want, text)
				}
			}
			if strings.Contains(text, "%!") || f.Summary == "" || f.Remedy == "" && f.Pattern != "" {
				t.Errorf("broken text: %s", text)
			}
		})
	}
}

// TestEveryPatternHasAnIncident, and one that is nearly it is in the table above.
func TestEveryPatternHasAnIncident(t *testing.T) {
	all := incidents()
	for p := range All() {
		if p.ID == "sigpipe-death" {
			continue // see TestSIGPIPE
		}
		if !slices.ContainsFunc(all, func(i incident) bool { return i.want == p.ID }) {
			t.Errorf("no incident is %s", p.ID)
		}
	}
}

// TestSIGPIPE: a follow-up changes the diagnosis, and says whom it hurt.
func TestSIGPIPE(t *testing.T) {
	sent, received := pair(closedIdle(10, 40), with(receivedBy(2, cause.WroteAfterPeerClose, "bash"), func(e *event.Event) { e.App = event.App{Errno: "EPIPE", SIGPIPE: true} }))
	for _, fatal := range []bool{true, false} {
		c := new(collector)
		s := New(c)
		one, other := sent, received
		must(t, s.Event(&one))
		must(t, s.Event(&other))
		must(t, s.Followup(&event.Followup{Event: 2, Kind: event.GotSIGPIPE, PID: 200, Ended: fatal, Time: start}))
		f := c.last(t, 1)
		if dead := f.Pattern == "sigpipe-death"; dead != fatal {
			t.Errorf("fatal %v: %s", fatal, f.Pattern)
		}
		if fatal && !strings.Contains(f.Summary, "bash[200]") {
			t.Errorf("not named: %s", f.Summary)
		}
	}
}

// TestLateError: an error that the kernel reports after the event hurts as one that the
// event names. One that the event names already counts once.
func TestLateError(t *testing.T) {
	for _, named := range []bool{false, true} {
		sent, received := pair(sentBy(1, cause.LingerZero, "server"), receivedBy(2, cause.PeerAborted, "client"))
		received.App = event.App{}
		if named {
			received.App.Errno = "ECONNRESET"
		}
		c := new(collector)
		s := New(c)
		must(t, s.Event(&sent))
		must(t, s.Event(&received))
		if f := c.last(t, 1); f.Harmless == named {
			t.Errorf("error in the event: %v, harmless: %v", named, f.Harmless)
		}
		must(t, s.Followup(&event.Followup{Event: 2, Kind: event.GotError, Errno: "ECONNRESET", Expected: named, Time: start}))
		must(t, s.Report())
		if f := c.last(t, 1); f.Harmless || len(f.Errors) != 1 || f.Errors[0].Count != 1 {
			t.Errorf("error in the event: %v, harmless: %v, errors %+v", named, f.Harmless, f.Errors)
		}
	}
}

// TestPatternsAreWhole: every row has all that readers get.
func TestPatternsAreWhole(t *testing.T) {
	seen := make(map[event.PatternID]bool)
	for p := range All() {
		if seen[p.ID] {
			t.Errorf("%s is there twice", p.ID)
		}
		seen[p.ID] = true
		for name, text := range map[string]string{"title": p.Title, "meaning": p.Meaning, "shows": p.Shows, "disproof": p.Disproof, "fix": strings.Join(p.Fix, ""), "sources": strings.Join(p.Sources, "")} {
			if text == "" {
				t.Errorf("%s has no %s", p.ID, name)
			}
		}
		if _, isCause := cause.Lookup(event.CauseID(p.ID)); isCause && p.ID != "listener-closed" && p.ID != "orphan-limit" {
			t.Errorf("%s is a cause, too: explain could not tell them apart", p.ID)
		}
	}
}

// TestRanks: what hurts comes first, what is harmless last.
func TestRanks(t *testing.T) {
	check := with(sentBy(1, cause.LingerZero, "haproxy"), func(e *event.Event) {
		e.Local, e.Peer = e.Peer, e.Local
		e.Conn = conn(0, 1, 0, 1)
	})
	var events []event.Event
	for i := range 5 {
		e := check
		e.ID = uint64(i + 1)
		events = append(events, e)
	}
	hurt := receivedBy(6, cause.PeerGone, "curl")
	dead := with(sentBy(7, cause.UnreadDataOnClose, "app"), func(e *event.Event) { e.Owner.Ended.Signal = "SIGSEGV" })
	c := run(t, append(events, hurt, dead)...)
	var order []string
	for _, f := range c.findings {
		if f.Phase == event.FindingTotal {
			order = append(order, fmt.Sprint(f.ID))
		}
	}
	if got := strings.Join(order, " "); got != "3 2 1" {
		t.Errorf("order %s, want 3 2 1", got)
	}
}
