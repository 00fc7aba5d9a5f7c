package lab

import (
	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func timeWaitScenarios() []Scenario {
	return []Scenario{{
		Name:  "syn-in-fin-wait2",
		Title: "A new SYN arrives for a connection that the server has closed and the client has not.",
		Story: "The server has closed, and its kernel keeps a mini-socket until the client closes too. " +
			"The client's side starts a new connection from the same port instead. The kernel refuses that SYN with a RST.",
		Causes:   []event.CauseID{cause.SynInFinWait2},
		Families: bothFamilies, Path: Packets, Run: playSynInFinWait2,
	}, {
		Name:  "time-wait-killed",
		Title: "A RST ends a TIME_WAIT before its time.",
		Story: "Both ends have closed and the server's kernel stays in TIME_WAIT to catch late segments. " +
			"A RST with the right number ends that wait: TIME_WAIT assassination (RFC 1337). No application notices.",
		Causes:   []event.CauseID{cause.TimeWaitKilled},
		Families: bothFamilies, Path: Packets, Run: playTimeWaitKilled,
	}, {
		Name:  "time-wait-killed-fin-wait2",
		Title: "A RST ends the wait for a client that has not closed yet.",
		Story: "The server has closed, the client has not, and the kernel keeps a mini-socket that recognizes late data. " +
			"Any RST inside the window removes it: here the number need not be exact.",
		Causes:   []event.CauseID{cause.TimeWaitKilled},
		Families: bothFamilies, Path: Packets, Run: playFinWait2Killed,
	}, {
		Name:     "rst-time-wait-protected",
		Title:    "A RST with the right number meets a TIME_WAIT that tcp_rfc1337 protects.",
		Story:    "With tcp_rfc1337 on, the kernel does not let a RST end a TIME_WAIT. It is ignored.",
		Causes:   []event.CauseID{cause.RSTTimeWaitProtected},
		Families: bothFamilies, Path: Packets, Run: playTimeWaitProtected,
	}, {
		Name:     "rst-time-wait-out-of-window",
		Title:    "A RST with another number meets a TIME_WAIT.",
		Story:    "Only the very next number may end a TIME_WAIT. This RST has another one and is ignored, as late and forged ones should be.",
		Causes:   []event.CauseID{cause.RSTTimeWaitOutOfWindow},
		Findings: ofNoUse,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			const notNext = 10
			playMiniSocketMissed(e, (*Env).closedBoth, notNext, event.StateTimeWait)
		},
	}, {
		Name:     "rst-time-wait-out-of-window-fin-wait2",
		Title:    "A RST far outside the window meets a connection that the server has closed and the client has not.",
		Story:    "Any RST inside the window would end the kernel's wait for the client's FIN. This one is too far off and is ignored.",
		Causes:   []event.CauseID{cause.RSTTimeWaitOutOfWindow},
		Findings: ofNoUse,
		Families: bothFamilies, Path: Packets,
		Run: func(e *Env) {
			const far = 10_000_000
			playMiniSocketMissed(e, (*Env).closedFirst, far, event.StateFinWait2)
		},
	}}
}

// closedFirst brings a connection that the server has closed to FIN_WAIT2.
func (e *Env) closedFirst() (*conversation, *packetpeer.Flow) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	e.AwaitMiniSocket(serverEnd, c.serverAt, c.clientAt, event.StateFinWait2)
	e.Stepf("server closes; client acknowledges and does not close: FIN_WAIT2")
	return c, flow
}

// closedBoth brings a connection that both have closed to TIME_WAIT.
func (e *Env) closedBoth() (*conversation, *packetpeer.Flow) {
	c, flow := e.closedFirst()
	e.must(flow.Send(event.FIN|event.ACK, nil))
	e.AwaitMiniSocket(serverEnd, c.serverAt, c.clientAt, event.StateTimeWait)
	e.Stepf("client closes too: TIME_WAIT")
	return c, flow
}

func playSynInFinWait2(e *Env) {
	c, flow := e.closedFirst()
	e.send(flow, packetpeer.Segment{Flags: event.SYN, Seq: flow.Seq + 10, Window: flow.Window})
	e.awaitFrom(flow, event.RST)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("client sends a SYN from the same port; the kernel answers with a RST")

	sent := c.repliedByServer(cause.SynInFinWait2, event.StateFinWait2)
	sent.Socket, sent.Flags = event.SockTimeWait, event.RST|event.ACK
	e.Expect(sent)
}

// atMiniSocket expects a RST of sendRST to meet what is left of the connection.
func (c *conversation) atMiniSocket(dir event.Dir, cause event.CauseID, state event.State) Expectation {
	x := c.receivedByServer(cause, state, nobody)
	x.Dir, x.Socket, x.SeenAt, x.Sources = dir, event.SockTimeWait, AtTimeWait, closedByServer
	if dir == event.Ignored {
		x.Hook = event.HookIgnore
	}
	return x
}

func playTimeWaitKilled(e *Env) {
	c, flow := e.closedBoth()
	e.sendRST(flow, event.RST, 0)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("the TIME_WAIT is gone")
	e.Expect(c.atMiniSocket(event.Received, cause.TimeWaitKilled, event.StateTimeWait))
}

func playFinWait2Killed(e *Env) {
	c, flow := e.closedFirst()
	e.sendRST(flow, event.RST, 10)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("what was left of the connection is gone")
	e.Expect(c.atMiniSocket(event.Received, cause.TimeWaitKilled, event.StateFinWait2))
}

func playTimeWaitProtected(e *Env) {
	e.Sysctl(serverEnd, "ipv4/tcp_rfc1337", "1")
	c, flow := e.closedBoth()
	e.sendRST(flow, event.RST, 0)
	c.mustStay(event.StateTimeWait)
	e.Expect(c.atMiniSocket(event.Ignored, cause.RSTTimeWaitProtected, event.StateTimeWait))
}

func playMiniSocketMissed(e *Env, reach func(*Env) (*conversation, *packetpeer.Flow), offset int, state event.State) {
	c, flow := reach(e)
	e.sendRST(flow, event.RST, offset)
	c.mustStay(state)
	e.Expect(c.atMiniSocket(event.Ignored, cause.RSTTimeWaitOutOfWindow, state))
}

// mustStay checks that a segment has not changed the state. The kernel has
// handled it when it was sent.
func (c *conversation) mustStay(state event.State) {
	entry, ok := c.env.lookUp(serverEnd, c.serverAt, c.clientAt)
	if !ok || entry.state != state {
		c.env.Failf("the connection has left %s", state)
	}
	c.env.Stepf("the kernel ignores it: still %s", state)
}
