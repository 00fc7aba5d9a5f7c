package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// stuckBytes is what a server cannot send because its peer's window is closed.
const stuckBytes = 5000

func disconnectScenarios() []Scenario {
	unsent := []event.CauseID{cause.DisconnectWithUnsentData}
	return []Scenario{{
		Name:  "disconnect",
		Title: "The server dissolves the connection with connect(AF_UNSPEC).",
		Story: "connect with the address family AF_UNSPEC takes a socket back to its beginnings, so that it can be used again. " +
			"To the peer it is an abort: a RST goes out, although the descriptor stays open.",
		Causes:   []event.CauseID{cause.Disconnect, cause.PeerAborted},
		Families: bothFamilies, Path: Veth, Run: playDisconnect,
	}, {
		Name:  "disconnect-after-shutdown",
		Title: "The server shuts both directions down first, with SO_LINGER {1,0} set, and then calls connect(AF_UNSPEC).",
		Story: "After shutdown(SHUT_RDWR) the socket looks to the kernel as it would inside an abortive close: " +
			"both directions shut, SO_LINGER with a time of zero. But nobody closes it. " +
			"Only the function that led to the RST distinguishes the two.",
		Causes:   []event.CauseID{cause.Disconnect, cause.ResetAfterPeerClose},
		Families: bothFamilies, Path: Veth, Run: playDisconnectAfterShutdown,
	}, {
		Name:  "disconnect-with-unsent-data",
		Title: "The server calls connect(AF_UNSPEC) in LAST_ACK with data that it could never send.",
		Story: "The client has closed its window and its sending side. The server has written 5000 bytes that cannot leave, and shut down in its turn. " +
			"In LAST_ACK a RST is normally pointless, because the peer has all it needs; here data is missing, so the kernel sends one.",
		Causes: unsent, Families: bothFamilies, Path: Packets,
		Run: func(e *Env) { playUnsent(e, event.StateLastAck, (*Socket).Disconnect) },
	}, {
		Name:  "linger-zero-with-unsent-data",
		Title: "The server closes with SO_LINGER {1,0} in LAST_ACK, with data that it could never send.",
		Story: "The abortive close leads through the same function as connect(AF_UNSPEC), and to the same RST. " +
			"In this state it is the unsent data that decides, not the abortive close: without it nothing would be sent.",
		Causes: unsent, Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playUnsent(e, event.StateLastAck, func(s *Socket) { s.LingerZero(); s.Close() })
		},
	}, {
		Name:  "disconnect-with-unsent-data-closing",
		Title: "The server calls connect(AF_UNSPEC) in CLOSING with data that it could never send: it has shut down before the client did.",
		Story: "Both ends have shut down their sending side and neither knows that the other has all its data. " +
			"The server's FIN waits behind 5000 bytes that cannot leave. connect(AF_UNSPEC) gives them up with a RST.",
		Causes: unsent, Families: bothFamilies, Path: Packets,
		Run: func(e *Env) { playUnsent(e, event.StateClosing, (*Socket).Disconnect) },
	}}
}

func playDisconnect(e *Env) {
	c := e.converse()
	c.serverSock.Disconnect()
	e.Stepf("server calls connect(AF_UNSPEC): its kernel sends a RST")
	c.serverSock.WantApp(disconnected)
	c.clientSock.WantApp(connReset)

	sent := c.sentByServer(cause.Disconnect, event.StateEstablished)
	sent.App = disconnected
	e.ExpectRST(sent, c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
}

func playDisconnectAfterShutdown(e *Env) {
	c := e.converse()
	c.serverSock.LingerZero()
	c.serverSock.Shutdown(unix.SHUT_RDWR)
	c.clientSock.WantRead(EOF)
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server sets SO_LINGER {1,0} and shuts down both directions; client reads 0")
	c.serverSock.Disconnect()
	e.Stepf("server calls connect(AF_UNSPEC): its kernel sends a RST")
	c.serverSock.WantApp(disconnected)
	c.clientSock.WantApp(brokenPipe)

	sent := c.sentByServer(cause.Disconnect, event.StateFinWait2)
	sent.App = disconnected
	e.ExpectRST(sent, c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}

// acceptWithoutWindow connects the peer to a server and takes no data. That
// must be so from the handshake on: older kernels do not believe a window that
// closes without a new acknowledgement.
func (e *Env) acceptWithoutWindow() (*conversation, *packetpeer.Flow) {
	c := &conversation{env: e}
	c.server, c.listener = e.listen(1)
	flow := e.halfOpen(peerPort)
	c.serverAt, c.clientAt = flow.Remote, flow.Local
	flow.Window = 0
	e.must(flow.Send(event.ACK, nil))
	c.serverSock = c.listener.Accept()
	e.Stepf("client %s connects to server %s and keeps its window closed", c.clientAt, c.serverAt)
	return c, flow
}

// writeStuck makes the server write what cannot leave.
func (c *conversation) writeStuck(bytes int) {
	c.serverSock.Send(bytes)
	if c.serverSock.info().Unacked != 0 {
		c.env.Failf("data was sent although the window is closed")
	}
	c.env.Stepf("server writes %d bytes, which cannot leave", bytes)
}

// playUnsent ends a connection that is half closed on both sides and still has
// data to send.
func playUnsent(e *Env, state event.State, end func(*Socket)) {
	c, flow := e.acceptWithoutWindow()
	c.writeStuck(stuckBytes)
	fin := func() {
		e.send(flow, packetpeer.Segment{Flags: event.FIN | event.ACK, Seq: flow.Seq, Ack: flow.Ack})
		flow.Seq++
	}
	if state == event.StateClosing {
		c.serverSock.Shutdown(unix.SHUT_WR)
		fin()
	} else {
		fin()
		c.serverSock.AwaitState(event.StateCloseWait)
		c.serverSock.Shutdown(unix.SHUT_WR)
	}
	c.serverSock.AwaitState(state)
	e.Stepf("both shut down their sending side: the server is in %s", state)
	closed := e.Counter(serverEnd, "TCPAbortOnData")
	end(c.serverSock)
	e.awaitFrom(flow, event.RST)
	e.Stepf("server gives the connection up: its kernel sends a RST")

	sent := c.sentByServer(cause.DisconnectWithUnsentData, state)
	sent.Lost = &event.Lost{UnsentBytes: stuckBytes}
	if e.Counter(serverEnd, "TCPAbortOnData") == closed {
		sent.App = disconnected // not by close: the descriptor is still there
		c.serverSock.WantApp(disconnected)
	}
	e.Expect(sent)
}
