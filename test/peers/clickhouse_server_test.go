package peers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	clickHouseFiles    = "../../deploy/clickhouse/"
	clickHouseUser     = "rsttrace"
	clickHousePassword = "secret of the test"
)

// clickHouse is one that runs: the real engine, as a library in a small HTTP server of the
// test. A server program is in no package that can be had everywhere.
type clickHouse struct {
	*program
	t       *testing.T
	address string // its URL
}

func startClickHouse(t *testing.T) *clickHouse {
	t.Helper()
	engine(t, "node_modules/chdb")
	node, err := exec.LookPath("node") // an unpacked one does not find its own files
	if err != nil {
		t.Skip("needs node: make peers installs it")
	}
	script, err := filepath.Abs("clickhouse.js")
	must(t, err)
	p := startPath(t, node, script, t.TempDir(), clickHouseUser, clickHousePassword)
	c := &clickHouse{program: p, t: t}
	p.await("listens", func() bool {
		port, _, whole := strings.Cut(p.output.String(), "\n")
		c.address = "http://127.0.0.1:" + port
		return whole
	})
	return c
}

// ask sends a statement, and returns the rows.
func (c *clickHouse) ask(statement string) (rows []map[string]any) {
	c.t.Helper()
	text := c.text(statement)
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		var row map[string]any
		switch err := decoder.Decode(&row); err {
		case nil:
			rows = append(rows, row)
		case io.EOF:
			return rows
		default:
			c.t.Fatalf("%s\n%v\n%s", statement, err, tail(text))
		}
	}
}

// text sends a statement, and returns what the server says.
func (c *clickHouse) text(statement string) string {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.address, strings.NewReader(statement))
	must(c.t, err)
	request.Header.Set("X-ClickHouse-User", clickHouseUser)
	request.Header.Set("X-ClickHouse-Key", clickHousePassword)
	response, err := http.DefaultClient.Do(request)
	must(c.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(c.t, err)
	if response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s\n%s\n%s", statement, response.Status, text)
	}
	return string(text)
}

// run runs the statements of a shipped file. This file is in place of the usual log.
func (c *clickHouse) run(name, log string) {
	c.t.Helper()
	for _, statement := range statementsOf(c.t, name) {
		c.text(strings.ReplaceAll(statement, "/var/log/rsttrace/resets.jsonl", log))
	}
}

// number is that of the only row.
func (c *clickHouse) number(statement string) string {
	c.t.Helper()
	rows := c.ask(statement)
	if len(rows) != 1 || len(rows[0]) != 1 {
		c.t.Fatalf("%s\n%v", statement, rows)
	}
	for _, value := range rows[0] {
		if number, ok := value.(float64); ok { // as a number in JSON is; Sprint would write 1e+06
			return strconv.FormatFloat(number, 'f', -1, 64)
		}
		return fmt.Sprint(value)
	}
	return ""
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

// sqlQuestions are the shipped queries of a file, by their questions.
func sqlQuestions(t *testing.T, name string) map[string]string {
	t.Helper()
	text := read(t, clickHouseFiles+name)
	_, text, found := strings.Cut(text, "\n\n") // what the file is
	if !found {
		t.Fatal("the file has no queries")
	}
	queries := questions(t, text, "-- ")
	for question, query := range queries {
		queries[question] = strings.TrimSuffix(query, ";")
	}
	return queries
}

// sqlAnswer is a row for each key, in the columns that the answer names.
func sqlAnswer(rows []map[string]any, value string, by ...string) map[string]string {
	texts := map[string]string{}
	for _, row := range rows {
		var key []string
		for _, column := range by {
			key = append(key, fmt.Sprint(row[column]))
		}
		texts[strings.Join(key, " ")] = fmt.Sprint(row[value])
	}
	return texts
}
