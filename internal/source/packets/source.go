package packets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/internal/wire"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Source reads one capture.
type Source struct {
	// Name is what messages call the input.
	Name string
	// Input has the file, decompressed.
	Input io.Reader
	// Local are the addresses of our side. None: nobody has said it, and every event is
	// observed.
	Local []netip.Prefix
	// Note is called at the end with what could not be used of the capture, in whole
	// sentences without a stop. nil: nobody wants to know.
	Note func(string)
	// IDs is the number of the last event, which the next capture goes on from. nil: every
	// capture begins with 1.
	IDs *uint64
	// Verdict is called with each verdict before it becomes an event. nil: with none.
	Verdict func(*wire.Verdict)

	seen    [outcomes]uint64 // frames, by what became of them
	unknown uint64           // frames of link types that are not read
	packets uint64
	totals  event.Totals
}

// bufferSize is that of the reader: a frame that fits is not copied.
const bufferSize = 1 << 20

// checkEvery is after how many frames the context is asked.
const checkEvery = 1 << 12

// Recognise reports whether a file begins as a capture does.
func Recognise(head []byte) bool { return isPcap(head) || isPcapng(head) }

// Run reads the capture. An error comes after all events of what could be read. The end
// of the context ends the file where it is, and what was read is decided.
func (s *Source) Run(ctx context.Context, to event.Sink) error {
	in := bufio.NewReaderSize(s.Input, bufferSize)
	if s.IDs == nil {
		s.IDs = new(uint64)
	}
	engine := wire.New(wire.Options{Before: *s.IDs, Give: func(v *wire.Verdict) error { return s.give(v, to) }})
	damaged, err := s.frames(ctx, in, engine)
	if err == nil {
		err = engine.End()
	}
	switch {
	case errors.Is(err, event.ErrEnough):
	case err != nil:
		return err
	}
	s.totals.NotCounted = nil
	if err := to.Totals(&s.totals); err != nil {
		return err
	}
	if err := to.Flush(s.totals.Time); err != nil {
		return err
	}
	if ctx.Err() != nil && s.Note != nil {
		s.Note(fmt.Sprintf("stopped after packet %d: what was read so far is shown", s.packets))
	}
	s.note(engine.Account())
	if damaged != nil {
		return &source.PartialError{Name: s.Name, Err: fmt.Errorf("after packet %d: %w", s.packets, damaged)}
	}
	return nil
}

// frames gives all segments to the engine. damaged is what is wrong with the file, err
// what the sink said.
func (s *Source) frames(ctx context.Context, in *bufio.Reader, engine *wire.Engine) (damaged, err error) {
	file, err := open(in)
	if err != nil {
		return err, nil //nolint:nilerr // it is the file that is wrong, not the sink
	}
	var f frame
	var d decoder
	for {
		if s.packets%checkEvery == 0 && ctx.Err() != nil {
			return nil, nil
		}
		if err := file.next(&f); err != nil {
			if errors.Is(err, io.EOF) {
				return nil, nil
			}
			return err, nil
		}
		s.packets++
		if !knownLinks[f.link] {
			s.unknown++
			continue
		}
		result := d.decode(f.link, f.data, f.length)
		s.seen[result]++
		if f.time > 0 {
			s.totals.Time = time.Unix(0, f.time).UTC()
		}
		if result != segment {
			continue
		}
		d.packet.Number, d.packet.Time, d.packet.Ifname = s.packets, f.time, f.ifname
		if err := engine.Packet(&d.packet); err != nil {
			return nil, err
		}
	}
}

func open(in *bufio.Reader) (file, error) {
	head, err := in.Peek(4)
	if err != nil {
		return nil, whole(err)
	}
	if isPcapng(head) {
		return openPcapng(in), nil
	}
	return openPcap(in)
}

// give passes a verdict on as an event.
func (s *Source) give(v *wire.Verdict, to event.Sink) error {
	if s.Verdict != nil {
		s.Verdict(v)
	}
	e := v.Event(s.ours())
	s.count(e)
	*s.IDs = e.ID
	return to.Event(e)
}

// ours is nil where nobody has said which side is ours.
func (s *Source) ours() func(wire.Addr) bool {
	if len(s.Local) == 0 {
		return nil
	}
	return func(a wire.Addr) bool {
		addr := a.Netip()
		for _, p := range s.Local {
			if p.Contains(addr) {
				return true
			}
		}
		return false
	}
}

// count adds an event to the totals.
func (s *Source) count(e *event.Event) {
	s.totals.Shown++
	for i := range s.totals.Counts {
		if c := &s.totals.Counts[i]; c.Dir == e.Dir && c.Cause == e.Cause {
			c.Events++
			return
		}
	}
	s.totals.Counts = append(s.totals.Counts, event.Count{Dir: e.Dir, Cause: e.Cause, Events: 1})
}

// note says what could not be used.
func (s *Source) note(left wire.Account) {
	if s.Note == nil {
		return
	}
	for _, n := range []struct {
		count uint64
		text  string
	}{
		{s.unknown, "packets of a link type that rsttrace does not read: %d"},
		{s.seen[cutOff], "packets that are cut off before the end of their TCP header: %d. Capture with a snap length of at least 128"},
		{s.seen[fragment], "later IP fragments of TCP segments, which are not looked at: %d"},
		{s.seen[malformed], "packets whose lengths contradict each other: %d"},
		{left.Forgotten, "connections that were forgotten, as there were more than 131 072 at a time: %d. A later RST of theirs has less evidence"},
		{left.Early, "RSTs that were decided before two seconds had passed, as too many came at once: %d"},
	} {
		if n.count > 0 {
			s.Note(fmt.Sprintf(n.text, n.count))
		}
	}
}
