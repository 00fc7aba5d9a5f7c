package lab

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const serverPort = 8080

// conversation is an established connection between two actors.
type conversation struct {
	env                    *Env
	client, server         *Actor
	listener               *Socket
	clientSock, serverSock *Socket
	clientAt, serverAt     event.Endpoint
	endedBy                int // Pair of the event that ended the server's side; 0: none did
}

// converse connects a client and a server.
func (e *Env) converse() *conversation {
	server := e.Actor("server", serverEnd)
	c := e.reach("client")
	c.acceptBy(server, server.Listen(c.serverAt.AddrPort(), 1))
	return c
}

// reach starts a client that is going to connect to the server's address.
func (e *Env) reach(client string) *conversation {
	return &conversation{
		env: e, client: e.Actor(client, clientEnd),
		serverAt: event.Endpoint{Addr: e.address(serverEnd), Port: serverPort},
	}
}

// acceptBy connects the client to a listener, and a server accepts.
func (c *conversation) acceptBy(server *Actor, listener *Socket) {
	c.connect()
	c.server, c.listener, c.serverSock = server, listener, listener.Accept()
	c.env.Stepf("%s %s connects to %s %s", c.client.Name(), c.clientAt, server.Name(), c.serverAt)
}

// connect completes the client's side.
func (c *conversation) connect() {
	c.clientSock = c.client.Socket()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{})
	c.clientAt = c.clientSock.Local()
}

// Sources that are right for an owner.
var (
	// inOwnCall: the reset happens in the owner's own system call or exit.
	inOwnCall = []event.OwnerSource{event.FromCurrent}
	// openSocket: a packet came for a socket that a process has open. It may
	// be handled in that process's own call, when the socket was busy.
	openSocket = []event.OwnerSource{event.FromSocket, event.FromCurrent}
	// acceptedSocket is the same on the listening side.
	acceptedSocket = []event.OwnerSource{event.FromSocket, event.FromCloser, event.FromListener, event.FromCurrent}
	// closedByServer and closedByClient: no descriptor is left. That the same
	// process listened or connected is true as well.
	closedByServer = []event.OwnerSource{event.FromCloser, event.FromListener, event.FromCurrent}
	closedByClient = []event.OwnerSource{event.FromCloser}
	// fromListener: the child of a listener that its owner ended.
	fromListener = []event.OwnerSource{event.FromCurrent, event.FromListener, event.FromCloser}
)

// sentByServer expects the server's kernel to abort the connection in a system
// call of the server.
func (c *conversation) sentByServer(cause event.CauseID, before event.State) Expectation {
	return Expectation{
		Namespace: c.env.namespace(serverEnd).Name(),
		Dir:       event.Sent, Cause: cause, Local: c.serverAt, Peer: c.clientAt,
		Hook: event.HookSendActive, Socket: event.SockFull, States: []event.State{before},
		Owner: c.server.Name(), Sources: inOwnCall, Lost: &event.Lost{},
		Flags: event.RST | event.ACK, AbortShape: true, OnWire: true,
	}
}

// repliedByServer expects the server's kernel to refuse a segment that
// acknowledged something.
func (c *conversation) repliedByServer(cause event.CauseID, before event.State) Expectation {
	x := c.sentByServer(cause, before)
	x.Hook, x.Flags, x.AbortShape = event.HookSendReply, event.RST, false
	x.Sources = closedByServer
	return x
}

// receivedByClient expects the RST to end the client's connection.
func (c *conversation) receivedByClient(cause event.CauseID, before event.State, app event.App) Expectation {
	return Expectation{
		Namespace: c.env.namespace(clientEnd).Name(),
		Dir:       event.Received, Cause: cause, Local: c.clientAt, Peer: c.serverAt,
		Hook: event.HookReceive, Socket: event.SockFull, States: []event.State{before},
		Owner: c.client.Name(), Sources: openSocket, Lost: &event.Lost{}, App: app, OnWire: true,
	}
}

// ExpectRST adds both events of one RST: what the sender's kernel reports and
// what the receiver's does.
func (e *Env) ExpectRST(sent, received Expectation) {
	e.pairs++
	received.Flags, received.AbortShape = sent.Flags, sent.AbortShape
	sent.Pair, received.Pair = e.pairs, e.pairs
	complete(&sent)
	complete(&received)
	e.expect = append(e.expect, sent, received)
}

// Expect adds an event whose other end no kernel of ours sees.
func (e *Env) Expect(x Expectation) {
	e.pairs++
	x.Pair = e.pairs
	complete(&x)
	e.expect = append(e.expect, x)
}

// complete adds what follows from the rest of an expectation.
func complete(x *Expectation) {
	if x.Role == "" {
		x.Role = roleOf(x)
	}
	if x.EarlierEndedBy == "" && closedBefore(x) {
		x.EarlierEndedBy = byProcess
	}
}

// roleOf is which end opened a connection: servers listen on one port, and no client
// has it.
func roleOf(x *Expectation) event.Role {
	switch {
	case x.Local.Port == serverPort:
		return event.Server
	case x.Peer.Port == serverPort:
		return event.Client
	}
	return ""
}

// closedBefore: its owner had closed the connection, and the kernel had still to end it.
func closedBefore(x *Expectation) bool {
	afterFIN := []event.State{event.StateFinWait1, event.StateFinWait2, event.StateClosing, event.StateLastAck}
	switch x.Socket {
	case event.SockTimeWait:
		return true
	case event.SockFull:
		return x.App == (event.App{}) && len(x.States) > 0 && slices.Contains(x.Sources, event.FromCloser) && !slices.Contains(x.Sources, event.FromSocket) &&
			!slices.ContainsFunc(x.States, func(s event.State) bool { return !slices.Contains(afterFIN, s) })
	}
	return false
}

// receivedByServer expects a RST of the packet peer to end the server's
// connection. Its shape is that of sendRST.
func (c *conversation) receivedByServer(cause event.CauseID, before event.State, app event.App) Expectation {
	return Expectation{
		Namespace: c.env.namespace(serverEnd).Name(),
		Dir:       event.Received, Cause: cause, Local: c.serverAt, Peer: c.clientAt,
		Hook: event.HookReceive, Socket: event.SockFull, States: []event.State{before},
		Owner: c.server.Name(), Sources: acceptedSocket, App: app, OnWire: true, Flags: event.RST,
	}
}
