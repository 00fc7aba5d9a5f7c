package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func linger2Scenarios() []Scenario {
	causes := []event.CauseID{cause.Linger2Negative, cause.ResetAfterPeerClose}
	return []Scenario{{
		Name:  "linger2-negative",
		Title: "The server closes with TCP_LINGER2 below zero: no FIN_WAIT2 for this socket.",
		Story: "TCP_LINGER2 says how long the kernel may keep a closed connection that waits for the peer's FIN. " +
			"Below zero it means: not at all. As soon as the client acknowledges the server's FIN, it gets a RST for it. " +
			"The kernel counts that as data after close, although no data came.",
		Causes: causes, Families: bothFamilies, Path: Veth, Run: playLinger2Close,
	}, {
		Name:  "linger2-negative-in-fin-wait2",
		Title: "The server closes with TCP_LINGER2 below zero when its FIN was acknowledged before.",
		Story: "The server has shut down its sending side and waits in FIN_WAIT2; then it closes. " +
			"With TCP_LINGER2 below zero the kernel ends the connection in close itself, with a RST.",
		Causes: causes, Families: bothFamilies, Path: Veth, Run: playLinger2FinWait2,
	}}
}

func playLinger2Close(e *Env) {
	c := e.converse()
	c.serverSock.NoFinWait2()
	c.serverSock.Close()
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("server sets TCP_LINGER2 to -1 and closes; the client's ACK of the FIN draws a RST")
	c.finishLinger2()

	sent := c.repliedByServer(cause.Linger2Negative, event.StateFinWait1)
	// The acknowledgement is taken first: for a moment the state is FIN_WAIT2.
	sent.States = append(sent.States, event.StateFinWait2)
	e.ExpectRST(sent, c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}

func playLinger2FinWait2(e *Env) {
	c := e.converse()
	c.serverSock.NoFinWait2()
	c.serverSock.Shutdown(unix.SHUT_WR)
	c.clientSock.WantRead(EOF)
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server sets TCP_LINGER2 to -1 and shuts down its sending side; client reads 0")
	c.serverSock.Close()
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("server closes: its kernel sends a RST")
	c.finishLinger2()

	e.ExpectRST(
		c.sentByServer(cause.Linger2Negative, event.StateFinWait2),
		c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}

func (c *conversation) finishLinger2() {
	c.clientSock.WantApp(brokenPipe)
}
