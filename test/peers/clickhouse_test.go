package peers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const clickHouseFiles = "../../deploy/clickhouse/"

// sqlResult is what ClickHouse says to a statement.
type sqlResult struct {
	Rows  []map[string]any
	Error string
}

// clickHouse runs statements in an empty database. None may fail.
func clickHouse(t *testing.T, statements ...string) []sqlResult {
	t.Helper()
	engine(t, "node_modules/chdb")
	node, err := exec.LookPath("node") // an unpacked one does not find its own files
	if err != nil {
		t.Skip("needs node: make peers installs it")
	}
	input, err := json.Marshal(statements)
	must(t, err)
	var out, errors bytes.Buffer
	cmd := exec.Command(node, "clickhouse.js", t.TempDir())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, errors.String())
	}
	var results []sqlResult
	must(t, json.Unmarshal(out.Bytes(), &results))
	if len(results) != len(statements) {
		t.Fatalf("%d results of %d statements", len(results), len(statements))
	}
	for i, r := range results {
		if r.Error != "" {
			t.Fatalf("%s\n%s", statements[i], r.Error)
		}
	}
	return results
}

// statementsOf are those of a file, without comments.
func statementsOf(t *testing.T, name string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(clickHouseFiles + name)
	must(t, err)
	var code strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			code.WriteString(line)
		}
	}
	for statement := range strings.SplitSeq(code.String(), ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			all = append(all, statement)
		}
	}
	return all
}

// sqlQuestions are the shipped queries, by their questions.
func sqlQuestions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(clickHouseFiles + "queries.sql")
	must(t, err)
	_, text, found := bytes.Cut(text, []byte("\n\n")) // what the file is
	if !found {
		t.Fatal("the file has no queries")
	}
	queries := questions(t, string(text), "-- ")
	for question, query := range queries {
		queries[question] = strings.TrimSuffix(query, ";")
	}
	return queries
}

// sqlAnswer is a row for each key, in the columns that the answer names.
func sqlAnswer(r sqlResult, value string, by ...string) map[string]string {
	texts := map[string]string{}
	for _, row := range r.Rows {
		var key []string
		for _, column := range by {
			key = append(key, fmt.Sprint(row[column]))
		}
		texts[strings.Join(key, " ")] = fmt.Sprint(row[value])
	}
	return texts
}

// TestClickHouse: the shipped table takes the lines as they are, and the shipped queries
// give the right numbers.
func TestClickHouse(t *testing.T) {
	s := newStream(t)
	path := s.logFile(t)
	statements := statementsOf(t, "schema.sql")
	for _, load := range statementsOf(t, "load.sql") {
		statements = append(statements, strings.ReplaceAll(load, "/var/log/rsttrace/resets.json", path))
	}
	begin := len(statements)
	queries := sqlQuestions(t)
	asked := make([]string, 0, len(queries))
	for question := range queries {
		asked = append(asked, question)
	}
	for _, question := range asked {
		statements = append(statements, queries[question])
	}
	statements = append(statements, "SELECT count() AS n, countIf(kind = 'event' AND lost.unreadBytes IS NULL) AS unknown, countIf(kind = 'event' AND conn.ageMillis IS NULL) AS ageless FROM rsttrace.lines")
	results := clickHouse(t, statements...)
	answer := func(question string) sqlResult {
		take(t, queries, question)
		return results[begin+slices.Index(asked, question)]
	}

	text, err := os.ReadFile(path)
	must(t, err)
	unknown := s.count(func(e *event.Event) bool { return e.Lost.UnreadBytes == 0 })
	ageless := s.count(func(e *event.Event) bool { return e.Conn.AgeMillis == 0 })
	want := []map[string]any{{"n": float64(strings.Count(string(text), "\n")), "unknown": float64(unknown), "ageless": float64(ageless)}}
	if diff := cmp.Diff(want, results[len(results)-1].Rows); diff != "" {
		t.Error(diff)
	}
	clickHouseEvents(t, s, answer)
	clickHouseOthers(t, s, answer)
	none(t, queries)
}

func clickHouseEvents(t *testing.T, s *stream, answer func(string) sqlResult) {
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

func clickHouseOthers(t *testing.T, s *stream, answer func(string) sqlResult) {
	t.Helper()
	resets, missing := 0.0, 0.0
	for _, row := range answer("How many resets come in each hour, and what do logs lack?").Rows {
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
