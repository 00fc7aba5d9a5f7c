package jsonl

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/pkg/event"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"events":   {},
		"evidence": {Evidence: true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := New(&out, o)
			for _, e := range fixture.Events() {
				must(t, s.Event(e))
			}
			must(t, s.Loss(fixture.Loss()))
			must(t, s.Loss(&event.Loss{}))
			must(t, s.Totals(fixture.Totals()))
			must(t, s.Totals(&event.Totals{Time: fixture.Start}))
			must(t, s.Flush(time.Time{}))
			checkGolden(t, name, out.Bytes())
		})
	}
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s differs (-want +got), go test -update accepts it:\n%s", path, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is read back from a line is the event that was written.
func TestRoundTrip(t *testing.T) {
	for _, e := range fixture.Events() {
		if !utf8.ValidString(e.Owner.Comm) {
			continue // invalid bytes are replaced
		}
		want := *e
		want.Kernel = event.KernelContext{}
		var got event.Event
		must(t, json.Unmarshal(appendEvent(nil, e, true, new(moments)), &got))
		got.Conn.Known = want.Conn.Known // known by being there at all
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b event.Endpoint) bool { return a == b })); diff != "" {
			t.Errorf("%s (-written +read):\n%s", e.Cause, diff)
		}
	}
}

func TestUnknownIsAbsent(t *testing.T) {
	var fields map[string]any
	must(t, json.Unmarshal(appendEvent(nil, &event.Event{Schema: 1, ID: 1}, true, new(moments)), &fields))
	for _, name := range []string{"local", "peer", "state", "rst", "owner", "evidence", "conn", "app", "lost", "netns", "by", "stack"} {
		if _, ok := fields[name]; ok {
			t.Errorf("%s is there, but nothing is known of it", name)
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	for _, evidence := range []bool{false, true} {
		s := New(discard{}, Options{Evidence: evidence})
		for _, e := range fixture.Events() {
			if e.Local.Addr.Zone()+e.Peer.Addr.Zone() != "" {
				continue // it has to be escaped
			}
			if n := testing.AllocsPerRun(1000, func() { must(t, s.Event(e)) }); n != 0 {
				t.Errorf("%s: %v allocations per event, want none", e.Cause, n)
			}
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// FuzzString: whatever the bytes, a JSON parser reads the same value as from
// encoding/json, and the line could be shown on a terminal.
func FuzzString(f *testing.F) {
	for _, seed := range []string{"nginx", "\x1b[2J\x00\x7f", "caf\u00e9", "\u202e\ufeff\u2028", "\xff\xc3", "\"\\\n\r\t", "\U000e0001\U0001f4a9", "\u0085"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := appendString(nil, text)
		for _, r := range string(line) {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q lets %q through", line, r)
			}
		}
		reference, err := json.Marshal(text)
		must(t, err)
		var got, want string
		must(t, json.Unmarshal(line, &got))
		must(t, json.Unmarshal(reference, &want))
		if got != want {
			t.Fatalf("%q is read back as %q, want %q", line, got, want)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	e := fixture.Events()[0]
	b.Run("append", func(b *testing.B) {
		s := New(discard{}, Options{})
		benchmark(b, func() error { return s.Event(e) })
	})
	b.Run("append-evidence", func(b *testing.B) {
		s := New(discard{}, Options{Evidence: true})
		benchmark(b, func() error { return s.Event(e) })
	})
	b.Run("encoding-json", func(b *testing.B) { // what the hand-written encoder has to beat
		plain := *e
		plain.Evidence = event.Evidence{}
		encoder := json.NewEncoder(discard{})
		benchmark(b, func() error { return encoder.Encode(&plain) })
	})
}

func benchmark(b *testing.B, write func() error) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := write(); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
	b.ReportMetric(0, "ns/op")
}

// TestEach: the lines are those of the other sink, one by one, with the name of the host.
func TestEach(t *testing.T) {
	var lines []string
	var s event.Sink = NewEach(func(line []byte) error {
		lines = append(lines, string(line))
		return nil
	}, Options{})
	var want bytes.Buffer
	plain := New(&want, Options{})
	s = event.OfHost(fixture.Host, s)
	for _, e := range fixture.Events() {
		must(t, plain.Event(e)) // first: s says the host in what it is given
		must(t, s.Event(e))
	}
	must(t, s.Totals(fixture.Totals()))
	must(t, plain.Totals(fixture.Totals()))
	must(t, s.Loss(fixture.Loss()))
	must(t, plain.Loss(fixture.Loss()))
	must(t, s.Coverage(fixture.Coverage()))
	must(t, plain.Coverage(fixture.Coverage()))
	must(t, plain.Flush(fixture.Start))
	if len(lines) != len(fixture.Events())+3 {
		t.Errorf("%d lines", len(lines))
	}
	joined := strings.Join(lines, "")
	if got := strings.Count(joined, `,"host":"web-1","hostId":"`+fixture.Host.HostID+`","bootId":"`+fixture.Host.BootID+`",`); got != len(lines) {
		t.Errorf("%d of %d lines have the host", got, len(lines))
	}
	if diff := cmp.Diff(want.String(), strings.ReplaceAll(joined, `"host":"web-1","hostId":"`+fixture.Host.HostID+`","bootId":"`+fixture.Host.BootID+`",`, "")); diff != "" {
		t.Error(diff)
	}
}
