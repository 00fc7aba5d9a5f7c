package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/otlp"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// usualVictoriaLogs is its address in the examples.
const usualVictoriaLogs = "127.0.0.1:9428"

// victoriaLogs is one that runs.
type victoriaLogs struct {
	*program
	address string
}

func startVictoriaLogs(t *testing.T, data string) *victoriaLogs {
	t.Helper()
	return startVictoriaLogsAt(t, freeAddress(t), data)
}

func startVictoriaLogsAt(t *testing.T, address, data string) *victoriaLogs {
	t.Helper()
	v := &victoriaLogs{startPath(t, engine(t, "victoria-logs"), "-httpListenAddr="+address, "-storageDataPath="+data), address}
	v.await("answers", func() bool {
		response, err := http.Get("http://" + address + "/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return v
}

// query asks in LogsQL.
func (v *victoriaLogs) query(query string) (rows []map[string]string) {
	v.t.Helper()
	response, err := http.PostForm("http://"+v.address+"/select/logsql/query", url.Values{"query": {query}})
	must(v.t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, err := io.ReadAll(response.Body)
		v.t.Fatalf("%s: %s: %s, %v", query, response.Status, text, err)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row map[string]string
		must(v.t, json.Unmarshal(lines.Bytes(), &row))
		rows = append(rows, row)
	}
	must(v.t, lines.Err())
	return rows
}

// awaitCount returns once a query finds so many records: they can be searched a moment
// after they were sent.
func (v *victoriaLogs) awaitCount(query string, want int) {
	v.t.Helper()
	v.await(fmt.Sprintf("has %d of %s", want, query), func() bool {
		rows := v.query(query + " | stats count() n")
		return len(rows) == 1 && rows[0]["n"] == fmt.Sprint(want)
	})
}

// expect asks a query of the page, and compares the rows. They may come a moment later.
func (v *victoriaLogs) expect(queries map[string]string, question string, want any, of func(rows []map[string]string) any) {
	v.t.Helper()
	query := take(v.t, queries, question)
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		diff := cmp.Diff(want, of(v.query(query)))
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			v.t.Errorf("%s\n%s", question, diff)
			return
		}
	}
}

// run runs an example of the page with this server and file in place of the usual ones.
func (v *victoriaLogs) run(script, file string) {
	v.t.Helper()
	script = strings.ReplaceAll(script, usualVictoriaLogs, v.address)
	script = strings.ReplaceAll(script, "/var/log/rsttrace/resets.jsonl", file)
	curl, err := find("curl")
	must(v.t, err)
	script = strings.ReplaceAll(script, "curl ", curl+" ")
	output, err := exec.Command("bash", "-euc", script).CombinedOutput()
	if err != nil {
		v.t.Fatalf("%s\n%v\n%s", script, err, output)
	}
}

// logsQL are the queries of the page, by their questions.
func logsQL(t *testing.T, begins string) map[string]string {
	t.Helper()
	return questions(t, block(t, begins), "# ")
}

// questions reads comments with the query that follows each.
func questions(t *testing.T, text, comment string) map[string]string {
	t.Helper()
	all := map[string]string{}
	question := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch rest, is := strings.CutPrefix(line, comment); {
		case is:
			question = rest
		case strings.HasPrefix(line, "```"):
			return all
		case line != "" && question == "":
			t.Fatalf("%q answers no question", line)
		case line != "":
			all[question] = strings.TrimSpace(all[question] + "\n" + line)
		}
	}
	return all
}

// tallied counts the events of the stream by some of their values.
func (s *stream) tallied(of func(e *event.Event) string) map[string]string {
	counts := map[string]int{}
	for _, e := range s.events {
		if key := of(e); key != "" {
			counts[key]++
		}
	}
	texts := map[string]string{}
	for key, n := range counts {
		texts[key] = fmt.Sprint(n)
	}
	return texts
}

// tabled are rows by some of their columns.
func tabled(value string, by ...string) func(rows []map[string]string) any {
	return func(rows []map[string]string) any {
		texts := map[string]string{}
		for _, row := range rows {
			var key []string
			for _, column := range by {
				key = append(key, row[column])
			}
			texts[strings.Join(key, " ")] = row[value]
		}
		return texts
	}
}

