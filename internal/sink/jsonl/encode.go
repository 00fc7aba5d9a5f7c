package jsonl

import (
	"strconv"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// appendEvent appends the JSON form of e. Order and names are those of the
// fields of event.Event; a new field there fails TestMatchesEncodingJSON until
// it is written here.
func appendEvent(buf []byte, e *event.Event, evidence bool, m *moments) []byte {
	l := begin(buf, e.Schema, m, &e.Host, e.Time, event.KindEvent)
	l = l.number(`"monotonicNanos":`, e.MonotonicNanos)
	l = l.numberAlways(`"id":`, e.ID)
	l = appendVerdict(l, e)
	l = appendConnection(l, e)
	l = appendWho(l, e)
	l = appendKnowledge(l, e)
	if evidence {
		l = appendEvidence(l, &e.Evidence)
	}
	return l.whole()
}

// begin opens a line with what every line has. The time comes before what
// differs between kinds, so that lines of all kinds sort as text.
func begin(buf []byte, schema int, m *moments, h *event.Host, t time.Time, kind event.Kind) line {
	l := line(append(buf, '{'))
	l = l.signed(`"schema":`, int64(schema))
	l = m.append(l, `"time":`, t)
	l = l.textAlways(`"kind":`, string(kind))
	l = l.text(`"host":`, h.HostName)
	l = l.text(`"hostId":`, h.HostID)
	return l.text(`"bootId":`, h.BootID)
}

// appendVerdict is what happened and what to do.
func appendVerdict(l line, e *event.Event) line {
	l = l.textAlways(`"dir":`, string(e.Dir))
	l = l.flag(`"confirmed":`, e.Confirmed)
	l = l.textAlways(`"cause":`, string(e.Cause))
	l = l.textAlways(`"summary":`, e.Summary)
	l = l.text(`"remedy":`, e.Remedy)
	l = l.textAlways(`"certainty":`, string(e.Certainty))
	return l.texts(`"because":`, e.Because)
}

// appendConnection is where it happened and what the packets were.
func appendConnection(l line, e *event.Event) line {
	l = l.textAlways(`"family":`, string(e.Family))
	l = appendEndpoint(l, `"local":`, e.Local)
	l = appendEndpoint(l, `"peer":`, e.Peer)
	if e.State != 0 {
		l = l.textAlways(`"state":`, e.State.String())
	}
	l = appendSegment(l, `"rst":`, &e.RST)
	l = appendSegment(l, `"trigger":`, &e.Trigger)
	l = appendApp(l, &e.App)
	return appendLostBytes(l, &e.Lost)
}

func appendLostBytes(l line, lost *event.Lost) line {
	if *lost == (event.Lost{}) {
		return l
	}
	l = l.open(`"lost":`)
	l = l.number(`"unreadBytes":`, uint64(lost.UnreadBytes))
	l = l.number(`"unsentBytes":`, uint64(lost.UnsentBytes))
	l = l.number(`"unackedBytes":`, uint64(lost.UnackedBytes))
	return l.close()
}

// appendApp leaves out an application that gets nothing: none of its fields is
// written then.
func appendApp(l line, a *event.App) line {
	start := len(l)
	l = l.open(`"app":`)
	l = l.text(`"errno":`, a.Errno)
	l = l.flag(`"sigpipe":`, a.SIGPIPE)
	l = l.text(`"on":`, a.ErrorCall)
	l = l.flag(`"reported":`, a.Reported)
	l = appendCalls(l, `"calls":`, &a.Calls)
	l = appendCalls(l, `"then":`, &a.AfterError)
	l = l.flag(`"dataFirst":`, a.DataFirst)
	return l.closeUnlessEmpty(start)
}

func appendCalls(l line, name string, c *event.Calls) line {
	start := len(l)
	l = l.open(name)
	l = l.text(`"accept":`, c.Accept)
	l = l.text(`"connect":`, c.Connect)
	l = l.text(`"poll":`, c.Poll)
	l = l.text(`"soError":`, c.SOError)
	l = l.text(`"read":`, c.Read)
	l = l.text(`"write":`, c.Write)
	l = l.flag(`"sigpipe":`, c.SIGPIPE)
	return l.closeUnlessEmpty(start)
}

// appendConn leaves out the numbers of what is no full socket.
func appendConn(l line, c *event.Conn) line {
	if c.IsZero() {
		return l
	}
	l = l.open(`"conn":`)
	l = l.text(`"role":`, string(c.Role))
	if !c.Known {
		return appendTimes(l, c).close()
	}
	l = l.number(`"cookie":`, c.Cookie)
	l = l.numberAlways(`"srttMicros":`, uint64(c.SRTTMicros))
	l = l.numberAlways(`"retransmits":`, uint64(c.Retransmits))
	l = l.numberAlways(`"bytesAcked":`, c.BytesAcked)
	l = l.numberAlways(`"bytesReceived":`, c.BytesReceived)
	l = appendOptional(l, `"segmentsReceived":`, c.SegmentsReceived)
	l = appendOptional(l, `"segmentsSent":`, c.SegmentsSent)
	l = appendOptional(l, `"segmentsUnacked":`, c.SegmentsUnacked)
	l = appendTimes(l, c)
	l = l.number(`"mark":`, uint64(c.Mark))
	l = appendOptional(l, `"uid":`, c.UID)
	return l.close()
}

// appendTimes is what a capture knows of a connection, too.
func appendTimes(l line, c *event.Conn) line {
	l = l.number(`"ageMillis":`, c.AgeMillis)
	l = l.number(`"lastReceivedMillis":`, c.LastReceivedMillis)
	l = l.number(`"lastSentMillis":`, c.LastSentMillis)
	l = l.number(`"peerFinMillis":`, c.PeerFinMillis)
	l = l.number(`"finMillis":`, c.FinMillis)
	l = l.number(`"idleBeforePeerFinMillis":`, c.IdleBeforePeerFinMillis)
	return l.number(`"idleBeforeFinMillis":`, c.IdleBeforeFinMillis)
}

// appendCapture is which packets of a capture the event is from.
func appendCapture(l line, f *event.InCapture) line {
	if f.IsZero() {
		return l
	}
	l = l.open(`"capture":`)
	l = l.number(`"packet":`, f.RST)
	if len(f.Others) > 0 {
		l = l.openList(`"packets":`)
		for _, n := range f.Others {
			l = append(strconv.AppendUint(l, n, 10), ',')
		}
		l = l.closeList()
	}
	l = l.number(`"row":`, uint64(f.Row))
	if len(f.Candidates) > 0 {
		l = l.openList(`"candidates":`)
		for _, id := range f.Candidates {
			l = l.textAlways("", string(id))
		}
		l = l.closeList()
	}
	l = l.text(`"signature":`, f.Signature)
	l = l.flag(`"fromLocal":`, f.FromLocal)
	l = l.flag(`"fragment":`, f.Fragment)
	return l.close()
}

func appendOptional(l line, name string, n *uint32) line {
	if n == nil {
		return l
	}
	return l.numberAlways(name, uint64(*n))
}

// appendKnowledge is how all of it is known.
func appendKnowledge(l line, e *event.Event) line {
	l = l.textAlways(`"hook":`, e.Hook)
	l = l.textAlways(`"via":`, string(e.Via))
	l = l.text(`"kernelReason":`, e.KernelReason)
	l = l.text(`"kernelVerdict":`, e.KernelVerdict)
	if e.IETFCause != nil {
		l = l.signed(`"ietfCause":`, int64(*e.IETFCause))
	}
	l = l.text(`"communityID":`, e.CommunityID)
	return l.texts(`"stack":`, e.Stack)
}

func appendNetns(l line, n event.Netns) line {
	if n == (event.Netns{}) {
		return l
	}
	l = l.open(`"netns":`)
	l = l.numberAlways(`"inode":`, uint64(n.Inode))
	l = l.text(`"name":`, n.Name)
	return l.close()
}

// appendEndpoint leaves out an end whose address is not known.
func appendEndpoint(l line, name string, end event.Endpoint) line {
	if !end.Addr.IsValid() {
		return l
	}
	l = l.open(name)
	l = l.address(`"addr":`, end.Addr)
	l = l.numberAlways(`"port":`, uint64(end.Port))
	return l.close()
}

// flagTexts spares the allocation of TCPFlags.String.
var flagTexts = func() (texts [256]string) {
	for i := range texts {
		texts[i] = event.TCPFlags(i).String()
	}
	return texts
}()

func appendSegment(l line, name string, s *event.Segment) line {
	if *s == (event.Segment{}) {
		return l
	}
	l = l.open(name)
	l = l.textAlways(`"flags":`, flagTexts[s.Flags])
	l = l.numberAlways(`"seq":`, uint64(s.Seq))
	l = l.numberAlways(`"ack":`, uint64(s.Ack))
	if s.Window != nil {
		l = l.numberAlways(`"win":`, uint64(*s.Window))
	}
	l = l.numberAlways(`"len":`, uint64(s.Len))
	l = l.number(`"ttl":`, uint64(s.TTL))
	l = l.text(`"ifname":`, s.Ifname)
	l = l.text(`"diag":`, s.DiagText)
	l = appendReason(l, s.Reason)
	if s.SeqOffset != nil {
		l = l.signed(`"seqOffset":`, int64(*s.SeqOffset))
	}
	l = l.text(`"position":`, string(s.Position))
	return l.close()
}

func appendReason(l line, r *event.Reason) line {
	if r == nil {
		return l
	}
	l = l.open(`"reason":`)
	l = l.textAlways(`"registry":`, string(r.Registry))
	l = l.numberAlways(`"code":`, uint64(r.Code))
	l = l.number(`"pen":`, uint64(r.PEN))
	l = l.text(`"vendor":`, r.Vendor)
	l = l.text(`"name":`, r.Name)
	return l.close()
}

func appendEvidence(l line, ev *event.Evidence) line {
	if *ev == (event.Evidence{}) {
		return l
	}
	l = l.open(`"evidence":`)
	l = l.textAlways(`"hook":`, ev.Hook.String())
	l = l.textAlways(`"socket":`, ev.Socket.String())
	if ev.State != 0 {
		l = l.textAlways(`"state":`, ev.State.String())
	}
	if ev.Prior != 0 {
		l = l.textAlways(`"prior":`, ev.Prior.String())
	}
	if ev.Packet != 0 {
		l = l.textAlways(`"packet":`, flagTexts[ev.Packet])
	}
	if ev.Caller != 0 {
		l = l.textAlways(`"caller":`, ev.Caller.String())
	}
	l = l.text(`"reason":`, ev.Reason)
	l = l.flag(`"dropped":`, ev.Dropped)
	if ev.Chain != 0 {
		l = l.textAlways(`"chain":`, ev.Chain.String())
	}
	l = l.textAlways(`"family":`, string(ev.Family))
	if ev.Facts != 0 {
		l = append(ev.Facts.AppendTo(append(l, `"facts":"`...)), '"', ',')
	}
	return l.close()
}
