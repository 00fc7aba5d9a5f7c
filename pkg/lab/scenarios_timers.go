package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// fromTimer: nobody's system call, the socket is open.
var fromTimer = []event.OwnerSource{event.FromSocket, event.FromListener, event.FromCloser}

func timerScenarios() []Scenario {
	return []Scenario{{
		Name:  "keepalive-timeout",
		Title: "The client has vanished and keep-alive finds out.",
		Story: "The connection is idle and the client's machine gone without a word. " +
			"SO_KEEPALIVE makes the server's kernel ask whether the peer is still there; when nobody answers, it gives the connection up. " +
			"The server gets ETIMEDOUT, and a RST goes out to whoever may be listening.",
		Causes:   []event.CauseID{cause.KeepaliveTimeout},
		Findings: peerDead,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playKeepalive(e, cause.KeepaliveTimeout, func(s *Socket) { s.KeepAlive(1) })
		},
	}, {
		Name:  "keepalive-user-timeout",
		Title: "The client has vanished, and TCP_USER_TIMEOUT cuts keep-alive short.",
		Story: "Nine probes may stay unanswered, but TCP_USER_TIMEOUT allows a second only: it decides, not the number of probes. " +
			"The kernel's own reason is the same for both.",
		Causes:   []event.CauseID{cause.KeepaliveUserTimeout},
		Findings: peerDead,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			playKeepalive(e, cause.KeepaliveUserTimeout, func(s *Socket) {
				const probes, millis = 9, 1000
				s.KeepAlive(probes)
				s.UserTimeout(millis)
			})
		},
	}, {
		Name:  "keepalive-together",
		Title: "The client has vanished, and keep-alive ends fifty connections at once.",
		Story: "A machine with fifty clients vanishes. The server's kernel gives all their connections up in the same second, " +
			"each in a timer of its own, while the server does nothing.",
		Causes:   []event.CauseID{cause.KeepaliveUserTimeout},
		Findings: peerDead,
		Families: bothFamilies, Path: Packets, Run: playKeepaliveTogether,
	}, {
		Name:  "fin-wait2-timeout",
		Title: "The kernel stops waiting for the FIN of a client that never closes.",
		Story: "The server has closed; its kernel keeps the socket for a while so that the client can finish. " +
			"The client does not close. Normally the kernel forgets such a connection in silence. " +
			"When tcp_fin_timeout is lowered meanwhile, the timer finds the wait over already and sends a RST.",
		Causes:   []event.CauseID{cause.FinWait2Timeout, cause.ResetAfterPeerClose},
		Families: bothFamilies, Path: Veth, Run: playFinWait2Timeout,
	}}
}

func playKeepalive(e *Env, cause event.CauseID, configure func(*Socket)) (c *conversation, flow *packetpeer.Flow) {
	c, flow = e.converseWithPeer(serverEnd)
	configure(c.serverSock)
	e.Stepf("the client vanishes; the server's kernel sends keep-alive probes in vain")
	e.awaitFrom(flow, event.RST)
	c.serverSock.AwaitState(event.StateClose)
	e.Stepf("the kernel gives up and sends a RST")
	c.serverSock.WantApp(timedOut)

	sent := c.sentByServer(cause, event.StateEstablished)
	sent.Sources, sent.App = fromTimer, timedOut
	e.Expect(sent)
	return c, flow
}

func playKeepaliveTogether(e *Env) {
	const connections, probes, millis = 50, 9, 1000
	server, listener := e.listen(connections)
	var flows []*packetpeer.Flow
	var sockets []*Socket
	for i := range connections {
		flows = append(flows, e.dial(peerPort+uint16(i)))
		sockets = append(sockets, listener.Accept())
	}
	for _, s := range sockets {
		s.KeepAlive(probes)
		s.UserTimeout(millis)
	}
	e.Stepf("%d clients connect, and vanish", connections)
	for i, flow := range flows {
		e.awaitFrom(flow, event.RST)
		sockets[i].AwaitState(event.StateClose)
		c := &conversation{env: e, server: server, serverAt: flow.Remote, clientAt: flow.Local}
		sent := c.sentByServer(cause.KeepaliveUserTimeout, event.StateEstablished)
		sent.Sources, sent.App = fromTimer, timedOut
		e.Expect(sent)
	}
	e.Stepf("the kernel gives all of them up and sends %d RSTs", connections)
}

func playFinWait2Timeout(e *Env) {
	// Above 60 seconds the orphan keeps its full socket, and the timer runs for
	// what is beyond.
	const before, after = "61", "60"
	e.Sysctl(serverEnd, "ipv4/tcp_fin_timeout", before)
	c := e.converse()
	c.serverSock.Close()
	c.clientSock.WantRead(EOF)
	e.AwaitOrphan(serverEnd, c.serverAt, c.clientAt, event.StateFinWait2)
	e.Sysctl(serverEnd, "ipv4/tcp_fin_timeout", after)
	e.Stepf("server closes; client reads 0 and does not close; tcp_fin_timeout is lowered from %s to %s", before, after)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("a second later the server's kernel sends a RST")
	c.clientSock.WantApp(brokenPipe)

	sent := c.sentByServer(cause.FinWait2Timeout, event.StateFinWait2)
	sent.Sources = closedByServer
	e.ExpectRST(sent, c.receivedByClient(cause.ResetAfterPeerClose, event.StateCloseWait, brokenPipe))
}
