package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write gives events and all that may come beside them to a page.
func write(t testing.TB, o Options, events []*event.Event) string {
	t.Helper()
	s := New(o)
	stage := finding.New(s)
	for _, e := range events {
		must(t, stage.Event(e))
	}
	return finish(t, s, stage)
}

func finish(t testing.TB, s *Sink, stage *finding.Stage) string {
	t.Helper()
	must(t, stage.Report())
	var out bytes.Buffer
	must(t, s.Write(&out))
	return out.String()
}

var packed = regexp.MustCompile(`<script type="text/plain" id="packed">([^<]*)</script>`)

// unpacked is what the packed events of a page are.
type unpacked struct {
	Rows      [][]any
	Strings   []string
	Followups [][]any
	Into      [][]uint64
	Start     int64
}

func unpack(t testing.TB, page string) (u unpacked) {
	t.Helper()
	found := packed.FindStringSubmatch(page)
	if found == nil {
		t.Fatal("the page has no events")
	}
	data, err := base64.StdEncoding.DecodeString(found[1])
	must(t, err)
	reader, err := gzip.NewReader(bytes.NewReader(data))
	must(t, err)
	must(t, json.NewDecoder(reader).Decode(&u))
	return u
}

// TestGolden: read the file in testdata to see what a page has. The packed events are
// beside it, one a line.
func TestGolden(t *testing.T) {
	page := write(t, Options{Sources: []string{"resets.jsonl"}, Version: "v1"}, fixture.Events())
	s := New(Options{Sources: []string{"resets.jsonl"}, Version: "v1"})
	stage := finding.New(s)
	for _, e := range fixture.Events() {
		must(t, stage.Event(e))
	}
	for _, f := range fixture.Followups() {
		must(t, stage.Followup(f))
	}
	must(t, stage.Loss(fixture.Loss()))
	must(t, stage.Audit(audit()))
	must(t, stage.Totals(fixture.Totals()))
	full := finish(t, s, stage)
	if full == page {
		t.Error("follow-ups, losses, totals and the audit change nothing")
	}
	var rows bytes.Buffer
	u := unpack(t, full)
	for _, row := range u.Rows {
		for i, column := range []int{3, 4, 5, 7, 9, 10, 11, 15, 16, 24, 26, 27, 28, 29, 31} { // the numbers of strings
			if at, isNumber := row[column].(float64); !isNumber || int(at) >= len(u.Strings) {
				t.Fatalf("column %d, the %dth of strings, is %v", column, i, row[column])
			} else {
				row[column] = u.Strings[int(at)]
			}
		}
		line, err := json.Marshal(row)
		must(t, err)
		rows.Write(append(line, '\n'))
	}
	for _, f := range u.Followups {
		line, err := json.Marshal(f)
		must(t, err)
		rows.Write(append(line, '\n'))
	}
	text := packed.ReplaceAllString(full, "<script></script>")
	text = strings.Replace(strings.Replace(text, styleSheet, "", 1), program, "", 1)
	text = regexp.MustCompile(`sha256-[^;&]*`).ReplaceAllString(text, "sha256-")
	checkGolden(t, "page.html.golden", regexp.MustCompile(`(</(?:p|tr|li|article|svg|g|dl|details|text|h\d)>)`).ReplaceAllString(text, "$1\n"))
	checkGolden(t, "events.golden", rows.String())
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func audit() *event.Audit {
	return &event.Audit{
		Time: fixture.Start.Add(time.Minute), Elapsed: time.Minute, Namespaces: 3, Notes: []string{"1 network namespace came"},
		Counters: []event.AuditCounter{
			{Name: "TcpOutRsts", Kernel: 12, Counted: 12, OK: true, Exact: true, Note: "all that was sent"},
			{Name: "TCPAbortOnData", Kernel: 3, Counted: 1, OK: false, Note: "closed with SO_LINGER"},
			{Name: "ListenOverflows", OK: true, Exact: true},
		},
	}
}

// TestSameInputSamePage: no clock, no order of a map and no address is in a page.
func TestSameInputSamePage(t *testing.T) {
	first := write(t, Options{}, fixture.Events())
	for range 5 {
		if again := write(t, Options{}, fixture.Events()); again != first {
			t.Fatal(cmp.Diff(first, again))
		}
	}
}

// many makes events of one kind, and a rare one at the end.
func many(n int) []*event.Event {
	var events []*event.Event
	for i := range n {
		e := &event.Event{
			Schema: event.SchemaVersion, Time: fixture.Start.Add(time.Duration(i) * 7 * time.Millisecond), ID: uint64(i + 1), Dir: event.Sent, Cause: cause.ClosedPort,
			Certainty: event.Exact, Family: event.IPv4, Hook: "tcp_v4_send_reset", Via: event.Fentry, Summary: "nobody listens on port 81",
			Local: event.Endpoint{Addr: netip.MustParseAddr("192.0.2.1"), Port: 81}, Peer: event.Endpoint{Addr: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), Port: uint16(40000 + i%1000)},
		}
		if i == n-1 {
			e.Cause, e.Local.Port, e.Summary = cause.LingerZero, 443, "nginx closed it"
			e.Owner = event.Owner{PID: 812, Comm: "nginx", Source: event.FromCurrent}
		}
		events = append(events, e)
	}
	return events
}

