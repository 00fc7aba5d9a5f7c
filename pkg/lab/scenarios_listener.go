package lab

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func listenerScenarios() []Scenario {
	return []Scenario{{
		Name:  "listener-closed",
		Title: "The server closes its listening socket while two clients wait to be accepted.",
		Story: "For the two clients connect has succeeded: their kernel and the server's have shaken hands. " +
			"The server never calls accept and closes the listening socket, as a restart without draining does. " +
			"Each queued connection gets a RST, and the clients see ECONNRESET on a connection that looked fine.",
		Causes:   []event.CauseID{cause.ListenerClosed, cause.PeerAborted},
		Findings: closedQueue,
		Families: bothFamilies, Path: Veth,
		Run: func(e *Env) {
			playListener(e, "closes", func(listener *Socket) { listener.Close() })
		},
	}, {
		Name:  "listener-shutdown",
		Title: "The server shuts its listening socket down while two clients wait to be accepted.",
		Story: "shutdown on a listening socket stops listening, and the descriptor stays open. " +
			"To the connections in its queue it does what close does: each gets a RST.",
		Causes:   []event.CauseID{cause.ListenerClosed, cause.PeerAborted},
		Findings: closedQueue,
		Families: bothFamilies, Path: Veth,
		Run: func(e *Env) {
			playListener(e, "shuts down", func(listener *Socket) { listener.Shutdown(unix.SHUT_RD) })
		},
	}}
}

func playListener(e *Env, verb string, end func(*Socket)) {
	_, listener, waiting := e.leaveInQueue()
	end(listener)
	e.Stepf("server %s the listening socket: its kernel sends a RST to each client in the queue", verb)
	for i, c := range waiting {
		c.expectQueueReset(len(waiting) - i)
	}
}

// queueLimit is the backlog of a listener whose clients wait in vain.
const queueLimit = 8

// leaveInQueue lets two clients connect to a server that does not accept.
func (e *Env) leaveInQueue() (server *Actor, listener *Socket, waiting []*conversation) {
	server = e.Actor("server", serverEnd)
	at := netip.AddrPortFrom(e.address(serverEnd), serverPort)
	listener = server.Listen(at, queueLimit)
	for _, name := range []string{"client-1", "client-2"} {
		c := e.reach(name)
		c.server = server
		c.connect()
		waiting = append(waiting, c)
		e.Stepf("%s %s connects; server does not accept", name, c.clientAt)
	}
	listener.AwaitQueue(len(waiting))
	return server, listener, waiting
}

// expectQueueReset checks what a client in the queue sees, expects both events
// and returns the sent one. So many still waited, this client with them.
func (c *conversation) expectQueueReset(waiting int) *Expectation {
	c.clientSock.WantApp(connReset)
	sent := c.sentByServer(cause.ListenerClosed, event.StateEstablished)
	sent.Sources = fromListener
	sent.Listener = event.Listener{Known: true, Backlog: queueLimit, Used: uint32(waiting)}
	c.env.ExpectRST(sent, c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
	return &c.env.expect[len(c.env.expect)-2]
}
