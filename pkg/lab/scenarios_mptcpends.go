package lab

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// playMPTCPListener lets a listener end over a connection that nobody accepted.
func playMPTCPListener(e *Env) {
	c := e.connectMPTCP()
	e.Await("the connection is queued", func() bool {
		entry, ok := e.lookUp(serverEnd, c.serverAt, c.clientAt)
		return ok && entry.state == event.StateEstablished
	})
	before := e.Counter(serverEnd, "TcpOutRsts")
	c.listener.Close()
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	resets := e.Counter(serverEnd, "TcpOutRsts") - before
	e.Stepf("server closes the listening socket: its kernel sends %d RSTs", resets)
	c.clientSock.WantRead(Result{Errno: "ECONNRESET"})
	e.Stepf("client reads: ECONNRESET")

	// As in expectFastClose: what the application gets cannot be told from here.
	received := c.receivedByClient(cause.PeerAborted, event.StateEstablished, nobody)
	received.Lost = nil
	byTCP := c.sentByServer(cause.ListenerClosed, event.StateEstablished)
	byTCP.Sources, byTCP.Lost = fromListener, nil
	if resets == 1 {
		e.KernelDeviates("one RST is sent, by TCP")
		e.ExpectRST(byTCP, received)
		return
	}
	byMPTCP := c.sentByServer(cause.MPTCPClose, event.StateEstablished)
	byMPTCP.Sources, byMPTCP.Lost = fromListener, nil
	e.ExpectRST(byMPTCP, received)
	missed := Expectation{
		Namespace: received.Namespace,
		Dir:       event.Ignored, Cause: cause.RSTNoConnection, Local: c.clientAt, Peer: c.serverAt,
		Hook: event.HookIgnore, Socket: event.SockNone, SeenAt: AtReply, OnWire: true,
	}
	e.ExpectRST(byTCP, missed)
	e.CountedSilently(serverEnd, "TcpEstabResets", -1, "two RSTs are sent for one connection")
}

// playSubflowDestroyed destroys the TCP socket under an MPTCP connection.
func playSubflowDestroyed(e *Env) {
	c := e.converseMPTCP()
	destroyer := e.destroy(serverEnd, c.serverAt, c.clientAt)
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("%s destroys the server's subflow: the kernel sends a RST", destroyer.Name())
	for _, sock := range []*Socket{c.serverSock, c.clientSock} {
		sock.Nonblocking()
		sock.WantRead(Result{Errno: "EAGAIN"})
	}
	e.Stepf("neither server nor client gets an error: their connection might find another subflow")

	sent := c.destroyedBy(destroyer, event.StateEstablished)
	received := c.receivedByClient(cause.PeerAborted, event.StateEstablished, nobody)
	sent.Lost, received.Lost = nil, nil
	e.ExpectRST(sent, received)
}

func playMPTCPRefused(e *Env) {
	e.switchMPTCPOn(clientEnd)
	c := e.reach("client")
	c.clientSock = c.client.mptcpSocket()
	c.clientSock.Bind(netip.AddrPortFrom(e.address(clientEnd), 0)) // a refused connect forgets the port
	c.clientAt = c.clientSock.Local()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{Errno: "ECONNREFUSED"})
	e.Stepf("client %s connects to %s by MPTCP: ECONNREFUSED", c.clientAt, c.serverAt)

	e.ExpectRST(Expectation{
		Namespace: e.namespace(serverEnd).Name(),
		Dir:       event.Sent, Cause: cause.ClosedPort, Local: c.serverAt, Peer: c.clientAt,
		Hook: event.HookSendReply, Socket: event.SockNone,
		Flags: event.RST | event.ACK, OnWire: true,
	}, c.receivedByClient(cause.Refused, event.StateSynSent, event.App{Errno: "ECONNREFUSED"}))
}

func playFallenBack(e *Env) {
	e.switchMPTCPOn(clientEnd)
	c := e.reach("client")
	c.server = e.Actor("server", serverEnd)
	c.listener = c.server.Listen(c.serverAt.AddrPort(), 1)
	c.clientSock = c.client.mptcpSocket()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{})
	c.clientAt = c.clientSock.Local()
	c.serverSock = c.listener.Accept()
	e.Stepf("client %s connects by MPTCP to server %s, which speaks TCP", c.clientAt, c.serverAt)
	c.serverSock.LingerZero()
	c.serverSock.Close()
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	c.clientSock.WantRead(Result{Errno: "ECONNRESET"})
	e.Stepf("server closes with SO_LINGER {1,0}; client reads: ECONNRESET")

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateEstablished),
		c.receivedByClient(cause.PeerAborted, event.StateEstablished, nobody))
}
