package lab

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// closingState is a way for a client to be on its way out when a RST comes.
type closingState struct {
	state  event.State
	name   string
	phrase string
	// enter brings the client there; leave ends the client's side and may be
	// a shutdown or a close.
	enter func(c *conversation, flow *packetpeer.Flow, leave func())
	// app is what the client gets, with the socket still open.
	app event.App
}

var closingStates = []closingState{{
	state: event.StateFinWait1, name: "fin-wait1",
	phrase: "its FIN is not acknowledged yet",
	enter: func(c *conversation, flow *packetpeer.Flow, leave func()) {
		leave()
		c.env.awaitFrom(flow, event.FIN)
	},
	app: connReset,
}, {
	state: event.StateLastAck, name: "last-ack",
	phrase: "both have said FIN and only the last acknowledgement is missing",
	enter: func(c *conversation, flow *packetpeer.Flow, leave func()) {
		c.env.must(flow.Send(event.FIN|event.ACK, nil))
		c.clientSock.AwaitState(event.StateCloseWait)
		leave()
		c.env.awaitFrom(flow, event.FIN)
	},
	app: hiddenFromRead("ECONNRESET"),
}, {
	state: event.StateClosing, name: "closing",
	phrase: "both have said FIN at the same time",
	enter: func(c *conversation, flow *packetpeer.Flow, leave func()) {
		leave()
		c.env.awaitFrom(flow, event.FIN)
		c.env.must(flow.SendSegment(packetpeer.Segment{
			Flags: event.FIN | event.ACK, Seq: flow.Seq, Ack: flow.Ack - 1, Window: flow.Window,
		}))
		flow.Seq++
	},
	app: hiddenFromRead("ECONNRESET"),
}}

func closingScenarios() []Scenario {
	scenarios := []Scenario{{
		Name:  "reset-in-fin-wait2-closed",
		Title: "The server aborts after the client has closed in order.",
		Story: "The client has closed and its FIN was acknowledged; its kernel keeps the socket as an orphan. " +
			"Then the server aborts with SO_LINGER {1,0}. No application sees this RST any more.",
		Causes:   []event.CauseID{cause.ResetWhileClosing, cause.LingerZero},
		Findings: []Diagnosis{{Pattern: "deliberate-abort", Or: []event.PatternID{"turned-away"}, Accuses: serverEnd, Harmless: true}},
		Families: bothFamilies, Path: Veth, Run: playFinWait2Closed,
	}}
	for _, s := range closingStates {
		scenarios = append(scenarios, Scenario{
			Name:  "reset-in-" + s.name,
			Title: fmt.Sprintf("A RST meets a client in %s that still has its socket open.", s.state),
			Story: fmt.Sprintf("The client has shut down its sending side; %s. Then a RST comes. "+
				"The client still holds the descriptor and gets ECONNRESET if it asks in the right way.", s.phrase),
			Causes:   []event.CauseID{cause.ResetWhileClosing},
			Families: bothFamilies, Path: Packets,
			Run: func(e *Env) { playClosing(e, s, true) },
		}, Scenario{
			Name:  "reset-in-" + s.name + "-closed",
			Title: fmt.Sprintf("A RST meets a connection in %s that its client has closed.", s.state),
			Story: fmt.Sprintf("The client has closed; %s. Then a RST comes. "+
				"No application has the socket any more, so nobody notices.", s.phrase),
			Causes:   []event.CauseID{cause.ResetWhileClosing},
			Families: bothFamilies, Path: Packets,
			Run: func(e *Env) { playClosing(e, s, false) },
		})
	}
	return scenarios
}

func (e *Env) awaitFrom(flow *packetpeer.Flow, flags event.TCPFlags) packetpeer.Segment {
	s, err := flow.Await(flags)
	e.must(err)
	return s
}

// playClosing brings the client into a closing state and resets it there.
func playClosing(e *Env, s closingState, open bool) {
	c, flow := e.converseWithPeer(clientEnd)
	leave, verb := c.clientSock.Close, "closes"
	if open {
		leave, verb = func() { c.clientSock.Shutdown(unix.SHUT_WR) }, "shuts down its sending side"
	}
	s.enter(c, flow, leave)
	e.Await(fmt.Sprintf("the client is in %s", s.state), func() bool {
		entry, ok := e.lookUp(clientEnd, c.clientAt, c.serverAt)
		return ok && entry.state == s.state && !entry.miniSocket
	})
	e.Stepf("client %s and is in %s", verb, s.state)
	e.must(flow.SendSegment(packetpeer.Segment{
		Flags: event.RST | event.ACK, Seq: flow.Seq, Ack: flow.Ack - 1, Window: flow.Window,
	}))
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("a RST arrives and ends the connection")

	x := c.receivedByClient(cause.ResetWhileClosing, s.state, nobody)
	x.Flags, x.AbortShape = event.RST|event.ACK, true
	if open {
		x.App = s.app
		c.clientSock.WantApp(s.app)
	} else {
		x.Sources = closedByClient
	}
	e.Expect(x)
}

func playFinWait2Closed(e *Env) {
	e.keepOrphans(clientEnd)
	c := e.converse()
	c.clientSock.Close()
	c.serverSock.WantRead(EOF)
	e.AwaitOrphan(clientEnd, c.clientAt, c.serverAt, event.StateFinWait2)
	e.Stepf("client closes; server reads 0")
	c.serverSock.LingerZero()
	c.serverSock.Close()
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("server closes with SO_LINGER {1,0}: a RST ends what was left of the client's connection")

	received := c.receivedByClient(cause.ResetWhileClosing, event.StateFinWait2, nobody)
	received.Sources = closedByClient
	e.ExpectRST(c.sentByServer(cause.LingerZero, event.StateCloseWait), received)
}
