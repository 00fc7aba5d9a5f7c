package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func fastOpenScenarios() []Scenario {
	return []Scenario{{
		Name:  "syn-in-handshake-fast-open",
		Title: "A second SYN arrives at a Fast Open connection.",
		Story: "With TCP Fast Open the server has a connection to work with before the handshake has ended. " +
			"A second SYN inside it is refused with a RST. The connection stays all the same, and the client's ACK completes it.",
		Causes:   []event.CauseID{cause.SynInHandshake},
		Families: bothFamilies, Path: Packets, Run: playFastOpenSyn,
	}, {
		Name:  "bad-ack-in-handshake-fast-open",
		Title: "The ACK that shall end a Fast Open handshake is wrong.",
		Story: "The server already reads the client's data; the client's ACK is still due. " +
			"What comes acknowledges what was never sent: the kernel answers with a RST and goes on waiting.",
		Causes:   []event.CauseID{cause.BadAckInHandshake},
		Families: bothFamilies, Path: Packets, Run: playFastOpenAck,
	}, {
		Name:  "unread-data-fast-open",
		Title: "The server closes a Fast Open connection without reading the data of its SYN.",
		Story: "The server accepts the connection before the handshake has ended and closes it at once. " +
			"The data of the SYN was never read, so the close becomes a RST, in a state in which most connections are not yet known to any server.",
		Causes:   []event.CauseID{cause.UnreadDataOnClose},
		Findings: unreadByServer,
		Families: bothFamilies, Path: Packets, Run: playFastOpenUnread,
	}, {
		Name:  "listener-closed-fast-open",
		Title: "The server closes its listener while a Fast Open connection waits in the queue.",
		Story: "A Fast Open connection can be accepted before its handshake has ended. This one is not, " +
			"and the end of the listener ends it with a RST.",
		Causes:   []event.CauseID{cause.ListenerClosed},
		Findings: closedQueue,
		Families: bothFamilies, Path: Packets, Run: playFastOpenListener,
	}, {
		Name:  "handshake-aborted-fast-open",
		Title: "The client resets a Fast Open connection that the server has accepted already.",
		Story: "The server has accepted the connection and waits for more when a RST comes instead of the ACK. " +
			"Unlike other handshakes that fail, this one has an application, and it gets ECONNRESET.",
		Causes:   []event.CauseID{cause.HandshakeAborted},
		Families: bothFamilies, Path: Packets, Run: playFastOpenReset,
	}}
}

// acceptFastOpen is fastOpen with the connection accepted and its data read.
func (e *Env) acceptFastOpen() (*conversation, *packetpeer.Flow) {
	c, flow := e.fastOpen()
	c.serverSock = c.listener.Accept()
	c.serverSock.WantRead(Result{N: messageBytes})
	c.serverSock.AwaitState(event.StateSynRecv)
	e.Stepf("server accepts it and reads, in SYN_RECV")
	return c, flow
}

func (c *conversation) repliedInSynRecv(cause event.CauseID, flags event.TCPFlags) Expectation {
	x := c.repliedByServer(cause, event.StateSynRecv)
	x.Flags, x.Sources, x.Lost = flags, acceptedSocket, nil
	return x
}

// finishFastOpen completes the handshake.
func (c *conversation) finishFastOpen(flow *packetpeer.Flow) {
	c.env.must(flow.Send(event.ACK, nil))
	c.serverSock.AwaitState(event.StateEstablished)
	c.env.Stepf("the right ACK arrives: the connection is established")
}

func playFastOpenSyn(e *Env) {
	c, flow := e.acceptFastOpen()
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq + 10, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.Stepf("another SYN arrives; the kernel answers with a RST")
	c.finishFastOpen(flow)
	e.Expect(c.repliedInSynRecv(cause.SynInHandshake, event.RST|event.ACK))
}

func playFastOpenAck(e *Env) {
	c, flow := e.acceptFastOpen()
	e.send(flow, packetpeer.Segment{Flags: event.ACK, Seq: flow.Seq, Ack: flow.Ack + 77, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.Stepf("an ACK arrives for what was never sent; the kernel answers with a RST")
	c.finishFastOpen(flow)
	e.Expect(c.repliedInSynRecv(cause.BadAckInHandshake, event.RST))
}

func playFastOpenUnread(e *Env) {
	c, flow := e.fastOpen()
	c.serverSock = c.listener.Accept()
	c.serverSock.Close()
	e.awaitFrom(flow, event.RST)
	e.Stepf("server accepts it and closes without reading: its kernel sends a RST")

	sent := c.sentByServer(cause.UnreadDataOnClose, event.StateSynRecv)
	sent.Lost = &event.Lost{UnreadBytes: messageBytes}
	e.Expect(sent)
}

func playFastOpenListener(e *Env) {
	c, flow := e.fastOpen()
	c.listener.Close()
	e.awaitFrom(flow, event.RST)
	e.Stepf("server closes the listening socket: its kernel sends a RST")

	sent := c.sentByServer(cause.ListenerClosed, event.StateSynRecv)
	sent.Sources, sent.Lost = fromListener, &event.Lost{UnreadBytes: messageBytes}
	e.Expect(sent)
}

func playFastOpenReset(e *Env) {
	c, flow := e.acceptFastOpen()
	e.sendRST(flow, event.RST, 0)
	c.serverSock.WantApp(connReset)
	e.Expect(c.receivedByServer(cause.HandshakeAborted, event.StateSynRecv, connReset))
}
