package lab

import (
	"fmt"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// missedRST is a RST whose number is not the one that an established
// connection obeys.
type missedRST struct {
	cause   event.CauseID
	title   string
	story   string
	offset  int
	without event.CauseID // the cause if the number that the connection expects is not seen; "": the same

	findings []Diagnosis
}

var missedRSTs = []missedRST{{
	cause:  cause.RSTChallenged,
	title:  "A RST arrives whose number lies inside the window, but is not the next one.",
	story:  "Somebody who knows the addresses and ports could guess such a number. The kernel asks back with a challenge ACK (RFC 5961) and does nothing else.",
	offset: 10,
}, {
	cause:  cause.RSTOutOfWindow,
	title:  "A RST arrives whose number is far beyond the window.",
	story:  "Such a number cannot come from the other end of this connection. The kernel ignores the RST.",
	offset: 10_000_000, without: cause.RSTUnacceptable, findings: ofNoUse,
}, {
	cause:  cause.RSTOld,
	title:  "A RST arrives whose number lies before what was received already.",
	story:  "A late copy, or a firewall that was slow to make up its mind. The kernel ignores the RST.",
	offset: -500, without: cause.RSTUnacceptable,
}}

func (m missedRST) instead() []event.CauseID {
	if m.without == "" {
		return nil
	}
	return []event.CauseID{m.without}
}

func ignoredScenarios() []Scenario {
	var scenarios []Scenario
	for _, m := range missedRSTs {
		scenarios = append(scenarios, Scenario{
			Name: string(m.cause), Title: m.title, Story: m.story + " The connection goes on.",
			Causes:   []event.CauseID{m.cause},
			Findings: m.findings,
			Instead:  m.instead(),
			Families: bothFamilies, Path: Packets, Run: func(e *Env) { playMissed(e, m) },
		})
	}
	return append(scenarios, Scenario{
		Name:  "rst-with-text",
		Title: "Two RSTs that carry a text arrive: the first is challenged, the second ends the connection.",
		Story: "A RST may say in its payload why it was sent (RFC 9293, 3.5.3). Hardly anybody does, but some middleboxes do. " +
			"No application ever gets to read it.",
		Causes:   []event.CauseID{cause.RSTChallenged, cause.PeerGone},
		Families: bothFamilies, Path: Packets, Run: playRSTWithText,
	}, Scenario{
		Name:  "rst-with-reason",
		Title: "Two RSTs that carry a reason arrive: the first is challenged, the second ends the connection.",
		Story: "An Internet-Draft gives RSTs a payload of 8 bytes: a code of a public registry, or of a vendor. " +
			"Linux was tried with 1000 bytes, of which the first is the reason that its own tracepoints give.",
		Causes:   []event.CauseID{cause.RSTChallenged, cause.PeerGone},
		Families: bothFamilies, Path: Packets, Run: playRSTWithReason,
	}, Scenario{
		Name:   "rst-no-connection",
		Title:  "RSTs arrive for a connection that this host does not have.",
		Story:  "Nothing is there that could be reset, and a RST is never answered with a RST. The kernel drops both in silence.",
		Causes: []event.CauseID{cause.RSTNoConnection}, Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			for i, flags := range bareAndAck {
				flow := e.flow(peerPort + uint16(i))
				flow.Ack = unknownAck
				e.sendRST(flow, flags, 0)
				e.Expect(e.ignored(flow, cause.RSTNoConnection, AtReply, flags))
			}
		},
	}, Scenario{
		Name:   "rst-to-listener",
		Title:  "RSTs arrive at a listening port.",
		Story:  "A listener has no connection of its own that could be reset. The kernel drops a RST with and without ACK at two different places.",
		Causes: []event.CauseID{cause.RSTToListener}, Families: bothFamilies, Path: Packets, Run: playRSTToListener,
	}, Scenario{
		Name:  "rst-unacceptable-in-syn-sent",
		Title: "RSTs arrive while a client is connecting, and none of them can be the server's answer.",
		Story: "In SYN_SENT only a RST that acknowledges the client's SYN counts. One has no ACK, the other acknowledges something else. " +
			"The kernel ignores both, and the client connects.",
		Causes: []event.CauseID{cause.RSTUnacceptableInSynSent}, Families: bothFamilies, Path: Packets, Run: playRSTInSynSent,
	})
}

// bareAndAck are the two kinds of RST.
var bareAndAck = []event.TCPFlags{event.RST, event.RST | event.ACK}

// ignored expects a RST of sendRST to be dropped without a full socket.
func (e *Env) ignored(f *packetpeer.Flow, cause event.CauseID, seen ObservationPoint, flags event.TCPFlags) Expectation {
	return Expectation{
		Namespace: e.namespaces[0].Name(),
		Dir:       event.Ignored, Cause: cause, Local: f.Remote, Peer: f.Local,
		Hook: event.HookIgnore, Socket: event.SockNone, SeenAt: seen, Flags: flags, OnWire: true,
	}
}

