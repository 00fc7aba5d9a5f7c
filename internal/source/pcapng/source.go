// Package pcapng reads recordings that the pcapng sink wrote. It is a source, as the live
// tracer is, and gives all that the sink was given, in its order: events with their
// packets, follow-ups, findings, losses, totals and audits.
//
// The trap to avoid: other programs copy such files and leave out or add packets. So a
// packet belongs to an event only where its comments say so.
package pcapng

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/source"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Source reads one file or pipe.
type Source struct {
	// Name is what messages call the input.
	Name string
	// Input has the blocks. If it has a method Buffered, as bufio.Reader, the sink is
	// flushed before a read that may wait.
	Input io.Reader

	trigger event.Frame
	answer  uint64 // number of the event that trigger belongs to
	sent    event.SentRST
	devices []device
	journal pcapng.Journal
	line    []byte
	items   int
	bad     error // the first item that could not be read
	skipped int
}

// device is what the description of an interface says.
type device struct {
	name  string // "": not known
	netns uint32 // 0: not known
}

// Run gives everything to a sink. A file that is damaged or cut off is read as far as it
// goes: the error is then a *source.PartialError.
func (s *Source) Run(ctx context.Context, to event.Sink) error {
	clock := &clock{Sink: to}
	err := s.blocks(ctx, clock)
	var failed *event.SinkError
	switch {
	case errors.As(err, &failed) && errors.Is(failed.Err, event.ErrEnough):
		err = nil
	case errors.As(err, &failed):
		return failed.Err
	}
	if err := clock.Flush(clock.now); err != nil {
		return err
	}
	switch {
	case err != nil:
		return &source.PartialError{Name: s.Name, Err: fmt.Errorf("%w; %s", err, given(s.items))}
	case s.bad != nil:
		return &source.PartialError{Name: s.Name, Err: fmt.Errorf("%d of %d items were skipped, the first because: %w", s.skipped, s.items+s.skipped, s.bad)}
	}
	return nil
}

func given(items int) string {
	switch items {
	case 0:
		return "there was nothing to read before it"
	case 1:
		return "the 1 item before it was read"
	}
	return fmt.Sprintf("the %d items before it were read", items)
}

func (s *Source) blocks(ctx context.Context, to *clock) error {
	reader := pcapng.NewReader(s.Input)
	buffered, _ := s.Input.(interface{ Buffered() int })
	for ctx.Err() == nil {
		if buffered != nil && buffered.Buffered() == 0 {
			if err := to.Flush(to.now); err != nil {
				return &event.SinkError{Err: err}
			}
		}
		block, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.block(block, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *Source) block(block pcapng.Block, to *clock) error {
	switch block.Type {
	case pcapng.SectionHeader:
		s.devices, s.answer = s.devices[:0], 0
	case pcapng.InterfaceDescription:
		s.describe(block)
	case pcapng.EnhancedPacket:
		return s.packet(block, to)
	case pcapng.JournalEntry:
		if line := s.journal.Add(block); line != nil {
			return s.give(line, to, event.Frame{})
		}
	}
	return nil
}

// devicesMax bounds what is kept of interfaces.
const devicesMax = 1 << 16

func (s *Source) describe(block pcapng.Block) {
	if len(s.devices) >= devicesMax {
		return
	}
	const fields = 8
	var d device
	for code, value := range block.Options(fields) {
		switch code {
		case pcapng.OptionInterfaceName:
			d.name = string(value)
		case pcapng.OptionInterfaceDescription:
			d.netns = pcapng.NamespaceOf(string(value))
		}
	}
	if d.name == pcapng.UnknownDevice {
		d.name = ""
	}
	s.devices = append(s.devices, d)
}

// packet takes the event out of a packet, or keeps a packet for the event behind it.
func (s *Source) packet(block pcapng.Block, to *clock) error {
	packet, ok := block.Packet()
	if !ok {
		return fmt.Errorf("%w: a packet that is longer than its block", pcapng.ErrDamaged)
	}
	notes := block.Notes(packet.Options, s.line)
	s.line = notes.Item
	var frame event.Frame
	if !notes.Rebuilt && len(packet.Data) > 0 {
		d := s.device(packet.Interface)
		frame = event.Frame{Data: slices.Clone(packet.Data[:min(len(packet.Data), event.FrameMax)]), Length: packet.Length, Ifname: d.name, Netns: d.netns}
	}
	if len(notes.Item) == 0 {
		s.trigger, s.answer = frame, notes.Answer
		return nil
	}
	s.sent = event.SentRST{}
	if notes.Rebuilt {
		s.sent = sentRST(packet.Data)
	}
	return s.give(notes.Item, to, frame)
}

func (s *Source) device(number uint32) device {
	if int64(number) < int64(len(s.devices)) {
		return s.devices[number]
	}
	return device{}
}

// give decodes a JSON line for the sink. An event gets its packets. A line that cannot be
// decoded is passed over.
func (s *Source) give(line []byte, to *clock, frame event.Frame) error {
	err := event.Decode(line, &framed{clock: to, source: s, rst: frame})
	var failed *event.SinkError
	switch {
	case errors.As(err, &failed):
		return err
	case err == nil:
		s.items++
	case !errors.Is(err, event.ErrKind): // else of a newer version
		s.skipped++
		if s.bad == nil {
			s.bad = err
		}
	}
	return nil
}
