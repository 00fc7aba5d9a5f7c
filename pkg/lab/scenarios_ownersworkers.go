package lab

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func workerScenarios() []Scenario {
	return []Scenario{{
		Name:  "owner-prefork",
		Title: "A master has a listener and its workers accept: the worker is the owner.",
		Story: "The master listens and forks three workers, which inherit the listening socket, as pre-forking servers do. " +
			"One worker accepts a connection and closes it with data unread, another has its connection reset by the client. " +
			"The master has nothing to do with either.",
		Causes:   unreadClose,
		Findings: append(unreadBy("worker-2"), abortedBy("client-2")...),
		Families: oneFamily, Path: Veth, Run: playPrefork,
	}, {
		Name:  "owner-prefork-queue",
		Title: "A connection is reset that no worker has accepted yet.",
		Story: "The master and three workers share a listener, and the client gives up before one of them accepts. " +
			"Any of them might have: the youngest is named, and the others with it.",
		Causes:   clientAbort,
		Findings: abortedBy("client"),
		Families: oneFamily, Path: Veth, Run: playPreforkQueue,
	}, {
		Name:  "owner-reuseport",
		Title: "Three processes listen on one port with SO_REUSEPORT: the one that accepted is the owner.",
		Story: "Each worker has a listening socket of its own, and the kernel deals out the connections. " +
			"The worker that got this one closes it with data unread.",
		Causes:   unreadClose,
		Findings: unreadBy("worker-1", "worker-2", "worker-3"),
		Families: oneFamily, Path: Veth, Run: playReusePort,
	}, {
		Name:  "owner-reuseport-killed",
		Title: "A worker of a SO_REUSEPORT group is killed with a connection in its accept queue.",
		Story: "The kernel has dealt the connection out to a worker that never accepts it. " +
			"kill -9 ends the worker and its listener, and the connection that waited there gets a RST, " +
			"although the other workers of the group go on listening.",
		Causes: []event.CauseID{cause.ListenerClosed, cause.PeerAborted},
		Findings: []Diagnosis{
			{Pattern: "process-died", Accuses: "worker-1"}, {Pattern: "process-died", Accuses: "worker-2"}, {Pattern: "process-died", Accuses: "worker-3"},
		},
		Families: oneFamily, Path: Veth, Run: playReusePortKilled,
	}, {
		Name:  "owner-reuseport-queue",
		Title: "The client gives up a connection that waits in the accept queue of one of three listeners.",
		Story: "The address does not show at which listener of the group the connection waits, and no descriptor refers to it yet. " +
			"Rather than one in three, nobody is named.",
		Causes:   clientAbort,
		Findings: abortedBy("client"),
		Families: oneFamily, Path: Veth, Run: playReusePortQueue,
	}, {
		Name:  "owner-reuseport-handshake",
		Title: "The client breaks off a handshake with one of three listeners.",
		Story: "A handshake under way knows the listener that it was dealt out to. " +
			"A RST ends it; a second handshake from the same port is dealt out to the same worker, which shows whose the first one was.",
		Causes:   []event.CauseID{cause.HandshakeAborted},
		Families: oneFamily, Path: Packets, Run: playReusePortHandshake,
	}}
}

const workerCount = 3

// prefork starts a master and its workers, who share a listener.
func (e *Env) prefork() (master *Actor, workers []*Actor, listeners []*Socket) {
	master = e.Actor("master", serverEnd)
	listener := master.Listen(event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}.AddrPort(), workerCount)
	for i := range workerCount {
		worker, inherited := master.Spawn(fmt.Sprintf("worker-%d", i+1), listener)
		workers, listeners = append(workers, worker), append(listeners, inherited[0])
	}
	e.Stepf("master listens and forks %d workers", workerCount)
	return master, workers, listeners
}

func playPrefork(e *Env) {
	_, workers, listeners := e.prefork()
	c := e.reach("client-1")
	c.acceptBy(workers[1], listeners[1])
	c.sendUnread()
	c.serverSock.Close()
	e.Stepf("%s closes: its kernel sends a RST", c.server.Name())
	c.expectUnread(event.Ended{})

	c = e.reach("client-2")
	c.acceptBy(workers[0], listeners[0])
	e.ExpectRST(c.abortByClient())
}

