package lab

import (
	"net/netip"

	"github.com/gopacket/gopacket/layers"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Where the kernel sets out to send a RST and none leaves.

func silentScenarios() []Scenario {
	return []Scenario{{
		Name:  "no-reset-broadcast",
		Title: "A SYN arrives for a broadcast address: no RST.",
		Story: "A RST in answer would come from every machine on the network at once. The kernel drops the SYN.",
		// IPv6 has no broadcast, and drops TCP to multicast addresses earlier.
		Families: []event.Family{event.IPv4}, Path: Packets, Run: playBroadcast,
	}, {
		Name:     "no-reset-signed",
		Title:    "A signed segment arrives for a connection that is not there: no RST.",
		Story:    "The segment carries a TCP MD5 signature, and there is no key to check it with or to sign a RST. The kernel drops it in silence.",
		Families: bothFamilies, Path: Packets, Run: playSignedStray,
	}, {
		Name:  "closed-port-no-route",
		Title: "The kernel answers a SYN, and there is no way back to its sender.",
		Story: "The SYN comes from an address to which no route leads. TCP decides to refuse it; the RST ends in the routing table. " +
			"With IPv4 the kernel counts it as sent all the same.",
		Causes:   []event.CauseID{cause.ClosedPort},
		Families: bothFamilies, Path: Packets, Run: playNoRouteReply,
	}, {
		Name:  "linger-zero-no-route",
		Title: "The server aborts a connection while its network is down.",
		Story: "The abortive close makes a RST, and the device that it would leave by is switched off. " +
			"The kernel counts it as sent and as failed. The client will learn of it when it sends something itself.",
		Causes:   []event.CauseID{cause.LingerZero},
		Findings: must("deliberate-abort", serverEnd), // and not harmless: what it did to the client is not seen
		Families: bothFamilies, Path: Packets, Run: playNoRouteAbort,
	}}
}

func playBroadcast(e *Env) {
	flow := e.flow(peerPort)
	flow.Remote.Addr = netip.MustParseAddr("10.77.0.255")
	segments := e.Counter(serverEnd, "TcpInSegs")
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq, Window: flow.Window})
	e.mustArrive(segments)
	e.Stepf("a SYN to the broadcast address %s arrives; the kernel drops it", flow.Remote.Addr)
}

// mustArrive checks that TCP has seen a segment since it had seen so many.
func (e *Env) mustArrive(before uint64) {
	if e.Counter(serverEnd, "TcpInSegs") != before+1 {
		e.Failf("the segment did not reach TCP")
	}
}

func playSignedStray(e *Env) {
	// Fails where the kernel has no TCP_MD5SIG.
	e.Actor("server", serverEnd).Socket().DemandSignature(e.flow(peerPort).Local)
	const kind, digestBytes = 19, 16
	flow := e.flow(peerPort)
	segments := e.Counter(serverEnd, "TcpInSegs")
	e.send(flow, packetpeer.Segment{
		Flags: event.ACK, Seq: flow.Seq, Ack: unknownAck, Window: flow.Window,
		Options: []layers.TCPOption{{OptionType: kind, OptionLength: 2 + digestBytes, OptionData: make([]byte, digestBytes)}},
	})
	e.mustArrive(segments)
	e.Stepf("a signed ACK arrives at a port where nobody listens; the kernel drops it")
}

func playNoRouteReply(e *Env) {
	flow := e.flow(peerPort)
	flow.Local.Addr = netip.MustParseAddr("10.99.0.1")
	if e.Family == event.IPv6 {
		flow.Local.Addr = netip.MustParseAddr("fd99::1")
		e.CountedSilently(serverEnd, "TcpOutRsts", -1, "an IPv6 reply without a route is not counted")
	} else {
		// Where the host asks for it, packets from such addresses are dropped.
		for _, device := range []string{"all", packetpeer.DeviceName} {
			e.Sysctl(serverEnd, "ipv4/conf/"+device+"/rp_filter", "0")
		}
	}
	segments := e.Counter(serverEnd, "TcpInSegs")
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq, Window: flow.Window})
	e.mustArrive(segments)
	e.Stepf("a SYN from %s arrives; there is no route for the RST", flow.Local)
	x := e.replied(flow, cause.ClosedPort, event.RST|event.ACK)
	x.OnWire = false
	e.Expect(x)
}

func playNoRouteAbort(e *Env) {
	c, _ := e.converseWithPeer(serverEnd)
	e.must(e.namespaces[0].CutOff(packetpeer.DeviceName))
	c.serverSock.LingerZero()
	e.silence(pause) // a close at once would look like a limit of connections
	c.serverSock.Close()
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("the network goes down; server closes with SO_LINGER {1,0}: the RST cannot leave")
	sent := c.sentByServer(cause.LingerZero, event.StateEstablished)
	sent.OnWire = false
	e.Expect(sent)
}