// TestEventsMax: beyond the limit the counts stay exact, and a rare finding keeps its
// events.
func TestEventsMax(t *testing.T) {
	const all, most = 5000, 1000
	page := write(t, Options{EventsMax: most}, many(all))
	u := unpack(t, page)
	if got := len(u.Rows); got != most+1 {
		t.Errorf("the page has %d events, want %d and the rare one", got, most)
	}
	if last := u.Rows[most]; last[1] != float64(all) {
		t.Errorf("the last event is %v, want the rare one", last[1])
	}
	for _, want := range []string{"<strong>5\u00a0000</strong>", "The page has 1\u00a0001 of 5\u00a0000 events", "4\u00a0999", ">linger-zero<"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// TestRunsAreApart: numbers of events begin again in each run, also in the same file.
func TestRunsAreApart(t *testing.T) {
	events := many(4)
	events[1].PeerEvent = 1
	s := New(Options{})
	for range 2 {
		for _, e := range events {
			must(t, s.Event(e))
		}
		must(t, s.Totals(&event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: 4}}, Shown: 4}))
	}
	page := finish(t, s, finding.New(s))
	if s.pairs.resets != 2 {
		t.Errorf("%d pairs, want one of each run", s.pairs.resets)
	}
	if got := s.account.sum.Shown; got != 8 {
		t.Errorf("%d events shown, want those of both runs", got)
	}
	u := unpack(t, page)
	if first, second := u.Rows[0], u.Rows[4]; first[2] != 0.0 || second[2] != 1.0 {
		t.Errorf("runs %v and %v", first[2], second[2])
	}
}

// TestTotalsOfARun: later totals replace those before.
func TestTotalsOfARun(t *testing.T) {
	var a account
	for n := uint64(1); n <= 3; n++ {
		a.totals(&event.Totals{Counts: []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort, Events: n * 10}}, Shown: n * 10})
	}
	a.newRun()
	if a.sum.Shown != 30 || a.sum.Counts[0].Events != 30 || a.runs != 1 {
		t.Errorf("%+v", a.sum)
	}
}

// TestLostRecordsAreAddedUp: of a new kind of record, too.
func TestLostRecordsAreAddedUp(t *testing.T) {
	var totals event.Totals
	fields := reflect.ValueOf(&totals.LostRecords).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(uint64(i + 1))
	}
	var a account
	for range 2 {
		a.totals(&totals)
		a.newRun()
	}
	sum := reflect.ValueOf(a.sum.LostRecords)
	for i := range sum.NumField() {
		if got, want := sum.Field(i).Uint(), uint64(2*(i+1)); got != want {
			t.Errorf("%s: %d, want %d", sum.Type().Field(i).Name, got, want)
		}
	}
}

// TestObserved: events of a capture, whose direction is not known, are counted as others.
func TestObserved(t *testing.T) {
	events := many(4)
	for i, e := range events {
		e.Dir, e.Via, e.Capture = event.Observed, event.Capture, event.InCapture{RST: uint64(10 + i), Others: []uint64{3, 9}, FromLocal: i == 0}
	}
	page := write(t, Options{}, events)
	u := unpack(t, page)
	for i, row := range u.Rows {
		if fromLocal := row[30] == 1.0; fromLocal != (i == 0) {
			t.Errorf("row %d: from the local end: %v", i, fromLocal)
		}
	}
	if got := u.Strings[int(u.Rows[1][31].(float64))]; got != "11, decided by 3, 9" {
		t.Errorf("packets %q", got)
	}
	if strings.Contains(page, "no process known here") {
		t.Error("a capture knows no process, and the page says so of each end")
	}
	for _, words := range []string{" on this host<", " at the other end<"} {
		if strings.Contains(page, words) {
			t.Errorf("nobody has said which end is ours, and the page says%q", words)
		}
	}
}

// TestEmpty: a page about nothing says so.
func TestEmpty(t *testing.T) {
	page := write(t, Options{}, nil)
	for _, want := range []string{"No reset was seen.", "There is nothing to explain."} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}

func TestProblem(t *testing.T) {
	s := New(Options{})
	s.Problem("a.pcapng: cut off")
	if page := finish(t, s, finding.New(s)); !strings.Contains(page, "Not all of the input could be read: a.pcapng: cut off") {
		t.Error("the page does not say what is missing")
	}
}
