package lab

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func noSocketScenarios() []Scenario {
	return []Scenario{{
		Name:  "half-open",
		Title: "Segments arrive for connections that this host never had.",
		Story: "An acknowledgement, data, a FIN, even a FIN without anything else as port scanners send it: " +
			"there is no socket for any of them, so each is answered with a RST. " +
			"If the segment acknowledges something, the RST is placed there; if not, it starts at zero and acknowledges in its turn.",
		Causes:   []event.CauseID{cause.HalfOpen},
		Findings: forgottenHere,
		Families: bothFamilies, Path: Packets, Run: playHalfOpen,
	}, {
		Name:  "half-open-listener-closed",
		Title: "The last segment of a handshake finds the listener gone.",
		Story: "The client's SYN was answered, then the server stopped listening. " +
			"The kernel forgets handshakes under way without a word, and so the client's ACK belongs to nothing.",
		Causes:   []event.CauseID{cause.HalfOpen},
		Findings: forgottenHere,
		Families: bothFamilies, Path: Packets, Run: playPendingListenerClosed,
	}, {
		Name:  "stray-syn-ack",
		Title: "A SYN-ACK arrives that nobody here has asked for.",
		Story: "Somebody opened connections elsewhere in this host's name, or the client is long gone. " +
			"The answer is met by a RST, whether anybody listens on the port or not.",
		Causes:   []event.CauseID{cause.StraySynAck},
		Families: bothFamilies, Path: Packets, Run: playStraySynAck,
	}, {
		Name:  "stray-syn-ack-late",
		Title: "The server answers after the client has lost patience.",
		Story: "The client gives up connecting and closes, as connect timeouts make it. " +
			"The SYN-ACK that comes then is for an attempt that nobody waits for any more, and is met by a RST.",
		Causes:   []event.CauseID{cause.StraySynAck},
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playLateSynAck(e, "closes", func(c *conversation) { c.clientSock.Close() }, event.Ended{})
		},
	}, {
		Name:  "stray-syn-ack-killed",
		Title: "The server answers after the client was killed while connecting.",
		Story: "The kernel closes for a killed process, here a socket in SYN_SENT: the attempt is forgotten, and nothing goes out. " +
			"The server's SYN-ACK is met by a RST.",
		Causes:   []event.CauseID{cause.StraySynAck},
		Findings: []Diagnosis{{Pattern: "process-died", Accuses: "client"}},
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playLateSynAck(e, "is killed with SIGKILL", func(c *conversation) { c.client.Kill() }, event.Ended{Signal: "SIGKILL"})
		},
	}, {
		Name:  "closed-earlier",
		Title: "The peer goes on sending on a connection that the server has just aborted.",
		Story: "The server has aborted the connection and its RST is lost or late. " +
			"What the client sends now finds no socket, as after a reboot; " +
			"but this host closed that very connection itself, a moment ago.",
		Causes:   []event.CauseID{cause.ClosedEarlier, cause.LingerZero},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Packets, Run: playAbortedEarlier,
	}, {
		Name:  "closed-earlier-in-order",
		Title: "The peer sends on a connection that both ends have closed in order.",
		Story: "The client closed first, then the server; the last acknowledgement ended the connection, and nothing is left of it. " +
			"A segment that comes after that draws a RST.",
		Causes:   []event.CauseID{cause.ClosedEarlier},
		Families: bothFamilies, Path: Packets, Run: playClosedInOrder,
	}, {
		Name:  "closed-earlier-fin-wait2",
		Title: "The peer writes when the kernel no longer waits for it to close.",
		Story: "The server has closed and the client has not. After tcp_fin_timeout, here a second, the kernel forgets the connection in silence. " +
			"The client's write then is for a connection that nobody knows, and not any more for one that is closed.",
		Causes:   []event.CauseID{cause.ClosedEarlier},
		Findings: closedUnderPeer,
		Families: bothFamilies, Path: Packets, Run: playFinWait2Gone,
	}, {
		Name:  "closed-earlier-repair",
		Title: "A checkpoint tool has taken the connection away in silence.",
		Story: "With TCP_REPAIR a socket can be closed without a segment going out; tools that move a process to another machine do so. " +
			"When the client writes here before the connection was restored elsewhere, it gets a RST.",
		Causes:   []event.CauseID{cause.ClosedEarlier, cause.PeerGone},
		Findings: closedByServerFirst,
		Families: bothFamilies, Path: Veth, Run: playRepairedAway,
	}}
}

func playHalfOpen(e *Env) {
	data := make([]byte, messageBytes)
	for i, segment := range []packetpeer.Segment{
		{Flags: event.ACK},
		{Flags: event.PSH | event.ACK, Payload: data},
		{Flags: event.FIN | event.ACK},
		{Flags: event.FIN},
	} {
		flow := e.flow(peerPort + uint16(i))
		answer := event.RST
		segment.Seq, segment.Window = flow.Seq, flow.Window
		if segment.Flags.Has(event.ACK) {
			segment.Ack = unknownAck
		} else {
			answer |= event.ACK
		}
		e.send(flow, segment)
		e.awaitFrom(flow, event.RST)
		e.Stepf("a segment %s arrives for a connection that is not there; the kernel answers with %s", segment.Flags, answer)
		e.Expect(e.replied(flow, cause.HalfOpen, answer))
	}
}

