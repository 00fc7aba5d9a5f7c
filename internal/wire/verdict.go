package wire

import (
	"fmt"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/internal/communityid"
	"github.com/rsttrace/rsttrace/internal/rstreason"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Verdict is what the packets say about one RST.
type Verdict struct {
	Kind    Kind
	Row     int // of the rule; 24: none
	Exact   bool
	Because []string
	Packets []uint64 // behind it, by number, ascending

	sight *sight
	also  []*rule
}

// unknownRow is the row of what fits no rule.
const unknownRow = 24

// verdictOf asks the rules.
func verdictOf(v *sight) Verdict {
	verdict := Verdict{Row: unknownRow, sight: v}
	var evidence Evidence
	var decided *rule
	var hidden []int
	for i := range rules {
		r := &rules[i]
		switch {
		case !r.when(v):
		case decided == nil:
			decided = r
			hidden = append(hidden, r.hides...)
			verdict.Kind, verdict.Row, verdict.Exact = r.kind, r.row, r.exact
			verdict.Because = r.because(v, &evidence)
		case r.kind != verdict.Kind && !slices.Contains(hidden, r.row):
			hidden = append(hidden, r.hides...)
			verdict.also = append(verdict.also, r)
		}
	}
	if verdict.Row == unknownRow {
		verdict.Because = missing(v)
	}
	for _, r := range verdict.also {
		verdict.Because = append(verdict.Because, fmt.Sprintf("also: %s (row %d)", r.name, r.row))
	}
	if v.again() && verdict.Kind != AfterReset {
		evidence.add(v.s.first.number)
		verdict.Because = append(verdict.Because, fmt.Sprintf("it repeats the RST of packet %d", v.s.first.number))
	}
	if v.Fragment {
		verdict.Because = append(verdict.Because, "it is the first of several IP fragments")
	}
	slices.Sort(evidence.Packets)
	verdict.Packets = slices.Compact(evidence.Packets)
	return verdict
}

// Event is the verdict as an event. ours says which addresses are on this side; nil:
// nobody has said it.
func (d *Verdict) Event(ours func(Addr) bool) *event.Event {
	v := d.sight
	e := &event.Event{
		Schema: event.SchemaVersion, Time: time.Unix(0, v.Time).UTC(), ID: v.id, Certainty: event.Likely,
		Family: event.IPv4, Hook: "capture", Via: event.Capture,
	}
	if d.Exact {
		e.Certainty = event.Exact
	}
	if v.IPv6 {
		e.Family = event.IPv6
	}
	from, to := d.Ends()
	e.Dir = d.dir(ours)
	e.Cause = causeOf(v, d.Kind, e.Dir)
	e.Local, e.Peer = to, from
	here, there := &v.t, &v.s
	entry, _ := cause.Lookup(e.Cause)
	fromLocal := e.Dir == event.Sent || e.Dir == event.Observed && entry.Dir == event.Sent
	if fromLocal {
		e.Local, e.Peer = from, to
		here, there = there, here
	}
	e.Remedy = entry.Remedy
	e.RST = v.segment(fromLocal)
	if t := v.provoked(); t != nil && answering(d.Kind) {
		e.Trigger = t.segment()
	}
	if v.nWhole > 0 {
		e.Frames.RST = event.Frame{Data: slices.Clone(v.whole[:v.nWhole]), Length: v.WholeLen, Ifname: v.Ifname}
	}
	e.Summary = d.summary(from, to) + cause.Said(&e.RST)
	e.Because = d.Because
	e.Conn = v.conn(here, there)
	if !fromLocal && d.Kind != Injected && d.Kind != BadSum && d.Kind != Challenged {
		e.Lost.UnackedBytes = v.unackedOfT()
	}
	if f := v.s.first; f != nil && d.Kind != Injected && d.Kind != OtherDevice {
		e.Earlier = event.Earlier{Event: f.event, EndedBy: "reset", AgoMillis: millis(v.Time - f.at)}
	} else if d.Kind == AfterClose {
		e.Earlier = event.Earlier{EndedBy: "process", AgoMillis: millis(v.Time - v.s.finAt)}
	}
	e.CommunityID = communityid.TCP(from.AddrPort(), to.AddrPort())
	e.Capture = event.InCapture{
		RST: v.Number, Others: d.Packets, Row: uint32(d.Row), Candidates: d.Candidates(), Signature: signature(v), FromLocal: fromLocal, Fragment: v.Fragment,
	}
	return e
}

// Cause is the cause that an event has whose direction is dir.
func (d *Verdict) Cause(dir event.Dir) event.CauseID { return causeOf(d.sight, d.Kind, dir) }

// Candidates are the causes that a tracer at the sender would choose between; none where
// Cause(event.Sent) is as good as certain, or nothing is known.
func (d *Verdict) Candidates() []event.CauseID { return candidates(d.sight, d.Kind) }

// Ends are the address that the RST claims to come from, and the one it went to.
func (d *Verdict) Ends() (from, to event.Endpoint) {
	v := d.sight
	return event.Endpoint{Addr: v.Src.Netip(), Port: v.SrcPort}, event.Endpoint{Addr: v.Dst.Netip(), Port: v.DstPort}
}

// Flags are those of the RST.
func (d *Verdict) Flags() event.TCPFlags { return d.sight.Flags }

// dir is what the end did that is ours. What S has not sent is not sent by it.
func (d *Verdict) dir(ours func(Addr) bool) event.Dir {
	v := d.sight
	switch {
	case ours == nil:
		return event.Observed
	case ours(v.Src) && d.Kind != Injected && d.Kind != OtherDevice:
		return event.Sent
	case !ours(v.Dst):
		return event.Observed
	case meanings[d.Kind].ignored:
		return event.Ignored
	}
	return event.Received
}

// answering: a RST of this kind answers a packet.
func answering(k Kind) bool {
	return k == RefusedSYN || k == NoSocket || k == AfterClose || k == AfterReset || k == Unasked || k == BrokenOff
}

// segment is the RST as an event has it.
func (v *sight) segment(fromLocal bool) event.Segment {
	window := v.Window
	s := event.Segment{Flags: v.Flags, Seq: v.Seq, Ack: v.Ack, Window: &window, Len: v.Len, TTL: v.TTL, Ifname: v.Ifname}
	payload := v.payload[:v.nPayload]
	if s.Reason = rstreason.Parse(payload, v.Len); s.Reason == nil {
		s.DiagText = rstreason.Text(payload)
	}
	if v.Options.MPTCPReset {
		s.Reason = rstreason.MPTCP(v.Options.Reason)
	}
	if fromLocal || !v.t.acked {
		return s
	}
	offset := int32(v.Seq - v.t.ack)
	s.SeqOffset = &offset
	switch {
	case offset < 0:
		s.Position = event.PositionOld
	case offset == 0:
		s.Position = event.PositionExact
	case !v.t.syn && !v.t.synAck: // the scale of its window is not known
	case uint32(offset) <= v.t.receiveWindow(&v.s):
		s.Position = event.PositionInWindow
	default:
		s.Position = event.PositionBeyond
	}
	return s
}

// receiveWindow is how much this side takes: windows are scaled if both SYNs say so.
func (s *side) receiveWindow(other *side) uint32 {
	if s.last.flags.Has(event.SYN) || !s.scaled || !other.scaled {
		return uint32(s.window)
	}
	return uint32(s.window) << s.scale
}

func (t *trigger) segment() event.Segment {
	window := t.window
	return event.Segment{Flags: t.flags, Seq: t.seq, Ack: t.ack, Window: &window, Len: t.len, TTL: t.ttl}
}

// conn is what the packets say about the connection of one end.
func (v *sight) conn(here, there *side) event.Conn {
	c := event.Conn{}
	switch {
	case here.syn && !there.syn || there.synAck:
		c.Role = event.Client
	case there.syn && !here.syn || here.synAck:
		c.Role = event.Server
	}
	since := func(at int64) uint64 {
		if at == 0 || at > v.Time {
			return 0
		}
		return millis(v.Time - at)
	}
	if here.syn || there.syn {
		c.AgeMillis = since(min(nonZero(here.firstAt), nonZero(there.firstAt)))
	}
	c.LastReceivedMillis, c.LastSentMillis = since(there.lastAt), since(here.dataAt)
	c.PeerFinMillis, c.FinMillis = since(there.finAt), since(here.finAt)
	if here.fin && here.finIdle > 0 {
		c.IdleBeforeFinMillis = millis(here.finIdle)
	}
	if there.fin && there.finIdle > 0 {
		c.IdleBeforePeerFinMillis = millis(there.finIdle)
	}
	return c
}

func nonZero(at int64) int64 {
	if at == 0 {
		return 1<<63 - 1
	}
	return at
}

// millis is at least 1: 0 would be not known.
func millis(nanos int64) uint64 {
	return uint64(max(1, nanos/int64(time.Millisecond)))
}

// unackedOfT is how much T had sent that S never acknowledged.
func (v *sight) unackedOfT() uint32 {
	if v.t.data == 0 || !v.t.known {
		return 0
	}
	ack := v.s.ack
	known := v.s.acked
	if !v.bare() && (!known || before(ack, v.Ack)) && !before(v.t.next, v.Ack) {
		ack, known = v.Ack, true
	}
	if !known || !before(ack, v.t.next) {
		return 0
	}
	n := v.t.next - ack
	if v.t.fin && n > 0 {
		n--
	}
	return n
}
