package pcapng

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	sink "github.com/rsttrace/rsttrace/internal/sink/pcapng"
	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

type file struct{ bytes.Buffer }

func (*file) Next() error { return nil }

var start = time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)

func sent(id uint64) *event.Event {
	return &event.Event{
		Schema: event.SchemaVersion, ID: id, Time: start.Add(time.Duration(id) * time.Second), Dir: event.Sent, Cause: cause.ClosedPort, Certainty: event.Exact, Summary: "nothing listens",
		Family: event.IPv4, Hook: "tcp_v4_send_reset", Via: event.Fentry,
		Local: event.Endpoint{Addr: netip.MustParseAddr("192.0.2.1"), Port: 80}, Peer: event.Endpoint{Addr: netip.MustParseAddr("192.0.2.2"), Port: 4000},
		RST:    event.Segment{Flags: event.RST},
		Frames: event.Frames{Trigger: event.Frame{Data: []byte{0x45, byte(id)}, Length: 60, Ifname: "eth0", Netns: 7}},
	}
}

// recording has three events, and what follows them.
func recording(t testing.TB) []byte {
	t.Helper()
	var out file
	s := sink.New(&out, sink.Options{Run: "a1"})
	var err error
	for id := range uint64(3) {
		err = errors.Join(err, s.Event(sent(id+1)))
	}
	err = errors.Join(err, s.Followup(&event.Followup{Time: start, Event: 3, Kind: event.GotSIGPIPE}), s.Loss(&event.Loss{Time: start, Events: 2}), s.Flush(start))
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// collector keeps what a source gives.
type collector struct {
	event.NopSink
	events  []*event.Event
	others  int
	flushes []time.Time
}

func (c *collector) Event(e *event.Event) error {
	c.events = append(c.events, e.Clone())
	return nil
}

func (c *collector) Followup(*event.Followup) error {
	c.others++
	return nil
}

func (c *collector) Loss(*event.Loss) error {
	c.others++
	return nil
}

func (c *collector) Flush(now time.Time) error {
	c.flushes = append(c.flushes, now)
	return nil
}

func run(t *testing.T, input []byte) (*collector, error) {
	t.Helper()
	var c collector
	err := (&Source{Name: "file", Input: bufio.NewReader(bytes.NewReader(input))}).Run(context.Background(), &c)
	return &c, err
}

// TestRun: the last call is a flush, at the time of the last item.
func TestRun(t *testing.T) {
	c, err := run(t, recording(t))
	if err != nil || len(c.events) != 3 || c.others != 2 {
		t.Fatalf("%d events, %d others, %v", len(c.events), c.others, err)
	}
	for i, e := range c.events {
		if f := e.Frames.Trigger; len(f.Data) != 2 || f.Data[1] != byte(i+1) || f.Length != 60 || f.Ifname != "eth0" || f.Netns != 7 || !e.Frames.RST.IsZero() {
			t.Errorf("event %d: %+v", e.ID, e.Frames)
		}
	}
	if len(c.flushes) == 0 || !c.flushes[len(c.flushes)-1].Equal(start) {
		t.Errorf("flushes %v", c.flushes)
	}
}

// TestCutOff: wherever the file ends, what came before is given, and one error says how much
// that was.
func TestCutOff(t *testing.T) {
	whole := recording(t)
	last := 0
	for length := 4; length < len(whole); length += 3 {
		c, err := run(t, whole[:length])
		given := len(c.events) + c.others
		var partial *source.PartialError
		if err != nil && (!errors.As(err, &partial) || !strings.HasPrefix(err.Error(), "file: the file is cut off in the block that begins at byte ")) {
			t.Fatalf("%d bytes: %v", length, err)
		}
		if given < last || err != nil && given > 1 && !strings.Contains(err.Error(), fmt.Sprintf("the %d items before it were read", given)) {
			t.Errorf("%d bytes: %d items, %v", length, given, err)
		}
		last = given
	}
	if last < 4 {
		t.Errorf("%d items at the end", last)
	}
}

// TestDamaged: bytes that are no block end the file.
func TestDamaged(t *testing.T) {
	input := append(recording(t), "this is no block at all"...)
	c, err := run(t, input)
	if err == nil || !strings.Contains(err.Error(), "file: damaged at byte ") || !strings.Contains(err.Error(), "the 5 items before it were read") || len(c.events) != 3 {
		t.Errorf("%d events, %v", len(c.events), err)
	}
}

// TestNotDecoded: a line that cannot be read is passed over, and said.
func TestNotDecoded(t *testing.T) {
	input := bytes.Replace(recording(t), []byte(`{"schema":2,`), []byte(`{"schema":3,`), 1)
	c, err := run(t, input)
	if err == nil || err.Error() != "file: 1 of 5 items were skipped, the first because: schema 3 is newer than this rsttrace, which reads up to 2: install a newer one" || len(c.events) != 2 {
		t.Errorf("%d events, %v", len(c.events), err)
	}
}

// TestForeignPackets: packets that another program has put between belong to no event.
func TestForeignPackets(t *testing.T) {
	var b pcapng.Buffer
	b.Section("Mergecap", pcapng.RecordingComment("a1"))
	b.Interface("eth0", "", 0)
	b.Packet(0, 1, []byte("foreign"), 7)
	b.End()
	b.Packet(0, 1, []byte("trigger of another"), 18)
	b.Text(pcapng.OptionComment, pcapng.TriggerComment(8))
	b.End()
	b.Packet(0, 1, []byte("\x45rst"), 40)
	b.Item([]byte(`{"schema":2,"time":"2026-03-03T03:12:45.123456789Z","kind":"event","id":9,"dir":"received","cause":"closed-port","summary":"s","certainty":"exact","family":"ipv4","hook":"h","via":"fentry"}`))
	b.End()
	c, err := run(t, b.Bytes)
	if err != nil || len(c.events) != 1 || !c.events[0].Frames.Trigger.IsZero() || string(c.events[0].Frames.RST.Data) != "\x45rst" {
		t.Errorf("%+v, %v", c.events, err)
	}
}

// TestEnough: a sink that wants no more ends the run without an error.
func TestEnough(t *testing.T) {
	count := 0
	for _, err := range event.Events(t.Context(), &Source{Name: "file", Input: bytes.NewReader(recording(t))}) {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count == 2 {
			break
		}
	}
	if count != 2 {
		t.Errorf("%d events", count)
	}
}

func FuzzRun(f *testing.F) {
	whole := recording(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	swapped := bytes.Clone(whole)
	for i := 0; i+4 <= len(swapped); i += 4 {
		binary.BigEndian.PutUint32(swapped[i:], binary.LittleEndian.Uint32(swapped[i:]))
	}
	f.Add(swapped)
	f.Fuzz(func(t *testing.T, input []byte) {
		var again file
		s := sink.New(&again, sink.Options{})
		err := (&Source{Name: "file", Input: bytes.NewReader(input)}).Run(context.Background(), s)
		var partial *source.PartialError
		if err != nil && !errors.As(err, &partial) {
			t.Fatalf("%v", err)
		}
		// What was read can be written, and read again.
		if err := (&Source{Name: "again", Input: &again}).Run(context.Background(), event.NopSink{}); err != nil {
			t.Errorf("%v", err)
		}
	})
}
