package pcapng

import (
	"github.com/rsttrace/rsttrace/internal/pcapng"
	"github.com/rsttrace/rsttrace/internal/sink/sentence"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// packets writes the RST of an event, and the packet that it answers in front of it.
func (s *Sink) packets(e *event.Event, json []byte) {
	switch {
	case e.Via == event.Capture:
		s.captured(e, json)
	case e.Dir == event.Sent:
		s.sent(e, json)
	default:
		s.seenHere(e, json)
	}
}

// captured writes a RST of a capture of others. The bytes of the packet that it answers are
// not kept.
func (s *Sink) captured(e *event.Event, json []byte) {
	from, to := e.Peer, e.Local
	if e.Capture.FromLocal {
		from, to = to, from
	}
	direction := map[event.Dir]uint32{event.Sent: pcapng.Outbound, event.Received: pcapng.Inbound, event.Ignored: pcapng.Inbound}[e.Dir]
	s.trigger(e, to, from, (pcapng.Inbound|pcapng.Outbound)-direction, whyCapture)
	s.seenOrBuilt(e, from, to, whyCapture)
	s.rst(e, json, direction)
}

// sent writes a RST of this host, as the kernel builds it.
func (s *Sink) sent(e *event.Event, json []byte) {
	direction := pcapng.Inbound
	if e.Evidence.Chain == event.ChainOutput || e.Evidence.Chain == event.ChainPostrouting {
		direction = pcapng.Outbound // a packet of this host met a rule
	}
	s.trigger(e, e.Peer, e.Local, direction, whySeen)
	p, not := sentRST(e)
	d := deviceOf(e, nil, &event.Segment{}) // where it leaves is not known
	s.built(e, d, &p)
	s.text = appendRebuilt(appendEventComment(s, e), whySent, not)
	s.rst(e, json, pcapng.Outbound)
}

// seenHere writes a RST that came, as it was seen or rebuilt.
func (s *Sink) seenHere(e *event.Event, json []byte) {
	from, to := e.Peer, e.Local
	if e.LocalSent() { // of a capture
		from, to = to, from
	}
	s.seenOrBuilt(e, from, to, whySeen)
	s.rst(e, json, pcapng.Inbound)
}

// seenOrBuilt opens the block of a RST with its bytes, or else of one that is rebuilt.
func (s *Sink) seenOrBuilt(e *event.Event, from, to event.Endpoint, why string) {
	if frame := &e.Frames.RST; !frame.IsZero() {
		s.seen(e, frame, &e.RST)
		s.text = appendEventComment(s, e)
		return
	}
	p, not := seenSegment(e, &e.RST, from, to, event.RST)
	s.built(e, deviceOf(e, nil, &e.RST), &p)
	s.text = appendRebuilt(appendEventComment(s, e), why, not)
}

// appendEventComment writes the first comment of a RST. It returns room for the next one.
func appendEventComment(s *Sink, e *event.Event) []byte {
	s.text = sentence.AppendEvent(s.text[:0], e)
	s.comment(s.text)
	return s.text[:0]
}

// rst writes the rest of the block of a RST. text is what is said of a rebuilt one.
func (s *Sink) rst(e *event.Event, json []byte, direction uint32) {
	s.comment(s.text)
	s.blocks.Item(json)
	s.direction(direction)
	s.blocks.Long(pcapng.OptionPacketID, e.ID)
	if e.Owner.PID != 0 && direction == pcapng.Outbound {
		s.blocks.Thread(e.Owner.PID, e.Owner.TID)
	}
	s.blocks.End()
}

// direction writes where a packet went to. Of one that a capture of others has, it is not
// known.
func (s *Sink) direction(d uint32) {
	if d == pcapng.Inbound || d == pcapng.Outbound {
		s.blocks.Word(pcapng.OptionPacketFlags, d)
	}
}

// trigger writes the packet that a RST answers, if there is one.
func (s *Sink) trigger(e *event.Event, from, to event.Endpoint, direction uint32, why string) {
	switch frame := &e.Frames.Trigger; {
	case !frame.IsZero():
		s.seen(e, frame, &e.Trigger)
		s.blocks.Text(pcapng.OptionComment, pcapng.TriggerComment(e.ID))
	case e.Trigger != event.Segment{}:
		p, not := seenSegment(e, &e.Trigger, from, to, 0)
		s.built(e, deviceOf(e, nil, &e.Trigger), &p)
		s.blocks.Text(pcapng.OptionComment, pcapng.TriggerComment(e.ID))
		s.text = appendRebuilt(s.text[:0], why, not)
		s.comment(s.text)
	default:
		return
	}
	s.direction(direction)
	s.blocks.End()
}

// seen opens the block of a packet that was captured.
func (s *Sink) seen(e *event.Event, frame *event.Frame, segment *event.Segment) {
	number := s.number(deviceOf(e, frame, segment), e)
	s.blocks.Packet(number, nanos(e), frame.Data, frame.Length)
}

// built opens the block of a packet that is rebuilt.
func (s *Sink) built(e *event.Event, d device, p *packet) {
	number := s.number(d, e)
	s.packet = p.append(s.packet[:0])
	s.blocks.Packet(number, nanos(e), s.packet, p.length())
}

// comment appends a comment, if there is one.
func (s *Sink) comment(text []byte) {
	if len(text) > 0 {
		s.blocks.Option(pcapng.OptionComment, text[:min(len(text), pcapng.OptionMax)])
	}
}

// nanos is the time of an event. Before 1970 there is none.
func nanos(e *event.Event) uint64 { return uint64(max(e.Time.UnixNano(), 0)) }
