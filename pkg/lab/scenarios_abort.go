package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func abortScenarios() []Scenario {
	lingerZero := Scenario{
		Name:  "linger-zero",
		Title: "The server throws the connection away: close with SO_LINGER {1,0}.",
		Story: "With SO_LINGER on and a time of zero, close does not end the conversation, it aborts it: a RST instead of a FIN. " +
			"Health checks and some proxies do so on purpose. The client's next read gives ECONNRESET.",
		Causes:   []event.CauseID{cause.LingerZero, cause.PeerAborted},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth,
		Run: func(e *Env) { playLingerZero(e, "") },
	}
	loopback := lingerZero
	loopback.Name = "linger-zero-loopback"
	loopback.Title = "The server throws a connection of its own machine away. The kernel handles the client's side while the server runs."
	loopback.Path = Loopback

	plain := lingerZero
	plain.Name = "linger-zero-no-timestamps"
	plain.Title = "The server throws the connection away, without TCP timestamps. Only the packet itself shows what the peer did."
	plain.Run = func(e *Env) {
		e.noTimestamps()
		playLingerZero(e, cause.ResetByPeer)
	}
	return []Scenario{lingerZero, loopback, plain, {
		Name:  "linger-zero-close-wait",
		Title: "The server aborts after the client has said that it will send no more.",
		Story: "The client has shut down its sending side and waits for the rest of the answer. " +
			"The server has read everything, then closes with SO_LINGER {1,0}. " +
			"The RST meets a client that is closing already, but still has the socket open: its read gives ECONNRESET.",
		Causes:   []event.CauseID{cause.LingerZero, cause.ResetWhileClosing},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playLingerZeroCloseWait,
	}, {
		Name:  "reset-after-peer-close",
		Title: "The server first ends its side in order, then aborts.",
		Story: "The server shuts down its sending side: the client has read to the end and has nothing under way. " +
			"Then the server aborts the rest of the connection. " +
			"The client's read goes on to give 0, as if nothing had happened; only a write shows EPIPE.",
		Causes:   []event.CauseID{cause.ResetAfterPeerClose, cause.LingerZero},
		Findings: abortedByServer,
		Families: bothFamilies, Path: Veth, Run: playResetAfterPeerClose,
	}}
}

func (c *conversation) abortByServer() {
	c.serverSock.LingerZero()
	c.serverSock.Close()
	c.env.Stepf("server closes with SO_LINGER {1,0}: its kernel sends a RST instead of a FIN")
	c.clientSock.AwaitState(event.StateClose)
}

// noTimestamps makes the client not offer TCP timestamps. The setting rules TCP
// over IPv6 too.
func (e *Env) noTimestamps() { e.Sysctl(clientEnd, "ipv4/tcp_timestamps", "0") }

func playLingerZero(e *Env, withoutPacket event.CauseID) {
	c := e.converse()
	c.abortByServer()
	c.clientSock.WantApp(connReset)

	received := c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset)
	received.WithoutPacket = withoutPacket
	e.ExpectRST(c.sentByServer(cause.LingerZero, event.StateEstablished), received)
}

func playLingerZeroCloseWait(e *Env) {
	c := e.converse()
	c.clientSock.Shutdown(unix.SHUT_WR)
	c.serverSock.WantRead(EOF)
	c.clientSock.AwaitState(event.StateFinWait2)
	e.Stepf("client shuts down its sending side; server reads 0")
	c.abortByServer()
	c.clientSock.WantApp(connReset)

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateCloseWait),
		c.receivedByClient(cause.ResetWhileClosing, event.StateFinWait2, connReset))
}

func playResetAfterPeerClose(e *Env) {
	c := e.converse()
	c.serverSock.Shutdown(unix.SHUT_WR)
	c.clientSock.WantRead(EOF)
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server shuts down its sending side; client reads 0")
	c.abortByServer()
	c.clientSock.WantApp(brokenPipe)

	e.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateFinWait2),
		c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}
