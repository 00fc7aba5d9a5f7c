package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func handshakeScenarios() []Scenario {
	return []Scenario{{
		Name:  "ack-to-listener",
		Title: "An ACK arrives at a listening port that no handshake waits for.",
		Story: "The listener knows no half-open connection with this client: it timed out, or the segment is a scan. " +
			"An acknowledgement of nothing is answered with a RST.",
		Causes:   []event.CauseID{cause.AckToListener},
		Families: bothFamilies, Path: Packets, Run: playAckToListener,
	}, {
		Name:  "ack-to-listener-cookie",
		Title: "An ACK carries a SYN cookie that this host did not bake.",
		Story: "With SYN cookies the listener remembers nothing of a SYN: all it must know comes back in the client's ACK. " +
			"This one acknowledges a number that is no valid cookie, and draws a RST.",
		Causes:   []event.CauseID{cause.AckToListener},
		Families: bothFamilies, Path: Packets, Run: playWrongCookie,
	}, {
		Name:  "ack-to-listener-pending",
		Title: "The ACK of a handshake under way acknowledges the wrong number.",
		Story: "The client's SYN was answered, but its ACK is for something else. " +
			"It draws a RST, and the handshake goes on waiting for the right one.",
		Causes:   []event.CauseID{cause.AckToListener},
		Families: bothFamilies, Path: Packets, Run: playWrongAck,
	}, {
		Name:  "syn-in-handshake",
		Title: "A second, different SYN arrives inside a handshake.",
		Story: "The client's SYN was answered and its ACK is due. Instead comes another SYN with another sequence number from the same port. " +
			"The kernel ends the handshake with a RST.",
		Causes:   []event.CauseID{cause.SynInHandshake},
		Families: bothFamilies, Path: Packets, Run: playSynInHandshake,
	}, {
		Name:  "accept-queue-overflow",
		Title: "A handshake ends while the accept queue is full, and tcp_abort_on_overflow is on.",
		Story: "The server accepts too slowly: five clients wait where four have room. " +
			"The last step of another handshake finds the queue full. " +
			"Normally the kernel ignores that ACK and the client tries again; with tcp_abort_on_overflow it answers with a RST.",
		Causes:   []event.CauseID{cause.AcceptQueueOverflow},
		Findings: []Diagnosis{{Pattern: "accept-queue-full", Accuses: "server", Must: true}},
		Families: bothFamilies, Path: Packets, Run: func(e *Env) { playOverflow(e, true) },
	}, {
		Name:  "bad-ack-in-syn-sent",
		Title: "A SYN-ACK acknowledges something that the client never sent.",
		Story: "The other host still has a connection on these ports, or a broken middlebox answers in its name. " +
			"The client's kernel refuses the SYN-ACK with a RST and goes on trying; the right one is then taken.",
		Causes:   []event.CauseID{cause.BadAckInSynSent},
		Families: bothFamilies, Path: Packets, Run: playBadAckInSynSent,
	}, {
		Name:  "bad-timestamp-in-syn-sent",
		Title: "A SYN-ACK echoes a timestamp that the client never sent.",
		Story: "The numbers of the SYN-ACK are right, but the timestamp that it returns lies in the future: " +
			"it belongs to another connection, or was rewritten on the way. The client's kernel refuses it with a RST and goes on trying.",
		Causes:   []event.CauseID{cause.BadTimestampInSynSent},
		Families: bothFamilies, Path: Packets, Run: playBadTimestamp,
	}, {
		Name:  "bad-ack-in-handshake",
		Title: "Both ends open the connection at the same time, and one acknowledges the wrong number.",
		Story: "Two SYNs cross: a simultaneous open. What the peer acknowledges then is not what the client has sent. " +
			"The client's kernel answers with a RST and goes on waiting for the right ACK. It comes, and then the peer knows nothing of the connection any more.",
		Causes:   []event.CauseID{cause.BadAckInHandshake},
		Families: bothFamilies, Path: Packets, Run: playBadAckSimultaneous,
	}}
}

