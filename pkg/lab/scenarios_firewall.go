package lab

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/internal/lab/firewall"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func firewallScenarios() []Scenario {
	causes := []event.CauseID{cause.NetfilterReject, cause.Refused}
	loads := missesModule(firewall.Modules...)
	return []Scenario{{
		Name:  "netfilter-reject",
		Title: "The server's firewall rejects a connection: REJECT with tcp-reset.",
		Story: "A rule in the input chain answers the client's SYN with a RST, before TCP has seen it. " +
			"To the client it looks exactly as if nobody listened on the port.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: loads,
		Run: func(e *Env) { playReject(e, serverEnd, firewall.BaseChain{Chain: event.ChainInput}) },
	}, {
		Name:  "netfilter-reject-iptables",
		Title: "A rule of iptables rejects a connection: -j REJECT --reject-with tcp-reset.",
		Story: "The rule is made of the extensions that iptables and ip6tables bring along. " +
			"They come from other modules of the kernel, which build the RST in the same place.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: missesModule(firewall.XTablesModules...),
		Run: playRejectXTables,
	}, {
		Name:   "netfilter-reject-prerouting",
		Title:  "A rule in the prerouting chain rejects a connection.",
		Story:  "The rule comes before the decision whether a packet is for this host.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: loads,
		Run: func(e *Env) { playReject(e, serverEnd, firewall.BaseChain{Chain: event.ChainPrerouting}) },
	}, {
		Name:   "netfilter-reject-ingress",
		Title:  "A rule in the ingress chain of a device rejects a connection.",
		Story:  "The rule sees packets of one device as they come in, before everything else.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: loads,
		Run: func(e *Env) {
			playReject(e, serverEnd, firewall.BaseChain{Chain: event.ChainIngress, Device: device})
		},
	}, {
		Name:  "netfilter-reject-netdev",
		Title: "A rule in a table of the family netdev rejects a connection.",
		Story: "Tables of this family belong to a device, not to a protocol. " +
			"Their RSTs are built in another place of the kernel and go straight back to the device.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: missesModule(firewall.NetDevModules...),
		Run: func(e *Env) {
			playReject(e, serverEnd, firewall.BaseChain{Chain: event.ChainIngress, Device: device, Family: firewall.NetDev})
		},
	}, {
		Name:  "netfilter-reject-bridge",
		Title: "A bridge on the way rejects a connection that passes through it.",
		Story: "A rule in a table of the family bridge answers the client's SYN in the name of the server. " +
			"The bridge has no address of its own, so the RST is built apart from everything that TCP and IP do.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Bridged, HostChanges: missesModule(firewall.BridgeModules...),
		Run: func(e *Env) {
			playReject(e, bridgeEnd, firewall.BaseChain{Chain: event.ChainPrerouting, Family: firewall.Bridge})
		},
	}, {
		Name:  "netfilter-reject-output",
		Title: "The client's own firewall rejects what it sends.",
		Story: "A rule in the output chain answers the client's SYN on its own machine, in the name of the server. " +
			"No packet ever reaches the server.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Veth, HostChanges: loads,
		Run: func(e *Env) { playReject(e, clientEnd, firewall.BaseChain{Chain: event.ChainOutput}) },
	}, {
		Name:  "netfilter-reject-forward",
		Title: "A router's firewall rejects a connection that passes through it.",
		Story: "A rule in the forward chain of the router answers the client's SYN in the name of the server. " +
			"On the router neither end of the connection is local; the server never hears of it.",
		Causes: causes, Findings: ruleHere,
		Families: bothFamilies, Path: Routed, HostChanges: loads,
		Run: func(e *Env) { playReject(e, routerEnd, firewall.BaseChain{Chain: event.ChainForward}) },
	}, {
		Name:  "netfilter-reject-established",
		Title: "A new firewall rule cuts a connection that is up.",
		Story: "The connection works until a rule in the server's input chain rejects its segments. " +
			"The client's next write draws a RST, and it looks like that of a rebooted server.",
		Causes:   []event.CauseID{cause.NetfilterReject, cause.PeerGone},
		Findings: ruleInBetween,
		Families: bothFamilies, Path: Veth, HostChanges: loads, Run: playRejectEstablished,
	}}
}

// reject puts a rule against the server's port into a chain of the named end.
func (e *Env) reject(end string, at firewall.BaseChain) {
	e.must(firewall.Reject(e.ctx, e.namespace(end), at, serverPort))
	e.firewalls = append(e.firewalls, e.namespace(end))
	e.Stepf("a rule in the %s chain of the %s rejects what goes to port %d", at.Chain, end, serverPort)
}

func playRejectXTables(e *Env) {
	server := e.namespace(serverEnd)
	e.must(firewall.RejectXTables(e.ctx, server, event.ChainInput, serverPort))
	e.firewalls = append(e.firewalls, server)
	e.Stepf("a rule of iptables in the INPUT chain of the server rejects what goes to port %d", serverPort)
	playRejected(e, serverEnd, firewall.BaseChain{Chain: event.ChainInput})
}

func playReject(e *Env, end string, at firewall.BaseChain) {
	e.reject(end, at)
	playRejected(e, end, at)
}

// playRejected lets a client meet the rule.
func playRejected(e *Env, end string, at firewall.BaseChain) {
	client := e.Actor("client", clientEnd)
	sock := client.Socket()
	sock.Bind(netip.AddrPortFrom(e.address(clientEnd), 0)) // a refused connect forgets the port
	server := event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}
	c := &conversation{env: e, client: client, clientSock: sock, clientAt: sock.Local(), serverAt: server}
	sock.wantRefused(server)

	sent := c.rejected(end, at, event.RST|event.ACK)
	if at.Chain == event.ChainOutput {
		sent.Local, sent.Peer = c.clientAt, server
		sent.States = append(sent.States, event.StateSynSent)
		sent.Owner, sent.Sources = client.Name(), openSocket
		sent.App = refused // the RST comes back to the socket that sent the SYN
	}
	received := c.receivedByClient(cause.Refused, event.StateSynSent, refused)
	e.ExpectRST(sent, received)
}

// rejected expects a rule to answer the client in the name of the server.
func (c *conversation) rejected(end string, at firewall.BaseChain, flags event.TCPFlags) Expectation {
	x := Expectation{
		Namespace: c.env.namespace(end).Name(),
		Dir:       event.Sent, Cause: cause.NetfilterReject, Local: c.serverAt, Peer: c.clientAt,
		Hook: event.HookReject, Socket: event.SockNone, States: []event.State{0},
		Chain: at.Chain, Forwarded: at.Chain == event.ChainForward,
		Flags: flags, OnWire: true,
	}
	if at.Family != 0 {
		x.SeenAt = AtLink
	}
	return x
}

func playRejectEstablished(e *Env) {
	c := e.converse()
	rule := firewall.BaseChain{Chain: event.ChainInput}
	e.reject(serverEnd, rule)
	c.clientSock.Send(messageBytes)
	e.Stepf("client writes %d bytes", messageBytes)
	c.clientSock.WantApp(connReset)

	// The server does not know yet: its FIN would draw a RST of the client's.
	e.must(e.namespace(serverEnd).CutOff(device))

	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	e.ExpectRST(c.rejected(serverEnd, rule, event.RST), received)
}
