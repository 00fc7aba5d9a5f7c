package lab

import (
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Many addresses that are tried.
func scanIncidents() []Scenario {
	const many, few = 10, 5
	causes := []event.CauseID{cause.ClosedPort, cause.Refused}
	first := Diagnosis{Pattern: "refused-elsewhere", Accuses: Outside}
	return []Scenario{
		incident("address-scan",
			"Somebody tries one port at ten addresses of this host.",
			"Who tries that many addresses wants to know where the service is.",
			Packets, causes[:1], harmless("port-scan"), func(e *Env) { playKnocks(e, many, 1) }),
		incident("knocks-again",
			"Somebody tries one port at ten addresses of this host, again and again.",
			"It wants these ten: a service is down everywhere. A scan would go on to others.",
			Packets, causes[:1],
			append(must("nothing-listens", Nobody), Diagnosis{Pattern: "port-scan", Accuses: Nobody, Harmless: true}),
			func(e *Env) { playKnocks(e, many, several+1) }),
		incident("scan-from-here",
			"A process of this host tries one port at ten addresses elsewhere.",
			"Each of them refuses it. A scanner looks like this, and so does a client whose servers are all down.",
			Packets, causes[1:], append(must("many-refuse", Nobody), first), func(e *Env) { playAsks(e, many, many) }),
		incident("some-refuse",
			"A client has ten servers elsewhere, and five of them refuse it each time.",
			"It goes on to the other five: a busy client, of which some servers are down.",
			Packets, causes[1:], must("refused-elsewhere", Outside), func(e *Env) { playAsks(e, many, few) }),
		incident("scan-of-neighbours",
			"A process of this host tries one port at ten addresses of another network namespace.",
			"Both ends are seen, so it is known which process asks.",
			Veth, causes, append(must("many-refuse", Nobody), noListener[0].maybe()), func(e *Env) { playNeighbours(e, many) }),
	}
}

// maybe is a finding that need not be made.
func (d Diagnosis) maybe() Diagnosis {
	d.Must = false
	return d
}

// extraAddresses are those of an end beside its first one.
func (e *Env) extraAddresses(end, device string, n int) (all []netip.Addr) {
	addr := netip.MustParseAddr("10.77.7.0")
	for range n {
		addr = addr.Next()
		e.must(e.namespace(end).AddAddress(device, netip.PrefixFrom(addr, addr.BitLen())))
		all = append(all, addr)
	}
	return all
}

// playKnocks lets the packet peer try a port at so many addresses.
func playKnocks(e *Env, addresses, times int) {
	all := e.extraAddresses(serverEnd, packetpeer.DeviceName, addresses)
	for round := range times {
		for i, addr := range all {
			flow := e.peer.Flow(peerPort+uint16(round*addresses+i), netip.AddrPortFrom(addr, serverPort))
			e.must(flow.Send(event.SYN, nil))
			e.awaitFrom(flow, event.RST)
			e.Expect(e.replied(flow, cause.ClosedPort, event.RST|event.ACK))
		}
	}
	e.Stepf("SYNs for port %d of %d addresses arrive, %d for each", serverPort, addresses, times)
}

// playAsks lets a client connect to so many addresses of the packet peer, of which some
// refuse it, twice.
func playAsks(e *Env, addresses, refusing int) {
	network := netip.MustParsePrefix("10.77.0.128/25")
	e.peer.Claim(network)
	client := e.Actor("client", clientEnd)
	for range 2 {
		addr := network.Addr()
		for i := range addresses {
			addr = addr.Next()
			e.ask(client, addr, i >= refusing)
		}
	}
	e.Stepf("client tries port %d of %d addresses, twice; %d of them refuse it", serverPort, addresses, refusing)
}

// ask lets a client connect to an address of the packet peer, which takes the connection or
// refuses it.
func (e *Env) ask(client *Actor, addr netip.Addr, taken bool) {
	sock := client.Socket()
	sock.Nonblocking()
	at := event.Endpoint{Addr: addr, Port: serverPort}
	sock.want("connect", sock.Connect(at.AddrPort()), Result{Errno: "EINPROGRESS"})
	local := sock.Local()
	flow, err := e.peer.Listen(serverPort)
	e.must(err)
	if taken {
		e.must(flow.Establish())
		sock.AwaitState(event.StateEstablished)
		return
	}
	e.send(flow, rst(flow, event.RST|event.ACK, 0))
	sock.AwaitState(event.StateClose)
	c := &conversation{env: e, client: client, clientAt: local, serverAt: at}
	received := c.receivedByClient(cause.Refused, event.StateSynSent, refused)
	received.Flags = event.RST | event.ACK
	received.Sources = append(slices.Clone(openSocket), fromConnect...) // a search for each of many takes long
	e.Expect(received)
}

// playNeighbours lets a client try a port at so many addresses of the server.
func playNeighbours(e *Env, addresses int) {
	const toServer = "10.77.7.0/24"
	all := e.extraAddresses(serverEnd, device, addresses)
	e.must(e.namespace(clientEnd).AddRoute(device, netip.MustParsePrefix(toServer)))
	client := e.Actor("client", clientEnd)
	for _, addr := range all {
		e.refuse(client, event.Endpoint{Addr: addr, Port: serverPort})
	}
	e.Stepf("client tries port %d of %d addresses: ECONNREFUSED", serverPort, addresses)
}
