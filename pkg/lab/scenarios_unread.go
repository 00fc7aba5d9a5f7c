package lab

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	unreadBytes = 100
	exitCode    = 3
	killStatus  = 137
)

func unreadDataScenarios() []Scenario {
	unread := Scenario{
		Name:  "unread-data",
		Title: "The server closes although it has not read everything the client sent.",
		Story: "The client's data has arrived and was acknowledged, but the server closes without reading it. " +
			"A FIN would mean to the client that all is well, so the kernel sends a RST (RFC 2525, 2.17). " +
			"A server that answers a request before it has read all of it, and then closes, does exactly this to its clients.",
		Causes:   []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted},
		Findings: unreadByServer,
		Families: bothFamilies, Path: Veth, Run: playUnreadData,
	}
	loopback := unread
	loopback.Name = "unread-data-loopback"
	loopback.Title = "The server of a connection on its own machine closes although it has not read everything."
	loopback.Path = Loopback
	return []Scenario{unread, loopback, {
		Name:  "unread-data-killed",
		Title: "The server is killed with kill -9 while data waits to be read.",
		Story: "A killed process closes nothing itself: the kernel does, on the way out. " +
			"Because data was still unread, each such connection ends with a RST. " +
			"An out-of-memory kill looks the same to the clients.",
		Causes:   []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted},
		Findings: serverDied,
		Families: bothFamilies, Path: Veth, Run: playUnreadDataKilled,
	}, {
		Name:  "unread-data-exit",
		Title: "The server exits by itself while data waits to be read.",
		Story: "The server ends with exit status 3 and leaves the closing to the kernel. " +
			"Because data was still unread, the connection ends with a RST.",
		Causes:   []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted},
		Findings: serverDied,
		Families: bothFamilies, Path: Veth, Run: playUnreadDataExit,
	}}
}

// leaveUnread connects and lets data arrive that the server does not read.
func (e *Env) leaveUnread() *conversation {
	c := e.converse()
	c.sendUnread()
	return c
}

func (c *conversation) sendUnread() {
	c.clientSock.Send(unreadBytes)
	c.serverSock.AwaitUnread(unreadBytes)
	c.clientSock.AwaitAcknowledged()
	c.env.Stepf("%s sends %d bytes; they are acknowledged, but %s does not read them", c.client.Name(), unreadBytes, c.server.Name())
}

// expectUnread checks what the client sees and expects the events.
func (c *conversation) expectUnread(ended event.Ended) {
	sent, received := c.unreadRST()
	sent.Ended = ended
	c.env.ExpectRST(sent, received)
}

// unreadRST checks what the client sees and returns both events, the server's
// in a system call of its own.
func (c *conversation) unreadRST() (sent, received Expectation) {
	c.clientSock.WantApp(connReset)
	sent = c.sentByServer(cause.UnreadDataOnClose, event.StateEstablished)
	sent.Lost = &event.Lost{UnreadBytes: unreadBytes}
	return sent, c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset)
}

func playUnreadData(e *Env) {
	c := e.leaveUnread()
	c.serverSock.Close()
	e.Stepf("server closes: its kernel sends a RST")
	c.expectUnread(event.Ended{})
}

func playUnreadDataKilled(e *Env) {
	c := e.leaveUnread()
	if status := c.server.Kill(); status.ExitCode != killStatus {
		e.Failf("killed server ended with status %s", status)
	}
	e.Stepf("server is killed with SIGKILL: its kernel closes for it and sends a RST")
	c.expectUnread(event.Ended{Signal: "SIGKILL"})
}

func playUnreadDataExit(e *Env) {
	c := e.leaveUnread()
	if status := c.server.Exit(exitCode); status.ExitCode != exitCode {
		e.Failf("server ended with status %s", status)
	}
	e.Stepf("server exits with status %d: its kernel closes for it and sends a RST", exitCode)
	code := exitCode
	c.expectUnread(event.Ended{ExitCode: &code})
}
