package jsonl

import (
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// appendEvent appends the JSON form of e. Order and names are those of the
// fields of event.Event; a new field there fails TestMatchesEncodingJSON until
// it is written here.
func appendEvent(buf []byte, e *event.Event, evidence bool) []byte {
	o := &object{append(buf, '{')}
	o.signed("schema", &e.Schema)
	o.timestamp("time", e.Time)
	o.numberAlways("id", e.ID)
	appendVerdict(o, e)
	appendConnection(o, e)
	appendWho(o, e)
	appendKnowledge(o, e)
	if evidence {
		appendEvidence(o, e.Evidence)
	}
	o.close()
	return o.buf
}

// appendVerdict is what happened and what to do.
func appendVerdict(o *object, e *event.Event) {
	o.textAlways("dir", string(e.Dir))
	o.flag("confirmed", e.Confirmed)
	o.textAlways("cause", string(e.Cause))
	o.textAlways("summary", e.Summary)
	o.text("remedy", e.Remedy)
	o.textAlways("certainty", string(e.Certainty))
	o.texts("because", e.Because)
}

// appendConnection is where it happened and what the packets were.
func appendConnection(o *object, e *event.Event) {
	o.textAlways("family", string(e.Family))
	appendEndpoint(o, "local", e.Local)
	appendEndpoint(o, "peer", e.Peer)
	if e.State != 0 {
		o.textAlways("state", e.State.String())
	}
	appendSegment(o, "rst", e.RST)
	appendSegment(o, "trigger", e.Trigger)
	if e.App != (event.App{}) {
		o.open("app")
		o.text("errno", e.App.Errno)
		o.flag("sigpipe", e.App.SIGPIPE)
		o.text("on", e.App.On)
		o.flag("reported", e.App.Reported)
		appendCalls(o, "calls", &e.App.Calls)
		appendCalls(o, "then", &e.App.Then)
		o.flag("dataFirst", e.App.DataFirst)
		o.close()
	}
	if e.Lost != (event.Lost{}) {
		o.open("lost")
		o.number("unreadBytes", uint64(e.Lost.UnreadBytes))
		o.number("unsentBytes", uint64(e.Lost.UnsentBytes))
		o.number("unackedBytes", uint64(e.Lost.UnackedBytes))
		o.close()
	}
}

func appendCalls(o *object, name string, c *event.Calls) {
	if *c == (event.Calls{}) {
		return
	}
	o.open(name)
	o.text("accept", c.Accept)
	o.text("connect", c.Connect)
	o.text("poll", c.Poll)
	o.text("soError", c.SOError)
	o.text("read", c.Read)
	o.text("write", c.Write)
	o.flag("sigpipe", c.SIGPIPE)
	o.close()
}

// appendWho is whose socket it was.
func appendWho(o *object, e *event.Event) {
	appendOwner(o, &e.Owner)
	if e.By != (event.ProcessRef{}) {
		o.open("by")
		appendProcess(o, e.By)
		o.close()
	}
	o.text("chain", e.Chain)
	o.flag("forwarded", e.Forwarded)
	o.number("peerEvent", e.PeerEvent)
	appendNetns(o, e.Netns)
	if c := &e.Conn; c.Known {
		o.open("conn")
		o.number("cookie", c.Cookie)
		o.numberAlways("srttMicros", uint64(c.SRTTMicros))
		o.numberAlways("retransmits", uint64(c.Retransmits))
		o.numberAlways("bytesAcked", c.BytesAcked)
		o.numberAlways("bytesReceived", c.BytesReceived)
		o.number("ageMillis", c.AgeMillis)
		o.close()
	}
}

// appendKnowledge is how all of it is known.
func appendKnowledge(o *object, e *event.Event) {
	o.textAlways("hook", e.Hook)
	o.textAlways("via", string(e.Via))
	o.text("kernelReason", e.KernelReason)
	o.text("kernelVerdict", e.KernelVerdict)
	o.signed("ietfCause", e.IETFCause)
	o.text("communityID", e.CommunityID)
	o.texts("stack", e.Stack)
}

func appendNetns(o *object, n event.Netns) {
	if n == (event.Netns{}) {
		return
	}
	o.open("netns")
	o.numberAlways("inode", uint64(n.Inode))
	o.text("name", n.Name)
	o.close()
}

// appendEndpoint leaves out an end whose address is not known.
func appendEndpoint(o *object, name string, end event.Endpoint) {
	if !end.Addr.IsValid() {
		return
	}
	o.open(name)
	o.address("addr", end.Addr)
	o.numberAlways("port", uint64(end.Port))
	o.close()
}

// flagTexts spares the allocation of TCPFlags.String.
var flagTexts = func() (texts [256]string) {
	for i := range texts {
		texts[i] = event.TCPFlags(i).String()
	}
	return texts
}()

func appendSegment(o *object, name string, s event.Segment) {
	if s == (event.Segment{}) {
		return
	}
	o.open(name)
	o.textAlways("flags", flagTexts[s.Flags])
	o.numberAlways("seq", uint64(s.Seq))
	o.numberAlways("ack", uint64(s.Ack))
	if s.Window != nil {
		o.numberAlways("win", uint64(*s.Window))
	}
	o.numberAlways("len", uint64(s.Len))
	o.number("ttl", uint64(s.TTL))
	o.text("ifname", s.Ifname)
	o.text("diag", s.DiagText)
	if s.SeqOffset != nil {
		o.key("seqOffset")
		o.buf = strconv.AppendInt(o.buf, int64(*s.SeqOffset), 10)
	}
	o.text("position", string(s.Position))
	o.close()
}

func appendOwner(o *object, owner *event.Owner) {
	if owner.IsZero() {
		return
	}
	o.open("owner")
	o.number("pid", uint64(owner.PID))
	o.number("tid", uint64(owner.TID))
	o.text("comm", owner.Comm)
	if owner.UID != nil {
		o.numberAlways("uid", uint64(*owner.UID))
	}
	o.textAlways("source", string(owner.Source))
	o.text("cgroup", owner.Cgroup)
	o.text("container", owner.Container)
	o.text("unit", owner.Unit)
	o.text("pod", owner.Pod)
	if len(owner.Others) > 0 {
		o.key("others")
		o.buf = append(o.buf, '[')
		for i, other := range owner.Others {
			if i > 0 {
				o.buf = append(o.buf, ',')
			}
			o.buf = append(o.buf, '{')
			appendProcess(o, other)
			o.close()
		}
		o.buf = append(o.buf, ']')
	}
	if owner.Ended != (event.Ended{}) {
		o.open("ended")
		o.signed("exitCode", owner.Ended.ExitCode)
		o.text("signal", owner.Ended.Signal)
		o.close()
	}
	o.close()
}

func appendProcess(o *object, p event.ProcessRef) {
	o.numberAlways("pid", uint64(p.PID))
	o.text("comm", p.Comm)
}

func appendEvidence(o *object, ev event.Evidence) {
	if ev == (event.Evidence{}) {
		return
	}
	o.open("evidence")
	o.textAlways("hook", ev.Hook.String())
	o.textAlways("socket", ev.Socket.String())
	if ev.State != 0 {
		o.textAlways("state", ev.State.String())
	}
	if ev.Prior != 0 {
		o.textAlways("prior", ev.Prior.String())
	}
	if ev.Packet != 0 {
		o.textAlways("packet", ev.Packet.String())
	}
	if ev.Caller != 0 {
		o.textAlways("caller", ev.Caller.String())
	}
	o.text("reason", ev.Reason)
	o.flag("dropped", ev.Dropped)
	if ev.Chain != 0 {
		o.textAlways("chain", ev.Chain.String())
	}
	o.textAlways("family", string(ev.Family))
	if ev.Facts != 0 {
		o.textAlways("facts", ev.Facts.String())
	}
	o.close()
}

func appendCounts(buf []byte, t event.Totals) []byte {
	o := &object{append(buf, '{')}
	o.textAlways("kind", "counts")
	o.key("causes")
	o.buf = append(o.buf, '[')
	for i, c := range t.Sorted() {
		if i > 0 {
			o.buf = append(o.buf, ',')
		}
		o.buf = append(o.buf, '{')
		o.textAlways("dir", string(c.Dir))
		o.textAlways("cause", string(c.Cause))
		o.numberAlways("events", c.Events)
		o.close()
	}
	o.buf = append(o.buf, ']')
	o.numberAlways("shown", t.Shown)
	o.numberAlways("notShown", t.NotShown)
	o.numberAlways("lost", t.Lost)
	o.numberAlways("missed", t.Missed)
	if t.Tops != nil {
		appendTops(o, t.Tops)
	}
	o.close()
	return o.buf
}

func appendLost(buf []byte, n uint64) []byte {
	o := &object{append(buf, '{')}
	o.textAlways("kind", "lost")
	o.numberAlways("events", n)
	o.close()
	return o.buf
}
