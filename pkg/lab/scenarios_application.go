package lab

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// applicationScenarios are about what applications get where that is not simply
// the error: the shape of the RST and its way through the kernel are those of
// other scenarios.
func applicationScenarios() []Scenario {
	loads := missesModule(diagModules...)
	return []Scenario{{
		Name:  "closed-port-nonblocking",
		Title: "A client that does not wait in connect tries a port where nobody listens, twice.",
		Story: "A non-blocking connect returns before there is an answer, so the refusal waits on the socket. " +
			"Whoever asks first takes it, SO_ERROR, read or write, and the socket then looks like one at its end. " +
			"Only a second connect gives it back as new.",
		Causes:   []event.CauseID{cause.ClosedPort, cause.Refused},
		Findings: noListener,
		Families: bothFamilies, Path: Veth, Run: playRefusedNonblocking,
	}, {
		Name:  "peer-aborted-unread",
		Title: "The server sends and aborts before the client has read.",
		Story: "What has arrived stays: the client's read gives the data first, and ECONNRESET after it. " +
			"A client that polls sees POLLERR from the beginning.",
		Causes:   []event.CauseID{cause.PeerAborted, cause.LingerZero},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playAbortedUnread,
	}, {
		Name:  "reset-after-peer-close-unread",
		Title: "The server sends, ends its side in order and then aborts, before the client has read.",
		Story: "The client's read gives the data, and then 0 as after an orderly close. " +
			"Only a write, SO_ERROR or poll shows that there was a reset.",
		Causes:   []event.CauseID{cause.ResetAfterPeerClose, cause.LingerZero},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playClosedUnread,
	}, {
		Name:  "peer-aborted-shut-for-reading",
		Title: "The client has shut down its receiving side when the server aborts.",
		Story: "shutdown(SHUT_RD) makes read give 0 at once, and nobody else hears of it. " +
			"A RST changes that: the next read gives ECONNRESET all the same.",
		Causes:   []event.CauseID{cause.PeerAborted, cause.LingerZero},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playAbortedShutForReading,
	}, {
		Name:  "peer-aborted-in-accept-queue",
		Title: "A client aborts before the server has accepted its connection.",
		Story: "Linux leaves the connection in the queue: accept returns it as if nothing had happened, where other systems give ECONNABORTED. " +
			"The server's first read gives the error.",
		Causes:   []event.CauseID{cause.PeerAborted, cause.LingerZero},
		Findings: abortedBy("client"),
		Families: bothFamilies, Path: Veth, Run: playAbortedInQueue,
	}, {
		Name:  "handshake-aborted-fast-open-queued",
		Title: "The client resets a Fast Open connection that nobody has accepted yet.",
		Story: "The data of the SYN has made the connection ready to be accepted, and a RST comes instead of the ACK. " +
			"It stays in the queue: the server accepts it, reads the data, and then gets ECONNRESET.",
		Causes:   []event.CauseID{cause.HandshakeAborted},
		Families: bothFamilies, Path: Packets, Run: playFastOpenResetInQueue,
	}, {
		Name:  "keepalive-timeout-close-wait",
		Title: "A client vanishes after it has ended its side, and keep-alive finds out.",
		Story: "The server has read to the end and still has the connection open. " +
			"Its kernel gives up after a few probes without an answer and sends a RST. " +
			"The server's read goes on to give 0; only a write, SO_ERROR or poll shows ETIMEDOUT.",
		Causes:   []event.CauseID{cause.KeepaliveTimeout},
		Findings: peerDead,
		Families: oneFamily, Path: Packets, Run: playKeepaliveCloseWait,
	}, {
		Name:  "data-behind-fin",
		Title: "The client sends data behind its own FIN.",
		Story: "After a FIN there can be no more data. A segment that begins at the FIN and goes on behind it is refused with a RST. " +
			"The server has shut nothing down, and loses its connection all the same: its next write gives EPIPE.",
		Causes:   []event.CauseID{cause.DataAfterClose},
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) { playBehindFIN(e, event.StateCloseWait, brokenPipe) },
	}, {
		Name:  "data-behind-fin-last-ack",
		Title: "The client sends data behind its own FIN when the server has shut down its sending side, too.",
		Story: "The server's FIN is not acknowledged yet when the data comes. " +
			"The error is ECONNRESET then, and read does not show it either.",
		Causes:   []event.CauseID{cause.DataAfterClose},
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) { playBehindFIN(e, event.StateLastAck, hiddenFromRead("ECONNRESET")) },
	}, {
		Name:  "socket-destroyed-unread",
		Title: "A connection is destroyed while data waits to be read, after the client has ended its side.",
		Story: "What the client sent before is not lost: the server's read gives it, and then 0, " +
			"because the client's FIN hides the error. A write gives ECONNABORTED.",
		Causes:   []event.CauseID{cause.SocketDestroyed, cause.ResetWhileClosing},
		Findings: destroyed,
		Families: bothFamilies, Path: Veth, HostChanges: loads, Run: playDestroyedUnread,
	}}
}

