package lab

import (
	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// rstShape is what a RST for an established connection looks like, and what it
// tells.
type rstShape struct {
	name, title, story string
	timestamps         bool // negotiated
	cause              event.CauseID
	withoutPacket      event.CauseID // where only the connection's state can tell
	flags              event.TCPFlags
	window             bool
	stamped            bool // the RST itself carries a timestamp
}

var rstShapes = []rstShape{{
	name:  "reset-by-peer",
	title: "A RST arrives whose shape fits no kernel's habit.",
	story: "Some middlebox ends the connection with a RST of its own making: it acknowledges, as an aborting application's would, " +
		"but its window is zero, as in the answer of a kernel that knows no such connection. " +
		"It does not show what happened at the other end, and that must not be guessed.",
	cause: cause.ResetByPeer, flags: event.RST | event.ACK,
}, {
	name:  "reset-by-peer-timestamps",
	title: "A RST arrives whose shape fits no kernel's habit, on a connection with TCP timestamps.",
	story: "Who sees the packet sees that it fits no habit. " +
		"Who sees only that it had no timestamp must take it for the answer of a kernel that knows no such connection.",
	timestamps: true, cause: cause.ResetByPeer, withoutPacket: cause.PeerGone, flags: event.RST | event.ACK,
}, {
	name:  "peer-aborted",
	title: "A RST arrives in the shape of an abort.",
	story: "The RST acknowledges and its window is open: it was built from the state of a connection that its sender knew. " +
		"An application or a timer at the other end gave up. Without timestamps only the packet itself shows this.",
	cause: cause.PeerAborted, withoutPacket: cause.ResetByPeer, flags: event.RST | event.ACK, window: true,
}, {
	name:  "peer-aborted-timestamps",
	title: "A RST arrives in the shape of an abort, on a connection with TCP timestamps.",
	story: "A kernel that aborts a connection stamps the RST like any other segment of it. " +
		"So the cause is known even if the packet is not seen.",
	timestamps: true, cause: cause.PeerAborted, flags: event.RST | event.ACK, window: true, stamped: true,
}, {
	name:  "peer-gone",
	title: "A RST arrives in the shape of a reply.",
	story: "The RST acknowledges nothing and its window is zero: it was built from the client's own segment, by somebody who knows no such connection. " +
		"The other machine was restarted, or a load balancer sent the flow elsewhere. Without timestamps only the packet itself shows this.",
	cause: cause.PeerGone, withoutPacket: cause.ResetByPeer, flags: event.RST,
}, {
	name:       "peer-gone-timestamps",
	title:      "A RST arrives in the shape of a reply, on a connection with TCP timestamps.",
	story:      "A reply to a segment of an unknown connection is never stamped. So the cause is known even if the packet is not seen.",
	timestamps: true, cause: cause.PeerGone, flags: event.RST,
}}

func shapeScenarios() []Scenario {
	var scenarios []Scenario
	for _, s := range rstShapes {
		scenarios = append(scenarios, Scenario{
			Name: s.name, Title: s.title, Story: s.story, Causes: []event.CauseID{s.cause},
			Families: bothFamilies, Path: Packets, Run: func(e *Env) { playShape(e, s) },
		})
	}
	return append(scenarios, Scenario{
		Name:  "peer-aborted-at-sack-edge",
		Title: "A RST is obeyed whose number is not the next one, but the end of what was selectively acknowledged.",
		Story: "A segment was lost and a later one has arrived and been acknowledged out of turn (SACK). " +
			"A peer that aborts then sends its RST behind the later one. That number counts as exact too (RFC 5961 as Linux reads it).",
		Causes: []event.CauseID{cause.PeerAborted}, Families: bothFamilies, Path: Packets, Run: playSACKEdge,
	}, Scenario{
		Name:  "reset-after-peer-close-old-number",
		Title: "A RST is obeyed whose number is that of the FIN before it.",
		Story: "Some systems abort with the sequence number of the FIN they sent, not the one behind it. " +
			"Linux obeys such a RST once the peer's FIN was received, although the number is one too low.",
		Causes: []event.CauseID{cause.ResetAfterPeerClose}, Families: bothFamilies, Path: Packets, Run: playOldNumber,
	})
}

func playShape(e *Env, s rstShape) {
	c, flow := e.connectToPeer(s.timestamps)
	segment := packetpeer.Segment{Flags: s.flags, Seq: flow.Seq, Ack: flow.Ack}
	if s.window {
		segment.Window = flow.Window
	}
	if s.stamped {
		segment.Timestamps = flow.Timestamps
	}
	e.send(flow, segment)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("a RST %s with window %d arrives", segment.Flags, segment.Window)
	c.clientSock.WantApp(connReset)

	x := c.receivedByClient(s.cause, event.StateEstablished, connReset)
	x.WithoutPacket, x.Flags, x.AbortShape = s.withoutPacket, s.flags, s.window
	e.Expect(x)
}

func playSACKEdge(e *Env) {
	c := &conversation{env: e}
	c.server, c.listener = e.listen(1)
	flow := e.flow(peerPort)
	c.serverAt, c.clientAt = flow.Remote, flow.Local
	e.must(flow.Dial(layers.TCPOption{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}))
	c.serverSock = c.listener.Accept()
	const lost = 10
	data := packetpeer.Segment{
		Flags: event.PSH | event.ACK, Seq: flow.Seq + lost, Ack: flow.Ack, Window: flow.Window, Payload: make([]byte, messageBytes),
	}
	e.send(flow, data)
	e.awaitFrom(flow, event.ACK)
	e.Stepf("%d bytes arrive behind a gap; the kernel acknowledges them out of turn", messageBytes)
	abort := packetpeer.Segment{Flags: event.RST | event.ACK, Seq: flow.Seq + lost + messageBytes, Ack: flow.Ack, Window: flow.Window}
	e.send(flow, abort)
	e.Stepf("a RST arrives right behind them")
	c.serverSock.WantApp(connReset)

	x := c.receivedByServer(cause.PeerAborted, event.StateEstablished, connReset)
	x.WithoutPacket, x.Flags, x.AbortShape = cause.ResetByPeer, abort.Flags, true
	e.Expect(x)
}

func playOldNumber(e *Env) {
	c, flow := e.converseWithPeer(clientEnd)
	e.must(flow.Send(event.FIN|event.ACK, nil))
	c.clientSock.WantRead(EOF)
	e.Stepf("server shuts down its sending side; client reads 0")
	e.sendRST(flow, event.RST|event.ACK, -1)
	c.clientSock.WantApp(brokenPipe)

	x := c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe)
	x.Flags = event.RST | event.ACK
	e.Expect(x)
}
