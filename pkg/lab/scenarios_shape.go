package lab

import (
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab/packetpeer"
)

func shapeScenarios() []Scenario {
	return []Scenario{{
		Name:  "reset-by-peer",
		Title: "A RST arrives whose shape fits no kernel's habit.",
		Story: "Some middlebox ends the connection with a RST of its own making: it acknowledges, as an aborting application's would, " +
			"but its window is zero, as in the answer of a kernel that knows no such connection. " +
			"What happened at the other end cannot be told from it, and must not be guessed.",
		Causes:   []event.CauseID{"reset-by-peer"},
		Families: bothFamilies, Path: Packets, Run: playOddShape,
	}}
}

func playOddShape(e *Env) {
	c, flow := e.converseWithPeer(clientEnd)
	e.must(flow.SendSegment(packetpeer.Segment{Flags: event.RST | event.ACK, Seq: flow.Seq, Ack: flow.Ack}))
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("a RST with ACK and window 0 arrives")
	c.clientSock.WantRead(Result{Errno: "ECONNRESET"})
	e.Stepf("client reads: ECONNRESET")

	x := c.receivedByClient("reset-by-peer", event.StateEstablished, connReset)
	x.Flags = event.RST | event.ACK
	e.Expect(x)
}