func playRefusedNonblocking(e *Env) {
	client := e.Actor("client", clientEnd)
	for _, first := range []Call{e.firstCall, callConnect} {
		c := &conversation{env: e, client: client, serverAt: event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}}
		c.clientSock = client.Socket()
		c.clientSock.Bind(netip.AddrPortFrom(e.address(clientEnd), 0)) // a refused connect forgets the port
		c.clientAt = c.clientSock.Local()
		c.clientSock.Nonblocking()
		c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{Errno: "EINPROGRESS"})
		e.Stepf("client %s begins to connect to %s", c.clientAt, c.serverAt)
		c.clientSock.wantApp(refused, first, 0)
		if first != callConnect {
			c.clientSock.wantPoll("IN|OUT|HUP|RDHUP")
			c.clientSock.WantRead(EOF)
			again := c.clientSock.Connect(c.serverAt.AddrPort())
			c.clientSock.want("second connect", again, Result{Errno: "ECONNABORTED"})
			e.Stepf("client calls connect again: %s, because the error was taken", again)
		}
		c.clientSock.wantPoll("OUT|HUP")
		c.clientSock.WantRead(Result{Errno: "ENOTCONN"})
		c.clientSock.Close()

		e.ExpectRST(Expectation{
			Namespace: e.namespace(serverEnd).Name(),
			Dir:       event.Sent, Cause: cause.ClosedPort, Local: c.serverAt, Peer: c.clientAt,
			Hook: event.HookSendReply, Socket: event.SockNone,
			Flags: event.RST | event.ACK, OnWire: true,
		}, c.receivedByClient(cause.Refused, event.StateSynSent, refused))
	}
}

// sendToClient lets data wait at the client.
func (c *conversation) sendToClient() {
	c.serverSock.Send(unreadBytes)
	c.clientSock.AwaitUnread(unreadBytes)
	c.serverSock.AwaitAcknowledged()
	c.env.Stepf("server sends %d bytes; client does not read them yet", unreadBytes)
}

func playAbortedUnread(e *Env) {
	c := e.converse()
	c.sendToClient()
	c.abortByServer()
	c.clientSock.WantAppAfter(unreadBytes, connReset)

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateEstablished),
		c.receivedByClient(cause.PeerAborted, event.StateEstablished, withData(connReset)))
}

func playClosedUnread(e *Env) {
	c := e.converse()
	c.sendToClient()
	c.serverSock.Shutdown(unix.SHUT_WR)
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server shuts down its sending side")
	c.abortByServer()
	c.clientSock.WantAppAfter(unreadBytes, brokenPipe)

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateFinWait2),
		c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, withData(brokenPipe)))
}

