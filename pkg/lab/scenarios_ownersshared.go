package lab

import "github.com/rsttrace/rsttrace/pkg/event"

func sharedScenarios() []Scenario {
	return []Scenario{{
		Name:  "owner-forked",
		Title: "The server forks a child for the connection, and the child is killed.",
		Story: "The server accepts, forks, and closes its own copy of the descriptor: the connection belongs to the child. " +
			"kill -9 ends the child with data unread, so its kernel sends a RST. The server lives on and did nothing.",
		Causes:   unreadClose,
		Findings: []Diagnosis{{Pattern: "process-died", Accuses: "child", Must: true}},
		Families: oneFamily, Path: Veth, Run: playForked,
	}, {
		Name:  "owner-forked-shared",
		Title: "The server has forgotten to close its copy of a descriptor that its child inherited.",
		Story: "Both processes have the connection, and a RST from the client is about both: the younger is named, the other with it. " +
			"With another client the child is killed, and nothing happens, because the server still has the socket. " +
			"The server closes it an hour or a second later, and that sends the RST.",
		Causes:   unreadClose,
		Findings: append(unreadBy("server"), abortedBy("client")...),
		Families: oneFamily, Path: Veth, Run: playForkedShared,
	}, {
		Name:  "owner-passed",
		Title: "The server passes the connection to a worker over a Unix socket, and closes its own copy.",
		Story: "A dispatcher accepts and hands each connection to a worker (SCM_RIGHTS). " +
			"The worker closes with data unread; another connection is reset by its client. Both are the worker's.",
		Causes:   unreadClose,
		Findings: append(unreadBy("worker"), abortedBy("client-2")...),
		Families: oneFamily, Path: Veth, Run: playPassed,
	}, {
		Name:     "owner-passed-shared",
		Title:    "The server passes the connection to a worker, and keeps its own copy.",
		Story:    "After SCM_RIGHTS two file tables refer to one socket. A RST from the client is about both processes.",
		Causes:   clientAbort,
		Findings: abortedBy("client"),
		Families: oneFamily, Path: Veth, Run: playPassedShared,
	}, {
		Name:  "owner-exec",
		Title: "The server accepts and becomes another program, which closes.",
		Story: "A super-server accepts and calls exec: the pid stays, the program is another. " +
			"That one closes with data unread, and has its other connection reset by the client. It is called by the name that it has then.",
		Causes:   unreadClose,
		Findings: append(unreadBy("server"), abortedBy("client-2")...),
		Families: oneFamily, Path: Veth, Run: playExec,
	}}
}

// forkServer makes the server fork a child that has the connection, too. The
// child's end of the conversation is returned.
func (c *conversation) forkServer(name string) *conversation {
	child := *c
	actor, inherited := c.server.Spawn(name, c.serverSock)
	child.server, child.serverSock = actor, inherited[0]
	c.env.Stepf("server forks %s, which inherits the connection", name)
	return &child
}

func playForked(e *Env) {
	c := e.converse()
	child := c.forkServer("child")
	c.serverSock.Close()
	e.Stepf("server closes its copy of the descriptor")
	child.sendUnread()
	if status := c.server.KillChild(child.server); status.ExitCode != killStatus {
		e.Failf("killed child ended with status %s", status)
	}
	e.Stepf("child is killed with SIGKILL: its kernel closes for it and sends a RST")
	child.expectUnread(event.Ended{Signal: "SIGKILL"})
}

func playForkedShared(e *Env) {
	c := e.converse()
	child := c.forkServer("child-1")
	sent, received := child.abortByClient()
	e.letSearch()
	received.Others = names([]*Actor{c.server})
	e.ExpectRST(sent, received)

	again := e.reach("client-2")
	again.acceptBy(c.server, c.listener)
	child = again.forkServer("child-2")
	again.sendUnread()
	c.server.KillChild(child.server)
	again.clientSock.AwaitState(event.StateEstablished)
	e.Stepf("child-2 is killed with SIGKILL; nothing happens, because server has the connection, too")
	again.serverSock.Close()
	e.Stepf("server closes: its kernel sends a RST")
	again.expectUnread(event.Ended{})
}

// dispatch makes the server fork a worker to which it can pass connections.
// It returns the server's and the worker's end of the way.
func (e *Env) dispatch(server *Actor) (worker *Actor, out, in *Socket) {
	out, theirs := server.Pair()
	worker, inherited := server.Spawn("worker", theirs)
	theirs.Close()
	return worker, out, inherited[0]
}

// passTo passes the server's connection on, and the receiver's end of the
// conversation is returned.
func (c *conversation) passTo(worker *Actor, out, in *Socket) *conversation {
	passed := *c
	out.Pass(c.serverSock)
	passed.server, passed.serverSock = worker, in.Receive()
	c.env.Stepf("%s passes the connection to %s over a Unix socket", c.server.Name(), worker.Name())
	return &passed
}

func playPassed(e *Env) {
	c := e.converse()
	worker, out, in := e.dispatch(c.server)
	passed := c.passTo(worker, out, in)
	c.serverSock.Close()
	passed.sendUnread()
	passed.serverSock.Close()
	e.Stepf("worker closes: its kernel sends a RST")
	passed.expectUnread(event.Ended{})

	again := e.reach("client-2")
	again.acceptBy(c.server, c.listener)
	passed = again.passTo(worker, out, in)
	again.serverSock.Close()
	e.ExpectRST(passed.abortByClient())
}

func playPassedShared(e *Env) {
	c := e.converse()
	passed := c.passTo(e.dispatch(c.server))
	sent, received := passed.abortByClient()
	e.letSearch()
	received.Others = names([]*Actor{c.server})
	e.ExpectRST(sent, received)
}

func playExec(e *Env) {
	c := e.converse()
	again := e.reach("client-2")
	again.acceptBy(c.server, c.listener)
	c.sendUnread()
	c.server.Exec("program", c.serverSock, again.serverSock)
	e.Stepf("server becomes another program, %s", c.server.Comm())
	c.serverSock.Close()
	e.Stepf("the program closes: its kernel sends a RST")
	c.expectUnread(event.Ended{})
	e.ExpectRST(again.abortByClient())
}
