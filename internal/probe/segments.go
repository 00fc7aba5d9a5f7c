package probe

import (
	"github.com/rsttrace/rsttrace/internal/rstreason"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// segments fills in the RST, and for a reply the packet that provoked it.
// A sent RST is not built yet at the hook, so its numbers are derived as the
// kernel will derive them.
func (in *interner) segments(r *resetRecord, e *event.Event) {
	switch e.Evidence.Hook {
	case event.HookSendActive:
		// tcp_send_active_reset: RST and ACK at the next sequence number.
		e.RST = event.Segment{Flags: event.RST | event.ACK, Seq: r.Conn.SndNxt, Ack: r.Expected.RcvNxt}
	case event.HookReceive, event.HookIgnore:
		if e.Evidence.SeesPacket() || r.Conn.PacketNoted != 0 {
			e.RST = in.packet(r)
		}
	default:
		seen := in.packet(r)
		if seen.Flags.Has(event.RST) {
			e.RST = seen // an incoming RST that gets no answer
			return
		}
		e.Trigger = seen
		e.RST = in.replyTo(seen)
	}
}

func (in *interner) packet(r *resetRecord) event.Segment {
	s := event.Segment{
		Flags:  event.TCPFlags(r.Packet.Flags),
		Seq:    r.Packet.Seq,
		Ack:    r.Packet.Ack,
		Window: in.windows.Pointer(r.Packet.Window),
		Len:    r.Packet.Len,
		TTL:    r.Packet.Ttl,
		Ifname: in.text(r.Ifname[:]),
	}
	if s.Flags.Has(event.RST) && s.Len > 0 {
		said := in.payloads.of(r)
		s.DiagText, s.Reason = rstreason.Text(said), rstreason.Parse(said, s.Len)
	}
	if r.Conn.MptcpReason > 1 {
		s.Reason = rstreason.MPTCP(r.Conn.MptcpReason - 1)
	}
	if expects(r) {
		offset := int32(s.Seq - r.Expected.RcvNxt)
		s.SeqOffset, s.Position = in.offsets.Pointer(offset), positionOf(offset, r.Expected.Window)
	}
	return s
}

// expects reports whether the socket knew what it expected next from the peer.
// One that is connecting has not heard of the peer's numbers yet.
func expects(r *resetRecord) bool {
	return (r.Expected.RcvNxt != 0 || r.Expected.Window != 0) && event.State(r.Evidence.State) != event.StateSynSent
}

// positionOf is the word for an offset, as the facts of an ignored RST have it.
func positionOf(offset int32, window uint32) event.Position {
	switch {
	case offset == 0:
		return event.PositionExact
	case offset < 0:
		return event.PositionOld
	case uint32(offset) <= window:
		return event.PositionInWindow
	}
	return event.PositionBeyond
}

// replyTo is the RST that answers a segment (RFC 9293 3.10.7.1): it takes its
// sequence number from the segment's ACK, or acknowledges a segment without.
func (in *interner) replyTo(s event.Segment) event.Segment {
	noWindow := in.windows.Pointer(0)
	if s.Flags.Has(event.ACK) {
		return event.Segment{Flags: event.RST, Seq: s.Ack, Window: noWindow}
	}
	ack := s.Seq + s.Len
	if s.Flags.Has(event.SYN) {
		ack++
	}
	if s.Flags.Has(event.FIN) {
		ack++
	}
	return event.Segment{Flags: event.RST | event.ACK, Ack: ack, Window: noWindow}
}
