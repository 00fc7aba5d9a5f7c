package event

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// eventLine is what the sink writes of an event, in short.
func eventLine(id int) string {
	return fmt.Sprintf(`{"schema":2,"time":"2026-03-03T03:12:45.123456789Z","kind":"event","id":%d,"dir":"sent","cause":"closed-port","summary":"s","certainty":"exact","family":"ipv4","hook":"h","via":"fentry"}`, id)
}

const countsLine = `{"schema":2,"time":"2026-03-03T03:13:45Z","kind":"counts","causes":[],"shown":2,"notShown":0,"lostEvents":0,"missed":0}`

// log notes what it is given.
type log struct {
	NopSink
	got    []string
	events int
	limit  int // the last event that it takes
	err    error
}

func (l *log) Event(e *Event) error {
	l.got = append(l.got, fmt.Sprint("event ", e.ID))
	if l.events++; l.events == l.limit {
		return l.err
	}
	return nil
}

func (l *log) Totals(t *Totals) error {
	l.got = append(l.got, fmt.Sprint("totals ", t.Shown))
	return nil
}

func (l *log) Flush(time.Time) error { l.got = append(l.got, "flush"); return nil }

func (l *log) String() string { return strings.Join(l.got, ", ") }

func TestReader(t *testing.T) {
	two := eventLine(1) + "\n" + eventLine(2) + "\n"
	for name, test := range map[string]struct {
		input   string
		want    string
		skipped []string
		err     string
	}{
		"nothing":         {"", "flush, flush", nil, ""},
		"events":          {two + countsLine + "\n", "flush, event 1, event 2, totals 2, flush, flush", nil, ""},
		"no last newline": {eventLine(1), "flush, event 1, flush", nil, ""},
		"empty lines":     {"\n" + eventLine(1) + "\n\r\n", "flush, event 1, flush, flush", nil, ""},
		"a newer kind":    {`{"schema":2,"time":"2026-03-03T03:13:45Z","kind":"finding"}` + "\n" + eventLine(1) + "\n", "flush, event 1, flush, flush", nil, ""},
		"a foreign line": {
			"rsttrace: attached\n" + two, "flush, event 1, event 2, flush, flush",
			[]string{"file:1: not a line of rsttrace: it does not begin with {"}, "file: 1 line was skipped",
		},
		"cut off": {
			two + eventLine(3)[:50], "flush, event 1, event 2, flush",
			[]string{"file:3: the last line is cut off: not a line of rsttrace: unexpected end of JSON input"}, "file: 1 line was skipped",
		},
		"schema 1": {
			`{"schema":1,"id":1}` + "\n", "flush, flush",
			[]string{"file:1: schema 1 is older than this rsttrace, which reads 2 only: see docs/event-schema.md for what changed"}, "file: 1 line was skipped",
		},
		"schema 99": {
			`{"schema":99,"kind":"event"}` + "\n" + eventLine(1) + "\n", "flush, event 1, flush, flush",
			[]string{"file:1: schema 99 is newer than this rsttrace, which reads up to 2: install a newer one"}, "file: 1 line was skipped",
		},
		"another program's": {
			`{"level":"info"}` + "\n[]\n", "flush, flush",
			[]string{
				"file:1: not a line of rsttrace: it has no schema or no kind",
				"file:2: not a line of rsttrace: it does not begin with {",
			}, "file: 2 lines were skipped",
		},
		"too long": {
			strings.Repeat("x", lineMax+1) + "\n" + eventLine(1) + "\n", "flush, event 1, flush, flush",
			[]string{"file:1: longer than 16 MB"}, "file: 1 line was skipped",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var skipped []string
			reader := Reader{Name: "file", Input: strings.NewReader(test.input), Skipped: func(e *LineError) { skipped = append(skipped, e.Error()) }}
			to := new(log)
			err := reader.Run(context.Background(), to)
			if got := fmt.Sprint(err); test.err != "" && got != test.err || test.err == "" && err != nil {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if got := strings.ReplaceAll(to.String(), "flush, flush, flush", "flush, flush"); name != "too long" && got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			if got, want := strings.Join(skipped, "\n"), strings.Join(test.skipped, "\n"); got != want {
				t.Errorf("skipped\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestReaderEndsWithTheSink(t *testing.T) {
	input := strings.Repeat(eventLine(1)+"\n", 100)
	full := errors.New("disk full")
	for name, test := range map[string]struct{ from, want error }{
		"it has enough": {ErrEnough, nil},
		"it fails":      {full, full},
	} {
		to := &log{limit: 3, err: test.from}
		err := (&Reader{Name: "file", Input: strings.NewReader(input)}).Run(context.Background(), to)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if events := strings.Count(to.String(), "event"); events != 3 {
			t.Errorf("%s: %d events", name, events)
		}
	}
}

// TestReaderEndsWithItsContext: between two lines, also if the input has no end.
func TestReaderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	endless := readerFunc(func(p []byte) (int, error) { return copy(p, eventLine(1)+"\n"), nil })
	if err := (&Reader{Name: "pipe", Input: endless}).Run(ctx, NopSink{}); err != nil {
		t.Error(err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestReaderFlushesBeforeWaiting: what a pipe has given so far is shown before the next
// read waits.
func TestReaderFlushesBeforeWaiting(t *testing.T) {
	read, write := io.Pipe()
	to := new(log)
	done := make(chan error)
	go func() {
		err := (&Reader{Name: "pipe", Input: read}).Run(context.Background(), to)
		done <- err
	}()
	for id := 1; id <= 2; id++ {
		if _, err := io.WriteString(write, eventLine(id)+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	write.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := to.String(); !strings.Contains(got, "event 1, flush, event 2, flush") {
		t.Errorf("got %s", got)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(eventLine(1) + "\n" + countsLine))
	f.Add([]byte(`{"schema":2,"kind":"audit","counters":[{}],"seconds":1e300}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		err := (&Reader{Name: "file", Input: bytes.NewReader(input)}).Run(context.Background(), new(log))
		var skipped *SkippedError
		if err != nil && !errors.As(err, &skipped) && !strings.HasPrefix(err.Error(), "file: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}
