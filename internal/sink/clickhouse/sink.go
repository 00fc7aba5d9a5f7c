package clickhouse

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/posted"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options say where lines go. Only Address is needed.
type Options struct {
	// Address is the URL of the server's HTTP interface.
	Address string
	// Table has its database in front of it: rsttrace.lines.
	Table string
	// User and the content of PasswordFile are sent with each request. The file is read
	// again for each, so a new password needs no restart.
	User, PasswordFile string
	// Settings are those of ClickHouse for each INSERT, such as async_insert.
	Settings map[string]string

	// As in posted.Options.
	CAFile  string
	Plain   bool
	Timeout time.Duration
	Batch   int
	Version string
}

// DefaultTable is that of deploy/clickhouse/schema.sql.
const DefaultTable = "rsttrace.lines"

// Sink sends lines.
type Sink struct {
	*jsonl.Sink
	batches *posted.Batches
}

// New checks the options. It sends nothing: the server need not be there yet.
func New(o Options) (*Sink, error) {
	address, err := parse(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	table := cmp.Or(o.Table, DefaultTable)
	if err := CheckTable(table); err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	authorize := o.authorize()
	if err := authorize(http.Header{}); err != nil {
		return nil, err
	}
	batches, err := posted.New(posted.Options{
		URL: address, ContentType: "application/x-ndjson", CAFile: o.CAFile, Plain: o.Plain, Timeout: o.Timeout, Batch: o.Batch, Version: o.Version,
		Query: o.queries(table), Authorize: authorize, Failed: failed, Later: later,
	})
	if err != nil {
		return nil, err
	}
	s := &Sink{batches: batches}
	s.Sink = jsonl.NewEach(func(line []byte) error {
		return batches.Add(func(items []byte) []byte { return append(items, line...) })
	}, jsonl.Options{})
	return s, nil
}

// CheckAddress reports what is wrong with an address.
func CheckAddress(text string) error {
	_, err := parse(text)
	return err
}

func parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("want a URL, such as https://clickhouse.example:8443")
	case u.User != nil:
		return nil, errors.New("the user and the password have options of their own: user and password-file")
	case u.Port() == "9000" || u.Port() == "9440":
		return nil, fmt.Errorf("port %s is that of the native protocol; rsttrace sends over HTTP, which has port 8123, or 8443 with TLS", u.Port())
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

var tableForm = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*$`)

// CheckTable reports what is wrong with the name of a table.
func CheckTable(text string) error {
	if !tableForm.MatchString(text) {
		return errors.New("want a database and a table, with letters, digits and _ only, such as " + DefaultTable)
	}
	return nil
}

// authorize returns what adds user and password to a request.
func (o *Options) authorize() func(http.Header) error {
	user, file := o.User, o.PasswordFile
	return func(h http.Header) error {
		if user != "" {
			h.Set("X-ClickHouse-User", user)
		}
		if file == "" {
			return nil
		}
		password, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("password-file: %w", err)
		}
		h.Set("X-ClickHouse-Key", strings.TrimRight(string(password), "\r\n"))
		return nil
	}
}

// queries returns what makes the query of the next batch. A server that answers has stored
// the lines, whatever its own settings are.
func (o *Options) queries(table string) func() url.Values {
	settings := url.Values{
		"query":                            {"INSERT INTO " + table + " FORMAT JSONEachRow"},
		"date_time_input_format":           {"best_effort"},
		"input_format_skip_unknown_fields": {"1"},
		"wait_for_async_insert":            {"1"},
	}
	for name, value := range o.Settings {
		settings.Set(name, value)
	}
	run, batch := rand.Text(), uint64(0)
	return func() url.Values {
		batch++
		query := maps.Clone(settings)
		query.Set("insert_deduplication_token", run+"-"+strconv.FormatUint(batch, 10))
		return query
	}
}

// exceptionCode is in the header of each response that is an error. The status may be 200,
// if the server had begun to answer.
const exceptionCode = "X-ClickHouse-Exception-Code"

func failed(r *http.Response) bool {
	return r.StatusCode != http.StatusOK || r.Header.Get(exceptionCode) != ""
}

// Codes of errors that are about the lines themselves, where the status may not say so.
var unreadable = map[string]bool{
	"6": true, "26": true, "27": true, "41": true, "72": true, // CANNOT_PARSE_…
	"53": true, "117": true, // TYPE_MISMATCH, INCORRECT_DATA
}

func later(r *http.Response) bool {
	switch r.StatusCode {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusNotImplemented:
		return false
	}
	return r.StatusCode/100 != 3 && !unreadable[r.Header.Get(exceptionCode)]
}

// Flush sends what is there.
func (s *Sink) Flush(time.Time) error { return s.batches.Flush() }

// Interrupt ends a request.
func (s *Sink) Interrupt() { s.batches.Interrupt() }

// Close ends the connections. It sends nothing: that is for Flush.
func (s *Sink) Close() error { return s.batches.Close() }

var _ event.Sink = (*Sink)(nil)
