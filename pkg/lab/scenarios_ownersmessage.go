package lab

import (
	"os"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func messageScenarios() []Scenario {
	return []Scenario{{
		Name:  "owner-in-message",
		Title: "A connection is reset while it is on its way from one process to another.",
		Story: "The server passes the connection to a worker and closes its own copy. The worker has not read the message yet: " +
			"the socket is in nobody's file table. A RST that comes now has no owner, and none is invented.",
		Causes:   clientAbort,
		Findings: abortedBy("client"),
		Families: oneFamily, Path: Veth, Run: playInMessage,
	}, {
		Name:  "owner-in-message-discarded",
		Title: "A worker throws away the message in which a connection was passed to it.",
		Story: "The server has passed the connection on and closed its own copy. " +
			"The worker closes the Unix socket without having read the message: its kernel closes what was in it, and sends a RST. " +
			"It was the worker's doing, not the server's.",
		Causes:   unreadClose,
		Findings: unreadBy("worker"),
		Families: oneFamily, Path: Veth, Run: playMessageDiscarded,
	}, {
		Name:  "owner-garbage",
		Title: "The last reference to a connection is in a message that can never be read.",
		Story: "A process sends a connection over a Unix socket, and in the same message the very end that would receive it. " +
			"When it has closed all of them, nobody can ever read that message. " +
			"The kernel's garbage collector finds out and closes the connection, today in a worker thread that belongs to nobody.",
		Causes:   unreadClose,
		Findings: unreadByServer,
		Families: oneFamily, Path: Veth, Run: playGarbage,
	}}
}

// leaveInMessage leaves the last reference to the server's connection in a
// message that its worker has not read.
func (e *Env) leaveInMessage() (c *conversation, worker *Actor, in *Socket) {
	c = e.converse()
	worker, out, in := e.dispatch(c.server)
	out.Pass(c.serverSock)
	c.sendUnread()
	c.serverSock.Close()
	e.Stepf("server passes the connection to worker and closes its copy; worker does not read the message")
	return c, worker, in
}

func playInMessage(e *Env) {
	c, _, in := e.leaveInMessage()
	sent, received := c.abortByClient()
	received.ownedByNobody()
	received.Lost = &event.Lost{} // who gets the connection can read what came before
	received.App = withData(connReset)
	e.ExpectRST(sent, received)
	e.letSearch()
	taken := in.Receive()
	e.Stepf("worker takes the connection, too late")
	taken.WantAppAfter(unreadBytes, connReset)
}

func playMessageDiscarded(e *Env) {
	c, worker, in := e.leaveInMessage()
	in.Close()
	e.Stepf("worker closes the Unix socket: its kernel sends a RST")
	c.server = worker
	c.expectUnread(event.Ended{})
}

func playGarbage(e *Env) {
	c := e.leaveUnread()
	in, out := c.server.Pair()
	out.Pass(in, c.serverSock)
	c.serverSock.Close()
	in.Close()
	e.Stepf("server sends the connection, and the Unix socket that would receive it, to that very socket, and closes both")
	out.Close()
	e.Stepf("server closes the last Unix socket that leads there: the garbage collector closes the connection, and a RST goes out")
	sent, received := c.unreadRST()
	if e.collectsInWorker() {
		sent.ownedByNobody()
	} else {
		e.KernelDeviates("the garbage collector runs in the process that closes a Unix socket, here the server")
	}
	e.ExpectRST(sent, received)
}

// collectsInWorker tells kernels whose Unix garbage collector is a worker's work
// from those where whoever closes a Unix socket has to do it.
func (e *Env) collectsInWorker() bool {
	symbols, err := os.ReadFile("/proc/kallsyms")
	e.must(err)
	return strings.Contains(string(symbols), " __unix_gc\n") || strings.Contains(string(symbols), " unix_schedule_gc\n")
}