func playPreforkQueue(e *Env) {
	master, workers, listeners := e.prefork()
	c := e.reach("client")
	c.server = workers[2]
	c.connect()
	listeners[2].AwaitQueue(1)
	e.Stepf("client %s connects; nobody accepts", c.clientAt)
	sent, received := c.abortByClient()
	e.letSearch()
	received.Sources, received.App = fromQueue, inQueue(connReset)
	received.Others = names([]*Actor{master, workers[0], workers[1]})
	received.Listener = event.Listener{Known: true, Backlog: workerCount, Used: 1}
	e.ExpectRST(sent, received)
}

// fromQueue: the connection waits to be accepted.
var fromQueue = []event.OwnerSource{event.FromListener}

// reusePort starts workers that listen on one port, each with a socket of its
// own.
func (e *Env) reusePort() (workers []*Actor, listeners []*Socket) {
	at := event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}
	for i := range workerCount {
		worker := e.Actor(fmt.Sprintf("worker-%d", i+1), serverEnd)
		listener := worker.Socket()
		listener.ReusePort()
		listener.Bind(at.AddrPort())
		listener.listen(1)
		workers, listeners = append(workers, worker), append(listeners, listener)
	}
	e.Stepf("%d workers listen on one port with SO_REUSEPORT", workerCount)
	return workers, listeners
}

// chosen waits until a connection is in the queue of a worker.
func (e *Env) chosen(workers []*Actor, listeners []*Socket) (worker *Actor, listener *Socket) {
	e.Await("a worker has the connection", func() bool {
		for i := range listeners {
			if listeners[i].info().Unacked == 1 {
				worker, listener = workers[i], listeners[i]
			}
		}
		return worker != nil
	})
	return worker, listener
}

// dealOut connects, and finds the worker in whose queue the connection is.
func (c *conversation) dealOut(workers []*Actor, listeners []*Socket) {
	c.connect()
	c.server, c.listener = c.env.chosen(workers, listeners)
	c.env.Stepf("client %s connects; the kernel chooses %s", c.clientAt, c.server.Name())
}

func playReusePortHandshake(e *Env) {
	workers, listeners := e.reusePort()
	flow := e.halfOpen(peerPort)
	e.sendRST(flow, event.RST, 0)
	e.AwaitGone(serverEnd, flow.Remote, flow.Local)
	e.Stepf("the handshake is over")
	e.dial(peerPort)
	worker, listener := e.chosen(workers, listeners)
	listener.Accept()
	e.Stepf("the next one from the same port is dealt out to %s, as the first was", worker.Name())
	e.Expect(e.atRequest(flow, worker, event.Received, cause.HandshakeAborted, event.RST))
}

func playReusePort(e *Env) {
	c := e.reach("client")
	c.dealOut(e.reusePort())
	c.serverSock = c.listener.Accept()
	c.sendUnread()
	c.serverSock.Close()
	e.Stepf("%s closes: its kernel sends a RST", c.server.Name())
	c.expectUnread(event.Ended{})
}

func playReusePortKilled(e *Env) {
	c := e.reach("client")
	c.dealOut(e.reusePort())
	if status := c.server.Kill(); status.ExitCode != killStatus {
		e.Failf("killed worker ended with status %s", status)
	}
	e.Stepf("%s is killed with SIGKILL: its kernel sends a RST to the connection in its queue", c.server.Name())
	sent := c.expectQueueReset(1)
	sent.Listener = event.Listener{} // which of them it was is not known
	sent.Sources, sent.Ended = inOwnCall, event.Ended{Signal: "SIGKILL"}
}

func playReusePortQueue(e *Env) {
	c := e.reach("client")
	c.dealOut(e.reusePort())
	sent, received := c.abortByClient()
	received.ownedByNobody()
	received.App = inQueue(connReset)
	e.ExpectRST(sent, received)
}
