package pcapng

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	source "github.com/rsttrace/rsttrace/internal/source/pcapng"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// memory is a File that keeps what it is given.
type memory struct {
	files []*bytes.Buffer
	fails error
}

func newMemory() *memory { return &memory{files: []*bytes.Buffer{new(bytes.Buffer)}} }

func (m *memory) last() *bytes.Buffer { return m.files[len(m.files)-1] }

func (m *memory) Write(blocks []byte) (int, error) {
	if m.fails != nil {
		return 0, m.fails
	}
	return m.last().Write(blocks)
}

func (m *memory) Next() error {
	m.files = append(m.files, new(bytes.Buffer))
	return nil
}

func (m *memory) all() []byte {
	var all []byte
	for _, f := range m.files {
		all = append(all, f.Bytes()...)
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// frame is a TCP packet as the kernel side gives it.
func frame(p packet, name string, netns uint32) event.Frame {
	data := p.append(nil)
	return event.Frame{Data: data, Length: uint32(len(data)) + p.payload, Ifname: name, Ifindex: 2, Netns: netns}
}

// items gives everything that a sink may get, in the order of its time.
func items(t testing.TB, to event.Sink) {
	t.Helper()
	for i, e := range fixture.Events() {
		if i == 1 { // one with its packet
			e.Frames.Trigger = frame(packet{src: e.Peer, dst: e.Local, flags: event.SYN, seq: 76, ttl: 63, tos: 0x10, payload: 300}, "eth0", e.Netns.Inode)
		}
		if i == 2 {
			e.Frames.RST = frame(packet{src: e.Peer, dst: e.Local, flags: event.RST, seq: 99, ttl: 61}, "eth1", 7)
		}
		if i == 0 {
			e.Frames.SentRST = event.SentRST{Known: true, Timestamps: true, TSVal: 5, TSEcr: 6, TTL: 3, TOS: 0x20}
		}
		if i == 4 { // and as the finding stage numbers them
			e.Finding = 3
		}
		must(t, to.Event(e))
	}
	for _, f := range fixture.Followups() {
		must(t, to.Followup(f))
	}
	must(t, to.Finding(&event.Finding{Time: fixture.Start, ID: 3, Phase: event.FindingBegins, Cause: cause.ClosedPort, Dir: event.Sent, Certainty: event.Exact, Summary: "nobody \x1b[31mlistens", Resets: 2, First: fixture.Start, Last: fixture.Start}))
	must(t, to.Loss(fixture.Loss()))
	must(t, to.Audit(&event.Audit{Time: fixture.Start, Elapsed: time.Second, Counters: []event.AuditCounter{{Name: "TcpOutRsts", Kernel: 3, Counted: 2}}}))
	totals := fixture.Totals()
	totals.Tops = fixture.Tops()
	must(t, to.Totals(totals))
	must(t, to.Flush(fixture.Start))
}

// jsonOf are the JSON lines of what a function gives.
func jsonOf(give func(event.Sink)) string {
	var out bytes.Buffer
	s := jsonl.New(&out, jsonl.Options{Evidence: true})
	give(s)
	_ = s.Flush(time.Time{})
	return out.String()
}

func read(t testing.TB, recording []byte, to event.Sink) {
	t.Helper()
	must(t, (&source.Source{Name: "file", Input: bytes.NewReader(recording)}).Run(context.Background(), to))
}

// TestReadAgain: a recording gives the same JSON as the run, byte for byte.
func TestReadAgain(t *testing.T) {
	file := newMemory()
	items(t, New(file, Options{Version: "1.0", Run: "a1"}))
	got := jsonOf(func(s event.Sink) { read(t, file.all(), s) })
	want := jsonOf(func(s event.Sink) { items(t, s) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(file.all()), "\x1b[") {
		t.Error("an escape that a terminal obeys")
	}
}

// TestPacketsAgain: packets come back, also through a second recording. One that was
// rebuilt does not become one that was seen.
func TestPacketsAgain(t *testing.T) {
	first, second := newMemory(), newMemory()
	items(t, New(first, Options{Run: "a1"}))
	read(t, first.all(), New(second, Options{Run: "a1"}))
	var c frames
	read(t, second.all(), &c)
	for i, e := range fixture.Events() {
		wantTrigger, wantRST := i == 1, i == 2
		got := c.events[i].Frames
		if sent := got.SentRST; i == 0 && sent != (event.SentRST{Known: true, Timestamps: true, TSVal: 5, TSEcr: 6, TTL: 3, TOS: 0x20}) {
			t.Errorf("%+v", sent)
		}
		if got.Trigger.IsZero() == wantTrigger || got.RST.IsZero() == wantRST {
			t.Errorf("event %d (%s): trigger %t, RST %t", e.ID, e.Cause, !got.Trigger.IsZero(), !got.RST.IsZero())
		}
	}
	if f := c.events[1].Frames.Trigger; f.Length != 340 || len(f.Data) != 40 || f.Ifname != "eth0" {
		t.Errorf("%+v", f)
	}
	third := newMemory() // names have no invalid bytes any more
	read(t, second.all(), New(third, Options{Run: "a1"}))
	if !bytes.Equal(second.all(), third.all()) {
		t.Error("the third recording differs from the second")
	}
}

type frames struct {
	event.NopSink
	events []*event.Event
}

func (f *frames) Event(e *event.Event) error {
	f.events = append(f.events, e.Clone())
	return nil
}

// TestLongItem: what is longer than a comment or an entry may be is read again.
func TestLongItem(t *testing.T) {
	file := newMemory()
	s := New(file, Options{})
	e := fixture.Events()[0]
	for range 5000 {
		e.Stack = append(e.Stack, "tcp_v4_rcv+0x87 — äöü")
	}
	totals := fixture.Totals()
	for range 20_000 {
		totals.NotCounted = append(totals.NotCounted, "RSTs that nobody sent")
	}
	give := func(s event.Sink) {
		must(t, s.Event(e))
		must(t, s.Totals(totals))
		must(t, s.Flush(time.Time{}))
	}
	give(s)
	got := jsonOf(func(s event.Sink) { read(t, file.all(), s) })
	if want := jsonOf(give); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// TestSize: no file is larger than its limit, each is a whole recording, and together they
// have everything.
func TestSize(t *testing.T) {
	const size = 20_000
	file := newMemory()
	s := New(file, Options{Run: "a1", Size: size})
	for range 20 {
		items(t, s)
	}
	if len(file.files) < 10 {
		t.Fatalf("%d files", len(file.files))
	}
	got := jsonOf(func(s event.Sink) {
		for i, f := range file.files {
			if f.Len() > size || f.Len() < size/2 && i < len(file.files)-1 {
				t.Errorf("file %d has %d bytes", i, f.Len())
			}
			read(t, f.Bytes(), s)
		}
	})
	want := jsonOf(func(s event.Sink) {
		for range 20 {
			items(t, s)
		}
	})
	if got != want {
		t.Error("not everything came back")
	}
}

// TestTooLarge: an item that fits into no file is left out, and the rest is written.
func TestTooLarge(t *testing.T) {
	file := newMemory()
	s := New(file, Options{Size: 20_000})
	e := fixture.Events()[0]
	must(t, s.Event(e))
	large := e.Clone()
	for range 2000 {
		large.Stack = append(large.Stack, "tcp_v4_rcv+0x87")
	}
	var tooLarge *TooLargeError
	if err := s.Event(large); !errors.As(err, &tooLarge) {
		t.Errorf("%v", err)
	}
	must(t, s.Event(e))
	must(t, s.Flush(time.Time{}))
	var c frames
	for _, f := range file.files {
		if f.Len() > 0 {
			read(t, f.Bytes(), &c)
		}
	}
	if len(c.events) != 2 {
		t.Errorf("%d events", len(c.events))
	}
}

// TestSpan: a file is about a limited time, by the times of its items.
func TestSpan(t *testing.T) {
	file := newMemory()
	s := New(file, Options{Span: time.Hour})
	for i := range 5 {
		e := fixture.Events()[0]
		e.Time = fixture.Start.Add(time.Duration(i) * 25 * time.Minute)
		must(t, s.Event(e))
	}
	must(t, s.Flush(time.Time{}))
	var counts []int
	for _, f := range file.files {
		var c frames
		read(t, f.Bytes(), &c)
		counts = append(counts, len(c.events))
	}
	if !cmp.Equal(counts, []int{3, 2}) {
		t.Errorf("%d", counts)
	}
}

// TestManyDevices: a section has a limited number of interfaces.
func TestManyDevices(t *testing.T) {
	file := newMemory()
	s := New(file, Options{})
	for i := range 3 * interfacesMax / 2 {
		e := fixture.Events()[0]
		e.Netns.Inode = uint32(i + 1)
		must(t, s.Event(e))
	}
	must(t, s.Flush(time.Time{}))
	if got := bytes.Count(file.all(), []byte("Recording of rsttrace")); got != 2 {
		t.Errorf("%d sections", got)
	}
	var c frames
	read(t, file.all(), &c)
	if len(c.events) != 3*interfacesMax/2 {
		t.Errorf("%d events", len(c.events))
	}
}

func BenchmarkEvent(b *testing.B) {
	e := fixture.Events()[1]
	e.Frames.Trigger = frame(packet{src: e.Peer, dst: e.Local, flags: event.SYN, seq: 76, ttl: 63}, "eth0", e.Netns.Inode)
	s := New(discard{}, Options{Run: "a1"})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Event(e); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(blocks []byte) (int, error) { return len(blocks), nil }
func (discard) Next() error                      { return nil }