// ignoredAt is the same with a socket and its owner.
func (e *Env) ignoredAt(f *packetpeer.Flow, cause event.CauseID, seen ObservationPoint, flags event.TCPFlags, state event.State, owner *Actor) Expectation {
	x := e.ignored(f, cause, seen, flags)
	x.Socket, x.States = event.SockFull, []event.State{state}
	x.Owner, x.Sources = owner.Name(), listening
	return x
}

// connected are the sources that are right for a socket that somebody has open.
var connected = []event.OwnerSource{event.FromSocket, event.FromListener}

func playMissed(e *Env, m missedRST) {
	c, flow := e.converseWithPeer(serverEnd)
	e.sendRST(flow, event.RST, m.offset)
	if m.cause == cause.RSTChallenged {
		e.awaitFrom(flow, event.ACK)
		e.Stepf("the kernel answers with a challenge ACK")
	}
	c.stillWorks(flow)
	x := e.ignoredAt(flow, m.cause, AtConnection, event.RST, event.StateEstablished, c.server)
	x.Sources, x.WithoutNumbers = connected, m.without
	e.Expect(x)
}

func playRSTWithText(e *Env) {
	const challenged, obeyed = "policy 7 says no", "Verbindung läuft seit über 12 h, das ist länger als erlaubt: geräumt"
	c, flow := e.converseWithPeer(serverEnd)
	e.sendReason(flow, missedRSTs[0].offset, challenged)
	e.awaitFrom(flow, event.ACK)
	e.Stepf("the kernel answers with a challenge ACK")
	ignored := e.ignoredAt(flow, cause.RSTChallenged, AtConnection, event.RST, event.StateEstablished, c.server)
	ignored.Sources, ignored.DiagText = connected, challenged
	e.Expect(ignored)

	e.sendReason(flow, 0, obeyed)
	c.serverSock.WantApp(connReset)
	received := c.receivedByServer(cause.PeerGone, event.StateEstablished, connReset)
	received.WithoutPacket, received.DiagText = cause.ResetByPeer, obeyed
	e.Expect(received)
}

// playRSTWithReason uses both forms of draft-ietf-tcpm-rst-diagnostic-payload: the
// one that Linux was tried with, and the one that it specifies.
func playRSTWithReason(e *Env) {
	trial := make([]byte, 1000)
	trial[0] = 11
	c, flow := e.converseWithPeer(serverEnd)
	e.sendCode(flow, missedRSTs[0].offset, trial, "reason 11 in the first of 1000 bytes")
	e.awaitFrom(flow, event.ACK)
	e.Stepf("the kernel answers with a challenge ACK")
	ignored := e.ignoredAt(flow, cause.RSTChallenged, AtConnection, event.RST, event.StateEstablished, c.server)
	ignored.Sources = connected
	ignored.Reason = &event.Reason{Registry: event.RegistryLinux, Code: 11, Name: "TCP_ABORT_ON_CLOSE"}
	e.Expect(ignored)

	e.sendCode(flow, 0, []byte{0x33, 0xaa, 0x04, 0xd2, 0, 0, 0x7e, 0xd9}, "reason 1234 of vendor 32473")
	c.serverSock.WantApp(connReset)
	received := c.receivedByServer(cause.PeerGone, event.StateEstablished, connReset)
	received.WithoutPacket = cause.ResetByPeer
	received.Reason = &event.Reason{
		Registry: event.RegistryVendor, Code: 1234, PEN: 32473, Vendor: "Example Enterprise Number for Documentation Use",
	}
	e.Expect(received)
}

func playRSTToListener(e *Env) {
	server, _ := e.listen(1)
	for i, seen := range []ObservationPoint{AtConnection, AtReply} {
		flow := e.flow(peerPort + uint16(i))
		flow.Ack = unknownAck
		e.sendRST(flow, bareAndAck[i], 0)
		e.Expect(e.ignoredAt(flow, cause.RSTToListener, seen, bareAndAck[i], event.StateListen, server))
	}
}

func playRSTInSynSent(e *Env) {
	c, flow := e.beginConnect()
	bare := packetpeer.Segment{Flags: event.RST, Seq: flow.Seq}
	wrong := packetpeer.Segment{Flags: event.RST | event.ACK, Seq: flow.Seq, Ack: flow.Ack + 100}
	for i, segment := range []packetpeer.Segment{bare, wrong} {
		e.send(flow, segment)
		e.Stepf("%s arrives; the client's kernel ignores it", describeRST(segment))
		x := e.ignoredAt(flow, cause.RSTUnacceptableInSynSent, []ObservationPoint{AtConnection, AtReply}[i], segment.Flags, event.StateSynSent, c.client)
		x.Sources = connected
		e.Expect(x)
	}
	c.connectAfterAll(flow)
}

func describeRST(s packetpeer.Segment) string {
	if s.Flags.Has(event.ACK) {
		return fmt.Sprintf("a RST that acknowledges %d", s.Ack)
	}
	return "a RST without ACK"
}
