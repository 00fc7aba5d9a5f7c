package lab

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// diagModules make SOCK_DESTROY possible.
var diagModules = []string{"inet_diag", "tcp_diag"}

func destroyedScenarios() []Scenario {
	loads := missesModule(diagModules...)
	return []Scenario{{
		Name:  "socket-destroyed",
		Title: "An administrator destroys the server's connection with what `ss -K` does.",
		Story: "A third process asks the kernel to destroy a socket that is not its own. " +
			"The kernel aborts the connection with a RST; the server's next call gives ECONNABORTED, the client's ECONNRESET. " +
			"Neither of them did anything: the process to ask is the destroyer.",
		Causes:   []event.CauseID{cause.SocketDestroyed, cause.PeerAborted},
		Findings: destroyed,
		Families: bothFamilies, Path: Veth, HostChanges: loads, Run: playDestroyed,
	}, {
		Name:  "socket-destroyed-orphan",
		Title: "A connection is destroyed that its application has closed already.",
		Story: "The server has closed; the kernel keeps the socket until the client has closed as well. " +
			"Destroying it makes today's kernels send a RST. Older ones leave such a socket alone and say that all went well.",
		Causes:   []event.CauseID{cause.SocketDestroyed, cause.ResetAfterPeerClose},
		Findings: destroyed,
		Families: bothFamilies, Path: Veth, HostChanges: loads, Run: playDestroyedOrphan,
	}, {
		Name:  "listener-destroyed",
		Title: "A listening socket is destroyed while two clients wait to be accepted.",
		Story: "`ss -K` on a listener ends it like a close by its owner. " +
			"The connections in its queue, complete for their clients, get a RST each. " +
			"They end because their listener did, and the destroyer is who brought it about.",
		Causes:   []event.CauseID{cause.ListenerClosed, cause.PeerAborted},
		Findings: destroyed,
		Families: bothFamilies, Path: Veth, HostChanges: loads, Run: playListenerDestroyed,
	}}
}

// destroy starts a process that destroys a socket of another one.
func (e *Env) destroy(end string, local, peer event.Endpoint) *Actor {
	destroyer := e.Actor("destroyer", end)
	result := destroyer.Destroy(local, peer)
	if result.Errno == "ENOENT" {
		// The socket is there: the scenario has just used it.
		e.fail(unavailable("SOCK_DESTROY", "kernel module tcp_diag is missing"))
	}
	if result.Errno != "" {
		e.Failf("SOCK_DESTROY of %s: %s", local, result.Errno)
	}
	return destroyer
}

func playDestroyed(e *Env) {
	c := e.converse()
	destroyer := e.destroy(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("%s destroys the server's socket: the kernel sends a RST", destroyer.Name())
	c.serverSock.WantApp(connAborted)
	c.clientSock.WantApp(connReset)

	sent := c.destroyedBy(destroyer, event.StateEstablished)
	sent.App = connAborted
	e.ExpectRST(sent, c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
}

// destroyedBy expects the server's kernel to abort the connection for somebody
// else, who destroys its socket.
func (c *conversation) destroyedBy(destroyer *Actor, before event.State) Expectation {
	sent := c.sentByServer(cause.SocketDestroyed, before)
	sent.Initiator = destroyer.Name()
	sent.Sources = []event.OwnerSource{event.FromSocket, event.FromListener, event.FromCloser}
	return sent
}

func playDestroyedOrphan(e *Env) {
	e.keepOrphans(serverEnd)
	c := e.converse()
	c.serverSock.Close()
	c.clientSock.WantRead(EOF)
	e.AwaitOrphan(serverEnd, c.serverAt, c.clientAt, event.StateFinWait2)
	e.Stepf("server closes; its kernel keeps the socket as an orphan; client reads 0")
	destroyer := e.destroy(serverEnd, c.serverAt, c.clientAt)
	if _, alive := e.lookUp(serverEnd, c.serverAt, c.clientAt); alive {
		e.KernelDeviates("the destroyed orphan is still there")
		return
	}
	e.Stepf("%s destroys the orphan: the kernel sends a RST", destroyer.Name())
	c.clientSock.WantApp(brokenPipe)

	sent := c.destroyedBy(destroyer, event.StateFinWait2)
	sent.Sources = closedByServer
	e.ExpectRST(sent, c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}

func playListenerDestroyed(e *Env) {
	server, listener, waiting := e.leaveInQueue()
	at := waiting[0].serverAt
	destroyer := e.destroy(serverEnd, at, event.Endpoint{Addr: netip.Addr{}})
	e.Stepf("%s destroys the listening socket of %s: its kernel sends a RST to each client in the queue", destroyer.Name(), server.Name())
	listener.wantListenerAborted()
	for i, c := range waiting {
		sent := c.expectQueueReset(len(waiting) - i)
		sent.Initiator, sent.Sources, sent.App = destroyer.Name(), listening, listenerAborted
	}
}
