package jsonl

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// appendEvent appends the JSON form of e. Order and names are those of the
// fields of event.Event; a new field there fails TestMatchesEncodingJSON until
// it is written here.
func appendEvent(buf []byte, e *event.Event, evidence bool, m *moments) []byte {
	l := begin(buf, e.Schema, m, e.Time, event.KindEvent)
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
func begin(buf []byte, schema int, m *moments, t time.Time, kind event.Kind) line {
	l := line(append(buf, '{'))
	l = l.signed(`"schema":`, int64(schema))
	l = m.append(l, `"time":`, t)
	return l.textAlways(`"kind":`, string(kind))
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

// appendWho is whose socket it was.
func appendWho(l line, e *event.Event) line {
	l = appendOwner(l, &e.Owner)
	l = appendBy(l, e.Initiator)
	l = l.text(`"chain":`, e.Chain)
	l = l.flag(`"forwarded":`, e.Forwarded)
	l = l.number(`"peerEvent":`, e.PeerEvent)
	l = l.number(`"finding":`, e.Finding)
	if p := &e.Earlier; *p != (event.Earlier{}) {
		l = l.open(`"earlier":`)
		l = l.number(`"event":`, p.Event)
		l = l.text(`"cause":`, string(p.Cause))
		l = l.text(`"by":`, p.EndedBy)
		l = l.number(`"agoMillis":`, p.AgoMillis)
		l = l.close()
	}
	if q := &e.Listener; q.Known {
		l = l.open(`"listener":`)
		l = l.numberAlways(`"backlog":`, uint64(q.Backlog))
		l = l.numberAlways(`"used":`, uint64(q.Used))
		l = l.close()
	}
	l = appendFormer(l, &e.FormerListener)
	l = appendEndpoint(l, `"elsewhere":`, e.Elsewhere)
	l = appendNetns(l, e.Netns)
	return appendConn(l, &e.Conn)
}

func appendEnded(l line, end event.Ended) line {
	start := len(l)
	l = l.open(`"ended":`)
	if end.ExitCode != nil {
		l = l.signed(`"exitCode":`, int64(*end.ExitCode))
	}
	l = l.text(`"signal":`, end.Signal)
	return l.closeUnlessEmpty(start)
}

func appendKiller(l line, k *event.Killer) line {
	start := len(l)
	l = l.open(`"killedBy":`)
	l = l.number(`"pid":`, uint64(k.PID))
	l = l.text(`"comm":`, k.Comm)
	l = l.flag(`"kernel":`, k.Kernel)
	l = l.flag(`"oom":`, k.OOM)
	return l.closeUnlessEmpty(start)
}

func appendFormer(l line, f *event.FormerListener) line {
	if *f == (event.FormerListener{}) {
		return l
	}
	l = l.open(`"formerListener":`)
	l = l.number(`"agoMillis":`, f.AgoMillis)
	l = l.number(`"pid":`, uint64(f.PID))
	l = l.text(`"comm":`, f.Comm)
	l = appendEnded(l, f.Ended)
	l = appendKiller(l, &f.KilledBy)
	return l.close()
}

// appendConn leaves out the numbers of what is no full socket.
func appendConn(l line, c *event.Conn) line {
	if c.IsZero() {
		return l
	}
	l = l.open(`"conn":`)
	l = l.text(`"role":`, string(c.Role))
	if !c.Known {
		return l.close()
	}
	l = l.number(`"cookie":`, c.Cookie)
	l = l.numberAlways(`"srttMicros":`, uint64(c.SRTTMicros))
	l = l.numberAlways(`"retransmits":`, uint64(c.Retransmits))
	l = l.numberAlways(`"bytesAcked":`, c.BytesAcked)
	l = l.numberAlways(`"bytesReceived":`, c.BytesReceived)
	l = appendOptional(l, `"segmentsReceived":`, c.SegmentsReceived)
	l = appendOptional(l, `"segmentsSent":`, c.SegmentsSent)
	l = appendOptional(l, `"segmentsUnacked":`, c.SegmentsUnacked)
	l = l.number(`"ageMillis":`, c.AgeMillis)
	l = l.number(`"lastReceivedMillis":`, c.LastReceivedMillis)
	l = l.number(`"lastSentMillis":`, c.LastSentMillis)
	l = l.number(`"peerFinMillis":`, c.PeerFinMillis)
	l = l.number(`"finMillis":`, c.FinMillis)
	l = l.number(`"mark":`, uint64(c.Mark))
	l = appendOptional(l, `"uid":`, c.UID)
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

func appendOwner(l line, owner *event.Owner) line {
	if owner.IsZero() {
		return l
	}
	l = l.open(`"owner":`)
	l = l.number(`"pid":`, uint64(owner.PID))
	l = l.number(`"tid":`, uint64(owner.TID))
	l = l.text(`"comm":`, owner.Comm)
	if owner.UID != nil {
		l = l.numberAlways(`"uid":`, uint64(*owner.UID))
	}
	l = l.textAlways(`"source":`, string(owner.Source))
	l = l.text(`"cgroup":`, owner.Cgroup)
	l = l.text(`"container":`, owner.Container)
	l = l.text(`"unit":`, owner.Unit)
	l = l.text(`"pod":`, owner.Pod)
	if len(owner.Others) > 0 {
		l = l.openList(`"others":`)
		for _, other := range owner.Others {
			l = l.open("")
			l = appendProcess(l, other)
			l = l.close()
		}
		l = l.closeList()
	}
	l = appendEnded(l, owner.Ended)
	l = l.text(`"exe":`, owner.Exe)
	l = l.text(`"cmdline":`, owner.Cmdline)
	if owner.Parent != (event.ProcessRef{}) {
		l = l.open(`"parent":`)
		l = appendProcess(l, owner.Parent)
		l = l.close()
	}
	l = appendKiller(l, &owner.KilledBy)
	l = l.text(`"sigpipe":`, string(owner.SIGPIPE))
	return l.close()
}

func appendBy(l line, by event.ProcessRef) line {
	if by == (event.ProcessRef{}) {
		return l
	}
	l = l.open(`"by":`)
	l = appendProcess(l, by)
	return l.close()
}

func appendProcess(l line, p event.ProcessRef) line {
	l = l.numberAlways(`"pid":`, uint64(p.PID))
	return l.text(`"comm":`, p.Comm)
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

func appendCounts(buf []byte, t *event.Totals, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, t.Time, event.KindCounts)
	l = l.openList(`"causes":`)
	for _, c := range t.Sorted() {
		l = l.open("")
		l = l.text(`"dir":`, string(c.Dir))
		l = l.textAlways(`"cause":`, string(c.Cause))
		l = l.numberAlways(`"events":`, c.Events)
		l = l.close()
	}
	l = l.closeList()
	l = l.numberAlways(`"shown":`, t.Shown)
	l = l.numberAlways(`"notShown":`, t.NotShown)
	l = l.numberAlways(`"lostEvents":`, t.Lost) // "lost" is an object, of events
	l = l.numberAlways(`"missed":`, t.Missed)
	l = l.number(`"ownersNotSought":`, t.OwnersNotSought)
	l = l.texts(`"notCounted":`, t.NotCounted)
	l = appendLostRecords(l, &t.LostRecords)
	if t.Tops != nil {
		l = appendTops(l, t.Tops)
	}
	return l.whole()
}

func appendLostRecords(l line, lost *event.LostRecords) line {
	start := len(l)
	l = l.open(`"lostRecords":`)
	l = l.number(`"holders":`, lost.Holders)
	l = l.number(`"modules":`, lost.Modules)
	l = l.number(`"signals":`, lost.Signals)
	l = l.number(`"errors":`, lost.Errors)
	l = l.number(`"payloads":`, lost.Payloads)
	l = l.number(`"cgroups":`, lost.Cgroups)
	return l.closeUnlessEmpty(start)
}

func appendLost(buf []byte, loss *event.Loss, m *moments) []byte {
	l := begin(buf, event.SchemaVersion, m, loss.Time, event.KindLost)
	l = l.numberAlways(`"events":`, loss.Events)
	return l.whole()
}
