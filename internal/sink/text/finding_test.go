package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// findings are an incident that begins, grows and turns out to be something else, one
// without a pattern, a harmless one, and all of them in the totals.
func findings() (list []*event.Finding) {
	events := fixture.Events()
	race := event.Finding{
		Time: events[0].Time, ID: 1, Phase: event.FindingBegins, Pattern: "closed-under-request", Cause: cause.DataAfterClose, Dir: event.Sent,
		Certainty: event.Exact, Summary: "node[33] closed connections, and 44 ms later the next data of nginx[812] arrived",
		Remedy: "Find out why node[33] closed", Local: events[0].Local, Peer: events[0].Peer, Server: events[0].Local,
		Actor:  event.Party{Owner: event.Owner{PID: 33, Comm: "node", Source: event.FromCloser, Container: "docker/shop-1", Cmdline: "/usr/bin/node server.js"}, PIDs: event.Tally{Count: 1}},
		Victim: event.Party{Owner: event.Owner{PID: 812, Comm: "nginx", Source: event.FromSocket}, PIDs: event.Tally{Count: 1}},
		Resets: 1, First: events[0].Time, Last: events[0].Time, Peers: event.Tally{Count: 1}, Lost: event.Lost{UnackedBytes: 1234567},
		Errors: []event.ErrnoCount{{Errno: "EPIPE", Count: 1}}, Event: 1,
	}
	plain := race
	plain.ID, plain.Pattern, plain.Cause, plain.Dir, plain.Certainty = 2, "", cause.PeerAborted, event.Received, event.Likely
	plain.Because, plain.Summary, plain.Remedy = []string{"this RST carried a TCP timestamp"}, "10.0.0.9:51234 most likely aborted the connection", ""
	plain.Actor, plain.Errors, plain.Lost = event.Party{}, []event.ErrnoCount{{Errno: "ECONNRESET", Count: 1}}, event.Lost{}
	check := race
	check.ID, check.Pattern, check.Cause, check.Harmless = 3, "port-check", cause.LingerZero, true
	check.Summary, check.Remedy, check.Errors, check.Lost = "haproxy[7] connected to 10.0.0.5:8080 and ended the connection at once, without a byte", "Nothing to do", nil, event.Lost{}
	check.Initiator, check.Netns = event.Initiator{ProcessRef: event.ProcessRef{PID: 9, Comm: "ss"}}, event.Netns{Inode: 4026532315}
	grown := race
	grown.Phase, grown.Resets, grown.Last, grown.Time, grown.Peers = event.FindingGrows, 58, race.First.Add(4300*time.Millisecond), race.First.Add(5*time.Second), event.Tally{Count: 256, More: true}
	grown.Namespaces, grown.Victim.PIDs = event.Tally{Count: 12}, event.Tally{Count: 5}
	turned := grown
	turned.Absorbed = []uint64{4, 5}
	turned.Pattern, turned.Summary = "keep-alive-race", "node closed idle connections after a silence of 5.0 s; 40 ms later nginx[812] sent the next request on one (58 times)"
	total := turned
	total.Phase, total.Resets, total.After = event.FindingTotal, 60, 2
	known := check
	known.Phase = event.FindingTotal
	ended := race
	ended.Phase = event.FindingEnds
	return []*event.Finding{&race, &plain, &check, &grown, &turned, &ended, &total, &known}
}

// TestFindingsGolden: read the files in testdata to see what users see.
func TestFindingsGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"findings-100-columns": {Width: 100, Height: 40, Fold: true},
		"findings-60-columns":  {Width: 60, Height: 40, Fold: true},
		"findings-color":       {Width: 120, Height: 40, Color: true, Fold: true},
		"findings-each":        {Width: 120, Height: 40},
	} {
		t.Run(name, func(t *testing.T) {
			o.Location = time.UTC
			var out bytes.Buffer
			s := New(&out, o)
			for _, f := range findings() {
				must(t, s.Finding(f))
			}
			must(t, s.Totals(fixture.Totals()))
			must(t, s.Flush(time.Time{}))
			checkGolden(t, name, out.Bytes())
		})
	}
}

// TestFindingsFit: no line is wider than the terminal, whatever its width.
func TestFindingsFit(t *testing.T) {
	for width := 70; width <= 140; width++ {
		var out bytes.Buffer
		s := New(&out, Options{Width: width, Fold: true, Location: time.UTC})
		for _, f := range findings() {
			must(t, s.Finding(f))
		}
		must(t, s.Flush(time.Time{}))
		for line := range strings.Lines(out.String()) {
			if n := cells(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("%d columns, %d cells: %s", width, n, line)
			}
		}
	}
}

// TestFoldedEvents: findings stand for events, except for those that nobody can
// explain.
func TestFoldedEvents(t *testing.T) {
	var out bytes.Buffer
	s := New(&out, Options{Width: 120, Fold: true})
	e := *fixture.Events()[0]
	must(t, s.Event(&e))
	must(t, s.Flush(time.Time{}))
	if out.Len() > 0 {
		t.Errorf("an event is shown: %s", &out)
	}
	e.Cause = cause.Unclassified
	must(t, s.Event(&e))
	must(t, s.Flush(time.Time{}))
	if !strings.Contains(out.String(), "evidence:") {
		t.Errorf("an unclassified event is not shown with its evidence: %s", &out)
	}
}

func TestNumbersText(t *testing.T) {
	for want, ids := range map[string][]uint64{
		"#1":             {1},
		"#1, #2, #3, #7": {1, 2, 3, 7},
		"#1 and 4 more":  {1, 2, 3, 4, 5},
	} {
		if got := numbersText(ids); got != want {
			t.Errorf("%v: %s, want %s", ids, got, want)
		}
	}
}
