package lab

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func refusedScenarios() []Scenario {
	closedPort := Scenario{
		Name:  "closed-port",
		Title: "A client connects to a port where nobody listens.",
		Story: "The client's SYN reaches a machine that is up, but no process listens on the port. " +
			"The machine's kernel answers with a RST by itself; no process there has anything to do with it. " +
			"The client's connect fails at once with ECONNREFUSED.",
		Causes:   []event.CauseID{cause.ClosedPort, cause.Refused},
		Findings: noListener,
		Families: bothFamilies, Path: Veth, Run: playClosedPort,
	}
	loopback := closedPort
	loopback.Name = "closed-port-loopback"
	loopback.Title = "A client connects to a port of its own machine where nobody listens."
	loopback.Path = Loopback
	return []Scenario{closedPort, loopback}
}

func playClosedPort(e *Env) {
	client := e.Actor("client", clientEnd)
	sock := client.Socket()
	// Bound beforehand: after a refused connect the port is forgotten.
	sock.Bind(netip.AddrPortFrom(e.address(clientEnd), 0))
	local := sock.Local()
	server := event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}
	sock.wantRefused(server)

	e.ExpectRST(Expectation{
		Namespace: e.namespace(serverEnd).Name(),
		Dir:       event.Sent, Cause: cause.ClosedPort, Local: server, Peer: local,
		Hook: event.HookSendReply, Socket: event.SockNone,
		Flags: event.RST | event.ACK, OnWire: true,
	}, Expectation{
		Namespace: e.namespace(clientEnd).Name(),
		Dir:       event.Received, Cause: cause.Refused, Local: local, Peer: server,
		Hook: event.HookReceive, Socket: event.SockFull, States: []event.State{event.StateSynSent},
		Owner: client.Name(), Sources: openSocket,
		App: refused, Lost: &event.Lost{}, OnWire: true,
	})
}
