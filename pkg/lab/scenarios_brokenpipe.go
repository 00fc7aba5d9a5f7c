package lab

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// sigpipeStatus is what a shell shows of a process that SIGPIPE killed.
const sigpipeStatus = 141

// messageBytes is the size of a write where its size does not matter.
const messageBytes = 6

func brokenPipeScenarios() []Scenario {
	brokenPipe := Scenario{
		Name:  "broken-pipe",
		Title: "A client keeps writing after the server has closed, until SIGPIPE kills it.",
		Story: "The server closes; the client's read gives 0, but its own direction still looks open, so its next write succeeds. " +
			"Nobody is left to take that data: the server's kernel answers with a RST. " +
			"Only the second write fails, with EPIPE, and SIGPIPE kills a process that has not prepared for it: a daemon gone without a word, exit status 141.",
		Causes:   []event.CauseID{cause.WroteAfterPeerClose, cause.DataAfterClose},
		Findings: diedOfSIGPIPE,
		Families: bothFamilies, Path: Veth, Run: playBrokenPipe,
	}
	loopback := brokenPipe
	loopback.Name = "broken-pipe-loopback"
	loopback.Title = "A client keeps writing after a server on its own machine has closed: they talk over the loopback device."
	loopback.Path = Loopback
	return []Scenario{brokenPipe, loopback}
}

func playBrokenPipe(e *Env) {
	c := e.converse()
	c.serverSock.Close()
	e.Stepf("server closes the connection: a FIN goes out")
	c.clientSock.WantRead(EOF)
	e.Stepf("client reads 0: the end of the stream")
	left := e.AwaitFinWait2(serverEnd, c.serverAt, c.clientAt)
	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("client writes %d bytes, and write succeeds; the server's kernel answers with a RST", messageBytes)
	c.clientSock.WantApp(brokenPipe)
	c.client.DieOfSIGPIPE()
	status := c.clientSock.WriteToDeath(messageBytes)
	if status.ExitCode != sigpipeStatus || status.Signal != "SIGPIPE" {
		e.Failf("client ended with status %s, not %d (SIGPIPE)", status, sigpipeStatus)
	}
	e.Stepf("client writes without having prepared for SIGPIPE: it is killed, exit status %d", sigpipeStatus)

	c.expectRefusedData(left, event.StateFinWait2)
}

// expectRefusedData expects what follows when the client's message meets a
// closed connection: socket is what is left of it, before its state.
func (c *conversation) expectRefusedData(socket event.SockKind, before ...event.State) {
	sent := c.repliedByServer(cause.DataAfterClose, before[0])
	sent.Socket, sent.States = socket, before
	received := c.receivedByClient(cause.WroteAfterPeerClose, event.StateCloseWait, brokenPipe)
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	c.env.ExpectRST(sent, received)
}
