package lab

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func powerLossScenarios() []Scenario {
	powerLoss := Scenario{
		Name:  "power-loss",
		Title: "The server's machine loses power and comes back; the client goes on writing.",
		Story: "No FIN and no RST leaves a machine without power, so the client still believes in the connection. " +
			"The machine comes back with the same address and knows nothing of it. " +
			"When the client writes, the fresh kernel answers with a RST: a half-open connection is discovered.",
		Causes:   []event.CauseID{cause.HalfOpen, cause.PeerGone},
		Findings: forgottenHere,
		Families: bothFamilies, Path: PowerLoss,
		Run: func(e *Env) { playPowerLoss(e, "") },
	}
	plain := powerLoss
	plain.Name = "power-loss-no-timestamps"
	plain.Title = "The server's machine loses power, without TCP timestamps. Only the packet itself shows what the peer did."
	plain.Run = func(e *Env) {
		e.noTimestamps()
		playPowerLoss(e, cause.ResetByPeer)
	}
	return []Scenario{powerLoss, plain, {
		Name:  "power-loss-restarted",
		Title: "The server's machine loses power, comes back, and the service listens again; a client goes on writing.",
		Story: "The usual end of a reboot: the port is open again before the client writes. The listener gets a segment of a connection " +
			"that it does not know, and its kernel answers with a RST. The accept queue is empty and has nothing to do with it.",
		Causes:   []event.CauseID{cause.AckToListener, cause.PeerGone},
		Findings: forgottenHere,
		Families: bothFamilies, Path: PowerLoss,
		Run: playRestarted,
	}}
}

func playRestarted(e *Env) {
	c := e.converse()
	c.clientSock.Send(messageBytes)
	c.serverSock.WantRead(Result{N: messageBytes})
	c.clientSock.AwaitAcknowledged()
	e.cutPower(func() { c.server.Kill() })
	again := e.Actor("restarted", rebuiltEnd)
	again.Listen(c.serverAt.AddrPort(), 1)
	e.Stepf("the server's machine loses power, comes back with the same address, and the service listens again")
	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("client, unaware, writes %d bytes; the listener does not know its connection, and its kernel answers with a RST", messageBytes)
	c.clientSock.WantApp(connReset)

	sent := c.repliedByRebuilt()
	sent.Cause, sent.Socket, sent.States = cause.AckToListener, event.SockFull, []event.State{event.StateListen}
	sent.Owner, sent.Sources = again.Name(), listening
	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	e.ExpectRST(sent, received)
}

func playPowerLoss(e *Env, withoutPacket event.CauseID) {
	c := e.converse()
	c.clientSock.Send(messageBytes)
	c.serverSock.WantRead(Result{N: messageBytes})
	c.clientSock.AwaitAcknowledged()
	e.cutPower(func() { c.server.Kill() })
	e.Stepf("the server's machine loses power, and comes back with the same address")
	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("client, unaware, writes %d bytes; the server's fresh kernel answers with a RST", messageBytes)
	c.clientSock.WantApp(connReset)

	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.WithoutPacket = withoutPacket
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	e.ExpectRST(c.repliedByRebuilt(), received)
}

// repliedByRebuilt expects the server's fresh kernel to answer a segment of the
// connection that it does not know.
func (c *conversation) repliedByRebuilt() Expectation {
	return Expectation{
		Namespace: c.env.namespace(rebuiltEnd).Name(),
		Dir:       event.Sent, Cause: cause.HalfOpen, Local: c.serverAt, Peer: c.clientAt,
		Hook: event.HookSendReply, Socket: event.SockNone, Flags: event.RST, OnWire: true,
	}
}