func playAckToListener(e *Env) {
	server, _ := e.listen(1)
	flow := e.flow(peerPort)
	e.send(flow, packetpeer.Segment{Flags: event.ACK, Seq: flow.Seq, Ack: unknownAck, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.Stepf("an ACK arrives out of nowhere; the kernel answers with a RST")
	e.Expect(e.repliedByListener(flow, server, cause.AckToListener, event.RST))
}

func playWrongCookie(e *Env) {
	e.Sysctl(serverEnd, "ipv4/tcp_syncookies", "2") // always
	server, _ := e.listen(1)
	flow := e.halfOpen(peerPort)
	failed := e.Counter(serverEnd, "SyncookiesFailed")
	flow.Ack += 77
	e.must(flow.Send(event.ACK, nil))
	e.awaitFrom(flow, event.RST)
	if e.Counter(serverEnd, "SyncookiesFailed") == failed {
		e.Failf("the kernel did not check the cookie")
	}
	e.Stepf("the ACK's cookie is wrong; the kernel answers with a RST")
	e.Expect(e.repliedByListener(flow, server, cause.AckToListener, event.RST))
}

func playWrongAck(e *Env) {
	server, listener := e.listen(1)
	flow := e.halfOpen(peerPort)
	e.send(flow, packetpeer.Segment{Flags: event.ACK, Seq: flow.Seq, Ack: flow.Ack + 77, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.Stepf("the ACK of a pending handshake is wrong; the kernel answers with a RST")
	e.Expect(e.repliedByListener(flow, server, cause.AckToListener, event.RST))

	e.must(flow.Send(event.ACK, nil))
	listener.Accept()
	e.Stepf("the right ACK arrives: server accepts the connection")
}

func playSynInHandshake(e *Env) {
	server, _ := e.listen(1)
	flow := e.halfOpen(peerPort)
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq + 10, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.AwaitGone(serverEnd, flow.Remote, flow.Local)
	e.Stepf("another SYN arrives; the kernel ends the handshake with a RST")
	e.Expect(e.repliedByListener(flow, server, cause.SynInHandshake, event.RST|event.ACK))
}

// playOverflow completes a handshake while the accept queue is full.
func playOverflow(e *Env, abort bool) {
	const backlog = 4 // with less a second request would get a cookie
	if abort {
		e.Sysctl(serverEnd, "ipv4/tcp_abort_on_overflow", "1")
	}
	server, listener := e.listen(backlog)
	late := e.halfOpen(peerPort)
	for i := range uint16(backlog + 1) {
		e.dial(peerPort + 1 + i)
	}
	listener.AwaitQueue(backlog + 1)
	e.Stepf("%d clients wait to be accepted, there is room for %d", backlog+1, backlog)
	overflows := e.Counter(serverEnd, "ListenOverflows")
	e.must(late.Send(event.ACK, nil))
	if e.Counter(serverEnd, "ListenOverflows") == overflows {
		e.Failf("the accept queue did not overflow")
	}
	if abort {
		e.awaitFrom(late, event.RST)
		e.Stepf("another handshake ends; the kernel answers with a RST")
		x := e.repliedByListener(late, server, cause.AcceptQueueOverflow, event.RST)
		x.Listener = event.Listener{Known: true, Backlog: backlog, Used: backlog + 1}
		e.Expect(x)
	} else {
		e.Stepf("another handshake ends; the kernel ignores the ACK")
		e.CountedSilently(serverEnd, "ListenOverflows", 1, "the ACK is ignored, not refused")
	}
	for range backlog + 1 {
		listener.Accept()
	}
}

// repliedInSynSent expects the client's kernel to refuse a SYN-ACK.
func (c *conversation) repliedInSynSent(flow *packetpeer.Flow, cause event.CauseID) Expectation {
	x := c.env.replied(flow, cause, event.RST)
	x.Socket, x.States = event.SockFull, []event.State{event.StateSynSent}
	x.Owner, x.Sources = c.client.Name(), openSocket
	return x
}

// connectAfterAll answers the client's SYN as it should be.
func (c *conversation) connectAfterAll(flow *packetpeer.Flow) {
	c.env.must(flow.Establish())
	c.clientSock.AwaitState(event.StateEstablished)
	c.env.Stepf("the right SYN-ACK arrives: the client is connected")
}

func playBadAckInSynSent(e *Env) {
	c, flow := e.beginConnect()
	e.send(flow, packetpeer.Segment{
		Flags: event.SYN | event.ACK, Seq: flow.Seq, Ack: flow.Ack + 100, Window: flow.Window,
	})
	e.awaitFrom(flow, event.RST)
	e.Stepf("a SYN-ACK acknowledges too much; the client's kernel answers with a RST")
	c.connectAfterAll(flow)
	e.Expect(c.repliedInSynSent(flow, cause.BadAckInSynSent))
}

func playBadTimestamp(e *Env) {
	c, flow := e.beginConnect()
	if flow.SYN.Timestamps == nil {
		e.Failf("the client's SYN offers no timestamps")
	}
	const future = 1 << 30
	e.send(flow, packetpeer.Segment{
		Flags: event.SYN | event.ACK, Seq: flow.Seq, Ack: flow.Ack, Window: flow.Window,
		Timestamps: &packetpeer.Timestamps{Value: 1, Echo: flow.SYN.Timestamps.Value + future},
	})
	e.awaitFrom(flow, event.RST)
	e.Stepf("a SYN-ACK echoes a timestamp of the future; the client's kernel answers with a RST")
	c.connectAfterAll(flow)
	e.Expect(c.repliedInSynSent(flow, cause.BadTimestampInSynSent))
}

// openBoth lets the SYNs of the client and the peer cross.
func (e *Env) openBoth() (*conversation, *packetpeer.Flow) {
	c, flow := e.beginConnect()
	ack := flow.Ack
	flow.Ack = 0
	e.must(flow.Send(event.SYN, nil))
	flow.Ack = ack
	e.awaitFrom(flow, event.SYN|event.ACK)
	c.clientSock.AwaitState(event.StateSynRecv)
	e.Stepf("a SYN comes back instead of a SYN-ACK: the client is in SYN_RECV")
	return c, flow
}

func playBadAckSimultaneous(e *Env) {
	c, flow := e.openBoth()
	e.send(flow, packetpeer.Segment{Flags: event.ACK, Seq: flow.Seq, Ack: flow.Ack + 77, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.Stepf("the peer acknowledges what was never sent; the client's kernel answers with a RST")
	e.must(flow.Send(event.ACK, nil))
	c.clientSock.AwaitState(event.StateEstablished)
	e.Stepf("the right ACK arrives: the client is connected")

	x := c.repliedInSynSent(flow, cause.BadAckInHandshake)
	x.States = []event.State{event.StateSynRecv}
	e.Expect(x)

	e.sendRST(flow, event.RST, 0)
	c.clientSock.AwaitState(event.StateClose)
	c.clientSock.WantApp(connReset)
	x = c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	x.WithoutPacket, x.Flags = cause.ResetByPeer, event.RST
	e.Expect(x)
}