// counted is how many rows there are.
func counted(rows []map[string]string) any { return len(rows) }

func byCause(e *event.Event) string { return fmt.Sprint(hostName, " ", e.Dir, " ", e.Cause) }

// hurting are the incidents of the stream that are not harmless, with their resets.
var hurting = map[string]string{"1": "100", "3": "300"}

// TestVictoriaLogsByOTLP: the records arrive, and the queries of the page find them.
func TestVictoriaLogsByOTLP(t *testing.T) {
	v := startVictoriaLogs(t, t.TempDir())
	s := newStream(t)
	out, err := otlp.New(otlp.Options{Endpoint: "http://" + v.address + "/insert/opentelemetry/v1/logs", Host: event.Host{HostName: hostName, HostID: "0123"}, Version: "1.2"})
	must(t, err)
	must(t, s.Run(t.Context(), out))
	must(t, out.Close())
	v.awaitCount("service.name:=rsttrace", len(s.events)+len(s.followups)+len(s.findings)+len(s.losses)+1)

	queries := logsQL(t, "# Which causes does each host have, by OTLP?")
	v.expect(queries, "Which causes does each host have, by OTLP?", s.tallied(byCause), tabled("resets", "host.name", "rsttrace.direction", "rsttrace.cause"))
	errors := s.tallied(func(e *event.Event) string {
		if e.App.Errno == "" {
			return ""
		}
		return e.Owner.Comm + " " + e.App.Errno
	})
	v.expect(queries, "Which errors do programs get?", errors, tabled("resets", "process.executable.name", "error.type"))
	inShop := s.count(func(e *event.Event) bool { return strings.HasPrefix(e.Owner.Pod, "shop/") })
	v.expect(queries, "What happened to the pods of one namespace?", some(t, inShop), counted)
	v.expect(queries, "Which incidents hurt, by OTLP?", hurting, tabled("resets", "rsttrace.finding"))
	none(t, queries)
}

// some is a number that must not be 0: else the stream shows nothing.
func some(t *testing.T, n int) int {
	t.Helper()
	if n == 0 {
		t.Error("the stream has none of them")
	}
	return n
}

// take removes a query from those that are to be asked.
func take(t *testing.T, queries map[string]string, question string) string {
	t.Helper()
	query, there := queries[question]
	if !there {
		t.Fatalf("nobody asks %q", question)
	}
	delete(queries, question)
	return query
}

func none(t *testing.T, queries map[string]string) {
	t.Helper()
	for question := range queries {
		t.Errorf("nobody knows the answer to %q", question)
	}
}

// TestVictoriaLogsByJSONLines: the command of the page loads a file, and its queries find
// what is in it.
func TestVictoriaLogsByJSONLines(t *testing.T) {
	v := startVictoriaLogs(t, t.TempDir())
	s := newStream(t)
	path := s.logFile(t)
	v.run(block(t, "curl -sSf -H 'Content-Type: application/stream+json'"), path)
	text, err := os.ReadFile(path)
	must(t, err)
	v.awaitCount("*", strings.Count(string(text), "\n"))

	queries := logsQL(t, "# Which causes does each host have?")
	v.expect(queries, "Which causes does each host have?", s.tallied(byCause), tabled("resets", "host", "dir", "cause"))
	onPort := s.count(func(e *event.Event) bool { return e.Local.Port == 5432 })
	v.expect(queries, "What happened on port 5432?", some(t, onPort), counted)
	v.expect(queries, "Which programs throw away data that they never read?", s.unread(), tabled("bytes", "owner.comm"))
	v.expect(queries, "Which incidents hurt?", hurting, tabled("resets", "id"))
	v.expect(queries, "How many events does the log lack?", map[string]string{"": "42"}, tabled("missing"))
	none(t, queries)
}

// unread is how many bytes each program left unread.
func (s *stream) unread() map[string]string {
	bytes := map[string]uint64{}
	for _, e := range s.events {
		if e.Lost.UnreadBytes > 0 {
			bytes[e.Owner.Comm] += uint64(e.Lost.UnreadBytes)
		}
	}
	texts := map[string]string{}
	for comm, n := range bytes {
		texts[comm] = fmt.Sprint(n)
	}
	return texts
}
