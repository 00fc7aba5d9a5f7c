package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func pendingScenarios() []Scenario {
	return []Scenario{{
		Name:  "handshake-aborted",
		Title: "The client gives a connection up in the middle of the handshake.",
		Story: "The client's SYN was answered, but instead of an ACK comes a RST: a scan, a health check, or a client that lost patience. " +
			"The kernel forgets the request. The server's accept never hears of it.",
		Causes:   []event.CauseID{cause.HandshakeAborted},
		Families: bothFamilies, Path: Packets, Run: playHandshakeAborted,
	}, {
		Name:  "handshake-aborted-simultaneous",
		Title: "The peer resets a connection that both ends are opening at the same time.",
		Story: "Two SYNs have crossed and the client is in SYN_RECV with its connect under way. " +
			"A RST with the right number ends it, and unlike a refused connection it gives ECONNRESET.",
		Causes:   []event.CauseID{cause.HandshakeAborted},
		Families: bothFamilies, Path: Packets, Run: playSimultaneousAborted,
	}, {
		Name:  "rst-handshake-challenged",
		Title: "A RST arrives inside a handshake with a number that is only about right.",
		Story: "The number lies inside the window, but is not the next one. " +
			"Recent kernels ask back with a challenge ACK, as for an established connection, and keep the request. Older ones drop the request.",
		Causes:   []event.CauseID{cause.RSTHandshakeChallenged},
		Instead:  []event.CauseID{cause.RSTUnacceptable},
		Families: bothFamilies, Path: Packets, Run: playHandshakeChallenged,
	}, {
		Name:     "rst-handshake-out-of-window",
		Title:    "A RST arrives inside a handshake with a number far beyond the window.",
		Story:    "It cannot come from the client that sent the SYN. The kernel ignores it, and the handshake ends as it should.",
		Causes:   []event.CauseID{cause.RSTHandshakeOutOfWindow},
		Instead:  []event.CauseID{cause.RSTUnacceptable},
		Findings: ofNoUse,
		Families: bothFamilies, Path: Packets, Run: playHandshakeOutOfWindow,
	}, {
		Name:  "rst-to-listener-pending",
		Title: "A RST inside a handshake acknowledges the wrong number.",
		Story: "Older kernels take such a RST for one to the listener and ignore it. " +
			"Recent ones look at its sequence number only, find the right one, and drop the request.",
		Causes:   []event.CauseID{cause.RSTToListener},
		Families: bothFamilies, Path: Packets, Run: playPendingWrongAck,
	}}
}

// atRequest expects a RST to meet a pending request of the listener.
func (e *Env) atRequest(f *packetpeer.Flow, server *Actor, dir event.Dir, cause event.CauseID, flags event.TCPFlags) Expectation {
	x := e.ignoredAt(f, cause, AtRequest, flags, event.StateSynRecv, server)
	x.Dir, x.Socket = dir, event.SockRequest
	x.States = append(x.States, event.StateNewSynRecv)
	if dir == event.Received {
		x.Hook = event.HookReceive
	}
	return x
}

// expectIgnoredAtRequest expects a RST without ACK that a request survives.
func (e *Env) expectIgnoredAtRequest(f *packetpeer.Flow, server *Actor, id event.CauseID) {
	x := e.atRequest(f, server, event.Ignored, id, event.RST)
	x.WithoutNumbers = cause.RSTUnacceptable
	e.Expect(x)
}

// pending says whether the listener still waits for the flow's ACK.
func (e *Env) pending(f *packetpeer.Flow) bool {
	_, ok := e.lookUp(serverEnd, f.Remote, f.Local)
	return ok
}

// completePending ends the handshake as it should.
func (e *Env) completePending(listener *Socket, f *packetpeer.Flow) {
	if !e.pending(f) {
		e.Failf("the request is gone")
	}
	e.must(f.Send(event.ACK, nil))
	listener.Accept()
	e.Stepf("the handshake goes on: server accepts the connection")
}

func playHandshakeAborted(e *Env) {
	server, _ := e.listen(1)
	for i, flags := range bareAndAck {
		flow := e.halfOpen(peerPort + uint16(i))
		e.sendRST(flow, flags, 0)
		e.AwaitGone(serverEnd, flow.Remote, flow.Local)
		e.Stepf("the request is gone; no application knows of it")
		e.Expect(e.atRequest(flow, server, event.Received, cause.HandshakeAborted, flags))
	}
}

func playSimultaneousAborted(e *Env) {
	c, flow := e.openBoth()
	e.sendRST(flow, event.RST, 0)
	c.clientSock.WantApp(whileConnecting("ECONNRESET"))
	x := c.receivedByClient(cause.HandshakeAborted, event.StateSynRecv, whileConnecting("ECONNRESET"))
	x.Flags, x.Lost = event.RST, nil
	e.Expect(x)
}

func playHandshakeChallenged(e *Env) {
	server, listener := e.listen(1)
	flow := e.halfOpen(peerPort)
	e.sendRST(flow, event.RST, 10)
	if !e.pending(flow) {
		e.KernelDeviates("a RST that is not exact removes a pending request")
		e.Expect(e.atRequest(flow, server, event.Received, cause.HandshakeAborted, event.RST))
		return
	}
	e.awaitFrom(flow, event.ACK)
	e.Stepf("the kernel answers with a challenge ACK")
	e.completePending(listener, flow)
	e.expectIgnoredAtRequest(flow, server, cause.RSTHandshakeChallenged)
}

func playHandshakeOutOfWindow(e *Env) {
	server, listener := e.listen(1)
	flow := e.halfOpen(peerPort)
	e.sendRST(flow, event.RST, 10_000_000)
	e.completePending(listener, flow)
	e.expectIgnoredAtRequest(flow, server, cause.RSTHandshakeOutOfWindow)
}

func playPendingWrongAck(e *Env) {
	server, listener := e.listen(1)
	flow := e.halfOpen(peerPort)
	right := flow.Ack
	flow.Ack += 77
	e.sendRST(flow, event.RST|event.ACK, 0)
	flow.Ack = right
	if e.pending(flow) {
		e.completePending(listener, flow)
		e.Expect(e.ignoredAt(flow, cause.RSTToListener, AtReply, event.RST|event.ACK, event.StateListen, server))
		return
	}
	e.KernelDeviates("a RST with the right sequence number removes a pending request whatever it acknowledges")
	e.Expect(e.atRequest(flow, server, event.Received, cause.HandshakeAborted, event.RST|event.ACK))
}