func playAbortedShutForReading(e *Env) {
	c := e.converse()
	c.clientSock.Shutdown(unix.SHUT_RD)
	c.clientSock.WantRead(EOF)
	e.Stepf("client shuts down its receiving side and reads 0")
	c.abortByServer()
	c.clientSock.WantApp(connReset)

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateEstablished),
		c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
}

func playAbortedInQueue(e *Env) {
	c := e.reach("client")
	c.server = e.Actor("server", serverEnd)
	c.listener = c.server.Listen(c.serverAt.AddrPort(), 1)
	c.connect()
	c.listener.AwaitQueue(1)
	e.Stepf("client %s connects; server does not accept yet", c.clientAt)
	sent, received := c.abortByClient()
	c.serverSock = c.listener.Accept()
	e.Stepf("server accepts the connection")
	c.serverSock.WantApp(connReset)

	received.App, received.Sources = inQueue(connReset), acceptedSocket
	e.ExpectRST(sent, received)
}

func playFastOpenResetInQueue(e *Env) {
	c, flow := e.fastOpen()
	e.sendRST(flow, event.RST, 0)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	c.serverSock = c.listener.Accept()
	e.Stepf("server accepts the connection")
	c.serverSock.WantAppAfter(messageBytes, connReset)
	e.Expect(c.receivedByServer(cause.HandshakeAborted, event.StateSynRecv, withData(inQueue(connReset))))
}

func playKeepaliveCloseWait(e *Env) {
	const probes = 2
	c, flow := e.converseWithPeer(serverEnd)
	e.must(flow.Send(event.FIN|event.ACK, nil))
	c.serverSock.WantRead(EOF)
	c.serverSock.KeepAlive(probes)
	e.Stepf("client ends its side and vanishes; server reads 0")
	e.awaitFrom(flow, event.RST)
	e.Stepf("the kernel gives up and sends a RST")
	hidden := hiddenFromRead("ETIMEDOUT")
	c.serverSock.WantApp(hidden)

	sent := c.sentByServer(cause.KeepaliveTimeout, event.StateCloseWait)
	sent.Sources, sent.App = fromTimer, hidden
	e.Expect(sent)
}

func playBehindFIN(e *Env, state event.State, app event.App) {
	c, flow := e.converseWithPeer(serverEnd)
	e.must(flow.Send(event.FIN|event.ACK, nil))
	c.serverSock.AwaitState(event.StateCloseWait)
	if state == event.StateLastAck {
		c.serverSock.Shutdown(unix.SHUT_WR)
		c.serverSock.AwaitState(state)
	}
	e.Stepf("client ends its side: the server is in %s", state)
	e.send(flow, packetpeer.Segment{
		Flags: event.PSH | event.ACK, Seq: flow.Seq - 1, Ack: flow.Ack, Window: flow.Window, Payload: make([]byte, messageBytes),
	})
	e.awaitFrom(flow, event.RST)
	e.Stepf("%d bytes arrive that begin at the FIN; the server's kernel answers with a RST", messageBytes)
	c.serverSock.WantApp(app)

	sent := c.repliedByServer(cause.DataAfterClose, state)
	sent.Sources, sent.App = acceptedSocket, app
	e.Expect(sent)
}

func playDestroyedUnread(e *Env) {
	c := e.leaveUnread()
	c.clientSock.Shutdown(unix.SHUT_WR)
	c.clientSock.AwaitState(event.StateFinWait2)
	e.Stepf("client shuts down its sending side")
	destroyer := e.destroy(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("%s destroys the server's socket: the kernel sends a RST", destroyer.Name())
	hidden := hiddenFromRead("ECONNABORTED")
	c.serverSock.WantAppAfter(unreadBytes, hidden)
	c.clientSock.WantApp(connReset)

	sent := c.destroyedBy(destroyer, event.StateCloseWait)
	sent.App = withData(hidden)
	e.ExpectRST(sent, c.receivedByClient(cause.ResetWhileClosing, event.StateFinWait2, connReset))
}
