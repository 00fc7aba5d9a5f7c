package lab

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// ownerScenarios are about whose socket it is where several processes have to do
// with it. What happens on the wire does not depend on that: one family is
// enough.
func ownerScenarios() []Scenario {
	return slices.Concat(
		workerScenarios(),
		sharedScenarios(),
		threadScenarios(),
		messageScenarios(),
		ringScenarios(),
		busyScenarios(),
	)
}

var oneFamily = []event.Family{event.IPv4}

var (
	unreadClose = []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted}
	clientAbort = []event.CauseID{cause.PeerAborted, cause.LingerZero}
)

// sentByClient expects the client's kernel to abort the connection in a system
// call of the client.
func (c *conversation) sentByClient(cause event.CauseID) Expectation {
	return Expectation{
		Namespace: c.env.namespace(clientEnd).Name(),
		Dir:       event.Sent, Cause: cause, Local: c.clientAt, Peer: c.serverAt,
		Hook: event.HookSendActive, Socket: event.SockFull, States: []event.State{event.StateEstablished},
		Owner: c.client.Name(), Sources: inOwnCall, Lost: &event.Lost{},
		Flags: event.RST | event.ACK, AbortShape: true, OnWire: true,
	}
}

// abortByClient has the client end the connection with SO_LINGER {1,0}, and
// returns both events.
func (c *conversation) abortByClient() (sent, received Expectation) {
	c.clientSock.LingerZero()
	c.clientSock.Close()
	c.env.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	c.env.Stepf("%s closes with SO_LINGER {1,0}: a RST ends the server's connection", c.client.Name())
	sent = c.sentByClient(cause.LingerZero)
	received = c.receivedByServer(cause.PeerAborted, event.StateEstablished, connReset)
	received.Sources = []event.OwnerSource{event.FromSocket}
	return sent, received
}

// letSearch leaves everything as it is until who looks for the holders of a
// socket has found them, or given up.
func (e *Env) letSearch() {
	const beyondPatience = time.Second
	time.Sleep(beyondPatience)
}

// ownedByNobody: no process has the socket.
func (x *Expectation) ownedByNobody() { x.Owner, x.Sources = "", nil }

func names(actors []*Actor) (names []string) {
	for _, a := range actors {
		names = append(names, a.Name())
	}
	return names
}
