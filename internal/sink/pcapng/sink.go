package pcapng

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options says what a recording is of, and when its next file begins.
type Options struct {
	Version string // of rsttrace
	Run     string // tells the files of one run from those of others
	// Size is how many bytes a file has at most, 0: no limit.
	Size int64
	// Span is the time that a file is about, 0: no limit.
	Span time.Duration
}

// File is where a recording goes. Write takes whole blocks.
type File interface {
	io.Writer
	// Next ends the file and begins the next one. It is called only where Options have a
	// limit.
	Next() error
}

// flushAt is how many bytes are written at once.
const flushAt = 64 << 10

// Sink writes a recording.
type Sink struct {
	out     File
	options Options
	json    *jsonl.Sink
	line    []byte // of the item

	blocks  pcapng.Buffer
	devices interfaces
	text    []byte
	packet  []byte

	written int64     // bytes of the file, without those in blocks
	begun   bool      // the file has its section header
	first   time.Time // of the first item in the file
	items   int       // in the file
}

// New returns a Sink that writes to a file. Events carry their evidence: it tells most.
func New(out File, o Options) *Sink {
	s := &Sink{out: out, options: o, devices: make(interfaces)}
	s.json = jsonl.NewEach(func(line []byte) error {
		s.line = line
		return nil
	}, jsonl.Options{Evidence: true})
	return s
}

// TooLargeError says that an item does not fit into a file of the largest size. It is left
// out.
type TooLargeError struct{ Bytes, Size int64 }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("an item of %d bytes does not fit into a file of %d", e.Bytes, e.Size)
}

// Event writes the packets of an event.
func (s *Sink) Event(e *event.Event) error {
	return s.item(e.Time, func() error { return s.json.Event(e) }, func(json []byte) { s.packets(e, json) })
}

// Followup writes a journal entry.
func (s *Sink) Followup(f *event.Followup) error {
	return s.entry(f.Time, func() error { return s.json.Followup(f) }, information, func() string { return sentence.Followup(f) })
}

// Finding writes a journal entry.
func (s *Sink) Finding(f *event.Finding) error {
	priority := information
	if !f.Harmless {
		priority = warning
	}
	return s.entry(f.Time, func() error { return s.json.Finding(f) }, priority, func() string { return sentence.Finding(f) })
}

// Loss writes a journal entry.
func (s *Sink) Loss(l *event.Loss) error {
	return s.entry(l.Time, func() error { return s.json.Loss(l) }, warning, func() string { return sentence.Loss(l) })
}

// Totals writes a journal entry.
func (s *Sink) Totals(t *event.Totals) error {
	return s.entry(t.Time, func() error { return s.json.Totals(t) }, information, func() string { return sentence.Totals(t) })
}

// Audit writes a journal entry.
func (s *Sink) Audit(a *event.Audit) error {
	priority := information
	if !a.OK {
		priority = warning
	}
	return s.entry(a.Time, func() error { return s.json.Audit(a) }, priority, func() string { return sentence.Audit(a) })
}

// Coverage writes a journal entry.
func (s *Sink) Coverage(c *event.Coverage) error {
	return s.entry(c.Time, func() error { return s.json.Coverage(c) }, information, func() string { return sentence.Coverage(c) })
}

// The priorities of journal entries, as of syslog.
const (
	warning     byte = '4'
	information byte = '6'
)

// entry writes an item that has no packet.
func (s *Sink) entry(at time.Time, encode func() error, priority byte, message func() string) error {
	return s.item(at, encode, func(json []byte) {
		s.blocks.Entry(&pcapng.Entry{Micros: at.UnixMicro(), Message: message(), Priority: priority, Item: json})
	})
}

// item writes the blocks of an item. Where they do not fit into the file any more, they
// begin the next one.
func (s *Sink) item(at time.Time, encode func() error, write func(json []byte)) error {
	s.line = nil
	if err := encode(); err != nil {
		return err
	}
	json := bytes.TrimSuffix(s.line, []byte("\n"))
	if len(json) == 0 { // nothing to say
		return nil
	}
	if s.items > 0 && s.options.Span > 0 && at.Sub(s.first) >= s.options.Span {
		if err := s.next(); err != nil {
			return err
		}
	}
	start := s.begin()
	write(json)
	if s.items > 0 && s.over() {
		s.blocks.Bytes = s.blocks.Bytes[:start]
		if err := s.next(); err != nil {
			return err
		}
		start = s.begin()
		write(json)
	}
	if s.over() {
		size := int64(len(s.blocks.Bytes) - start)
		s.blocks.Bytes, s.begun = s.blocks.Bytes[:0], false
		return &TooLargeError{size, s.options.Size}
	}
	if s.items == 0 {
		s.first = at
	}
	s.items++
	if len(s.blocks.Bytes) >= flushAt {
		return s.write()
	}
	return nil
}

// over reports whether the file would be too large.
func (s *Sink) over() bool {
	return s.options.Size > 0 && s.written+int64(len(s.blocks.Bytes)) > s.options.Size
}

// begin makes sure that there is a section with room for interfaces. It returns where the
// next block begins.
func (s *Sink) begin() int {
	if !s.begun || len(s.devices) >= interfacesMax {
		clear(s.devices)
		s.blocks.Section("rsttrace "+s.options.Version, pcapng.RecordingComment(s.options.Run))
		s.begun = true
	}
	return len(s.blocks.Bytes)
}

// next goes on in the next file.
func (s *Sink) next() error {
	if err := s.write(); err != nil {
		return err
	}
	s.written, s.items, s.begun = 0, 0, false
	return s.out.Next()
}

// Flush writes what is buffered. A recording of nothing has its section header all the
// same.
func (s *Sink) Flush(time.Time) error {
	s.begin()
	return s.write()
}

func (s *Sink) write() error {
	if len(s.blocks.Bytes) == 0 {
		return nil
	}
	n, err := s.out.Write(s.blocks.Bytes)
	s.written += int64(n)
	s.blocks.Bytes = s.blocks.Bytes[:0]
	return err
}
