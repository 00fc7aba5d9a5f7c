package lab

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Ports where nobody listens.
func portIncidents() []Scenario {
	causes := []event.CauseID{cause.ClosedPort, cause.Refused}
	return []Scenario{
		incident("port-scan",
			"A client tries ten ports of the server.",
			"Who tries that many wants to know what is there.",
			Veth, causes, harmless("port-scan"), func(e *Env) { playTries(e, 10, 1) }),
		incident("busy-client",
			"A client tries one port of the server, and a second one, again and again.",
			"It wants these two: a service is down.",
			Veth, causes, must("nothing-listens", Nobody), func(e *Env) { playTries(e, 2, 8) }),
		incident("listens-elsewhere",
			"A client tries a port on which a server listens, but only on 127.0.0.1.",
			"In the same namespace the port is open, for clients on the same machine. Others are refused.",
			Veth, causes, must("nothing-listens", Nobody),
			func(e *Env) {
				e.Actor("server", serverEnd).Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), serverPort), 1)
				playTries(e, 1, 1)
			}),
		incident("reload",
			"A new server begins to listen on the port of the old one with SO_REUSEPORT, and the old one closes its listener.",
			"A client waits in the old one's queue, and the kernel resets it. The port was open all the time.",
			Veth, []event.CauseID{cause.ListenerClosed, cause.PeerAborted}, must("listener-closed", "old"), playReload),
		incident("refused-by-peer",
			"A client connects to another machine, which refuses it.",
			"What answers is not on this host, so nobody here knows why.",
			Packets, causes[1:], must("refused-elsewhere", Outside), playRefusedByPeer),
	}
}

// playTries lets a client try some ports, each so many times.
func playTries(e *Env, ports, times int) {
	client := e.Actor("client", clientEnd)
	for range times {
		for i := range uint16(ports) {
			e.refuse(client, event.Endpoint{Addr: e.address(serverEnd), Port: serverPort + i})
		}
	}
	e.Stepf("client tries %d ports, %d times each: ECONNREFUSED", ports, times)
}

func playReload(e *Env) {
	listen := func(name string) (*Actor, *Socket) {
		server := e.Actor(name, serverEnd)
		listener := server.Socket()
		listener.ReusePort()
		listener.Bind(netip.AddrPortFrom(e.address(serverEnd), serverPort))
		listener.listen(queueLimit)
		return server, listener
	}
	before, listener := listen("old")
	c := e.reach("client")
	c.server = before
	c.connect()
	listener.AwaitQueue(1)
	e.Stepf("client %s connects; nobody accepts", c.clientAt)
	listen("new")
	e.Stepf("new begins to listen on the same port")
	listener.Close()
	e.Stepf("old closes its listener: its kernel sends a RST")
	sent := c.expectQueueReset(1)
	sent.Listener = event.Listener{} // which of them it was is not known
}

// refuse lets a client try a port on which nobody listens.
func (e *Env) refuse(client *Actor, at event.Endpoint) {
	sock := client.Socket()
	sock.Bind(netip.AddrPortFrom(e.address(clientEnd), 0)) // a refused connect forgets the port
	local := sock.Local()
	sock.want("connect", sock.Connect(at.AddrPort()), Result{Errno: refused.Errno})
	e.ExpectRST(Expectation{
		Namespace: e.namespace(serverEnd).Name(),
		Dir:       event.Sent, Cause: cause.ClosedPort, Local: at, Peer: local, Role: event.Server,
		Hook: event.HookSendReply, Socket: event.SockNone,
		Flags: event.RST | event.ACK, OnWire: true,
	}, Expectation{
		Namespace: e.namespace(clientEnd).Name(),
		Dir:       event.Received, Cause: cause.Refused, Local: local, Peer: at, Role: event.Client,
		Hook: event.HookReceive, Socket: event.SockFull, States: []event.State{event.StateSynSent},
		Owner: client.Name(), Sources: openSocket,
		App: refused, Lost: &event.Lost{}, OnWire: true,
	})
}

func playRefusedByPeer(e *Env) {
	c, flow := e.beginConnect()
	e.sendRST(flow, event.RST|event.ACK, 0)
	c.clientSock.AwaitState(event.StateClose)
	received := c.receivedByClient(cause.Refused, event.StateSynSent, refused)
	received.Flags = event.RST | event.ACK
	e.Expect(received)
}
