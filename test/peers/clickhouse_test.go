package peers

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestClickHouse: the shipped table takes the lines as they are, and the shipped queries
// give the right numbers.
func TestClickHouse(t *testing.T) {
	s := newStream(t)
	path := s.logFile(t)
	c := startClickHouse(t)
	c.run("schema.sql", path)
	c.run("fleet-schema.sql", path)
	c.run("load.sql", path)
	queries := sqlQuestions(t, "queries.sql")
	answer := func(question string) []map[string]any { return c.ask(take(t, queries, question)) }

	text, err := os.ReadFile(path)
	must(t, err)
	unknown := s.count(func(e *event.Event) bool { return e.Lost.UnreadBytes == 0 })
	ageless := s.count(func(e *event.Event) bool { return e.Conn.AgeMillis == 0 })
	want := []map[string]any{{"n": float64(strings.Count(string(text), "\n")), "unknown": float64(unknown), "ageless": float64(ageless)}}
	got := c.ask("SELECT count() AS n, countIf(kind = 'event' AND lost.unreadBytes IS NULL) AS unknown, countIf(kind = 'event' AND conn.ageMillis IS NULL) AS ageless FROM rsttrace.lines")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	clickHouseEvents(t, s, answer)
	clickHouseOthers(t, s, answer)
	none(t, queries)
}

func clickHouseEvents(t *testing.T, s *stream, answer func(string) []map[string]any) {
	t.Helper()
	for _, tt := range []struct {
		question, value string
		by              []string
		of              func(e *event.Event) string
	}{
		{"Which causes does each host have?", "events", []string{"host", "dir", "cause"}, byCause},
		{"Who calls ports where nobody listens?", "events", []string{"port", "client"}, func(e *event.Event) string {
			if e.Cause != cause.ClosedPort {
				return ""
			}
			return fmt.Sprint(e.Local.Port, " ", e.Peer.Addr)
		}},
		{"Which errors do the programs of a container get?", "events", []string{"container", "error"}, func(e *event.Event) string {
			if e.App.Errno == "" {
				return ""
			}
			return e.Owner.Container + " " + e.App.Errno
		}},
		{"After how many seconds of silence do resets come? Unknown is not 0.", "events", []string{"cause"}, func(e *event.Event) string {
			if e.Conn.LastReceivedMillis == 0 {
				return ""
			}
			return string(e.Cause)
		}},
		{"Which programs throw away data that they never read?", "events", []string{"program", "unit"}, func(e *event.Event) string {
			if e.Lost.UnreadBytes == 0 {
				return ""
			}
			return e.Owner.Comm + " " + e.Owner.Unit
		}},
	} {
		got := answer(tt.question)
		if diff := cmp.Diff(s.tallied(tt.of), sqlAnswer(got, tt.value, tt.by...)); diff != "" {
			t.Errorf("%s\n%s", tt.question, diff)
		}
	}
}

func clickHouseOthers(t *testing.T, s *stream, answer func(string) []map[string]any) {
	t.Helper()
	resets, missing := 0.0, 0.0
	for _, row := range answer("How many resets come in each hour, and what do logs lack?") {
		n, isNumber := row["resets"].(float64)
		lost, isNumberToo := row["missing"].(float64)
		if !isNumber || !isNumberToo {
			t.Errorf("%v has no numbers", row)
		}
		resets += n
		missing += lost
	}
	if resets != float64(len(s.events)) || missing != 42 {
		t.Errorf("%v resets, %v missing", resets, missing)
	}
	hurt := answer("Which incidents hurt, and what is to be done?")
	if diff := cmp.Diff(map[string]string{"1 scan block it": "100", "3 scan block it": "300"}, sqlAnswer(hurt, "most_resets", "number", "diagnosis", "advice")); diff != "" {
		t.Error(diff)
	}
	deaths := map[string]int{}
	for _, f := range s.followups {
		if f.Kind == event.GotSIGPIPE && f.Ended {
			e := s.events[f.Event-1]
			deaths[fmt.Sprint(f.Comm, " ", e.Cause, " ", e.Peer.Addr)]++
		}
	}
	want := map[string]string{}
	for key, n := range deaths {
		want[key] = fmt.Sprint(n)
	}
	got := answer("Which processes died of SIGPIPE, after which reset?")
	if diff := cmp.Diff(want, sqlAnswer(got, "deaths", "program", "cause", "client")); diff != "" {
		t.Error(diff)
	}
}
