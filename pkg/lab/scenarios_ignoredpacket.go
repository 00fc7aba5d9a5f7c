package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func unacceptableScenarios() []Scenario {
	return []Scenario{{
		Name:   "rst-bad-checksum",
		Title:  "A RST arrives damaged.",
		Story:  "The number is right, the checksum is not. The kernel drops the segment before it looks at any connection.",
		Causes: []event.CauseID{cause.RSTBadChecksum}, Findings: []Diagnosis{{Pattern: "damaged-or-forged", Accuses: Outside, Must: true}},
		Families: bothFamilies, Path: Packets, Run: playBadChecksum,
	}, {
		Name:  "rst-ttl-too-low",
		Title: "A RST arrives from too far away.",
		Story: "The server takes only segments with a time to live of 200 or more (RFC 5082), as BGP routers do with their neighbours. " +
			"The RST has the right number and 64 hops left: it was not sent by the neighbour, and is ignored.",
		Causes: []event.CauseID{cause.RSTTTLTooLow}, Findings: ofNoUse,
		Families: bothFamilies, Path: Packets, Run: playLowTTL,
	}, {
		Name:  "rst-bad-signature",
		Title: "A RST arrives without the signature that the connection demands.",
		Story: "The server demands that its peer signs every segment (TCP MD5, RFC 2385). " +
			"The RST has the right number and no signature, and is ignored.",
		Causes: []event.CauseID{cause.RSTBadSignature}, Findings: ofNoUse,
		Families: bothFamilies, Path: Packets, Run: playUnsigned,
	}}
}

func playBadChecksum(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	damaged := rst(flow, event.RST, 0)
	damaged.BadChecksum = true
	e.send(flow, damaged)
	e.Stepf("a RST with the right number and a wrong checksum arrives")
	c.stillWorks(flow)
	e.Expect(e.ignored(flow, cause.RSTBadChecksum, AtEarlyDrop, event.RST))
}

func playLowTTL(e *Env) {
	const minimum, neighbour = 200, 255
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.MinimumTTL(minimum)
	e.sendRST(flow, event.RST, 0)
	e.send(flow, packetpeer.Segment{
		Flags: event.PSH | event.ACK, Seq: flow.Seq, Ack: flow.Ack, Window: flow.Window,
		Payload: make([]byte, messageBytes), TTL: neighbour,
	})
	c.serverSock.WantRead(Result{N: messageBytes})
	e.Stepf("data from the neighbour is taken: the connection goes on")
	x := e.ignoredAt(flow, cause.RSTTTLTooLow, AtEarlyDrop, event.RST, event.StateEstablished, c.server)
	x.Sources = connected
	e.Expect(x)
}

func playUnsigned(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.DemandSignature(c.clientAt)
	e.sendRST(flow, event.RST, 0)
	c.mustStay(event.StateEstablished)
	x := e.ignoredAt(flow, cause.RSTBadSignature, AtEarlyDrop, event.RST, event.StateEstablished, c.server)
	x.Sources = connected
	e.Expect(x)
}