// unknownAck acknowledges something that this host never sent.
const unknownAck = 7777777

func playPendingListenerClosed(e *Env) {
	_, listener := e.listen(1)
	flow := e.halfOpen(peerPort)
	listener.Close()
	e.Stepf("client's SYN is answered; then the server stops listening")
	e.must(flow.Send(event.ACK, nil))
	e.awaitFrom(flow, event.RST)
	e.Stepf("client's ACK arrives; the kernel answers with a RST")
	e.Expect(e.replied(flow, cause.HalfOpen, event.RST))
}

func playStraySynAck(e *Env) {
	synAck := func(port uint16) *packetpeer.Flow {
		flow := e.flow(port)
		e.send(flow, packetpeer.Segment{
			Flags: event.SYN | event.ACK, Seq: flow.Seq, Ack: unknownAck, Window: flow.Window,
		})
		e.awaitFrom(flow, event.RST)
		return flow
	}
	flow := synAck(peerPort)
	e.Stepf("a SYN-ACK arrives at a port where nobody listens; the kernel answers with a RST")
	e.Expect(e.replied(flow, cause.StraySynAck, event.RST))

	server, _ := e.listen(1)
	flow = synAck(peerPort + 1)
	e.Stepf("the same where a server listens")
	e.Expect(e.repliedByListener(flow, server, cause.StraySynAck, event.RST))
}

// playLateSynAck lets the answer come after the client has given up.
func playLateSynAck(e *Env, verb string, giveUp func(*conversation), ended event.Ended) {
	c, flow := e.beginConnect()
	giveUp(c)
	e.Stepf("client %s before the answer comes", verb)
	e.must(flow.Send(event.SYN|event.ACK, nil))
	e.awaitFrom(flow, event.RST)
	e.Stepf("the SYN-ACK arrives; the kernel answers with a RST")
	x := e.replied(flow, cause.StraySynAck, event.RST)
	x.Owner, x.Sources, x.Ended = c.client.Name(), closedByClient, ended
	e.Expect(x)
}

// sendTooLate makes the peer send data on a connection of the server that is
// gone, and expects what follows. before is the last state that it had.
func (c *conversation) sendTooLate(flow *packetpeer.Flow, before ...event.State) {
	e := c.env
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	e.awaitFrom(flow, event.RST)
	e.Stepf("client sends %d bytes: the connection is gone, the kernel answers with a RST", messageBytes)
	e.Expect(c.closedEarlier(before...))

	c.listener.Close()
	e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	e.awaitFrom(flow, event.RST)
	e.Stepf("the server stops listening, client sends %d bytes again: now there is no socket at all", messageBytes)
	x := c.closedEarlier(before...)
	x.WithoutMemory, x.Socket = cause.HalfOpen, event.SockNone
	e.Expect(x)
}

// closedEarlier: the listener still stands where the connection was, so the
// kernel does find a socket.
func (c *conversation) closedEarlier(before ...event.State) Expectation {
	x := c.repliedByServer(cause.ClosedEarlier, 0)
	x.WithoutMemory = cause.AckToListener
	x.Socket, x.Lost = event.SockFull, nil
	x.Earlier = c.endedBy
	x.States = append(x.States, before...)
	x.Sources, x.EarlierEndedBy = []event.OwnerSource{event.FromCloser}, byProcess
	return x
}

func playAbortedEarlier(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.LingerZero()
	c.serverSock.Close()
	e.awaitFrom(flow, event.RST)
	e.Stepf("server closes with SO_LINGER {1,0}: its kernel sends a RST")
	e.Expect(c.sentByServer(cause.LingerZero, event.StateEstablished))
	c.endedBy = e.pairs
	c.sendTooLate(flow, event.StateEstablished)
}

func playClosedInOrder(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	e.must(flow.Send(event.FIN|event.ACK, nil))
	c.serverSock.WantRead(EOF)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	e.Stepf("client closes, server reads 0 and closes")
	c.sendTooLate(flow, event.StateLastAck, event.StateCloseWait)
}

func playFinWait2Gone(e *Env) {
	e.Sysctl(serverEnd, "ipv4/tcp_fin_timeout", "1")
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	e.Stepf("server closes; client acknowledges and does not close; tcp_fin_timeout is %s", time.Second)
	c.sendTooLate(flow, event.StateFinWait2, event.StateTimeWait, event.StateFinWait1)
}

func playRepairedAway(e *Env) {
	c := e.converse()
	c.closeRepaired()
	c.clientSock.Send(messageBytes)
	e.Stepf("client writes %d bytes", messageBytes)
	c.clientSock.WantApp(connReset)

	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	e.ExpectRST(c.closedEarlier(event.StateEstablished), received)
}

// closeRepaired closes the server's socket in repair mode: nothing is sent.
func (c *conversation) closeRepaired() {
	c.serverSock.Repair()
	c.serverSock.Close()
	c.env.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	c.env.Stepf("server sets TCP_REPAIR and closes: its kernel forgets the connection in silence")
	c.env.CountedSilently(serverEnd, "TcpEstabResets", 1, "a TCP_REPAIR close ends an established connection")
}
