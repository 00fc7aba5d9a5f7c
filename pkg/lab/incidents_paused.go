package lab

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// A server that stands still, and one that only answers late.
func pausedIncidents() []Scenario {
	const apart = 1200 * time.Millisecond
	causes := []event.CauseID{cause.DataAfterClose, cause.WroteAfterPeerClose}
	return []Scenario{
		incident("paused",
			"A server is stopped for some seconds while one client after the other gives up; then it answers all of them.",
			"SIGSTOP, a debugger or a frozen container does that. A server that runs sees each client leave when it leaves.",
			Veth, causes, timed("process-paused", Nobody, Diagnosis{Pattern: "client-closed-early", Accuses: clientEnd}), func(e *Env) { playPaused(e, apart) }),
		incident("late-answers",
			"Three clients close at the same moment, at once after their requests, and the server answers them later.",
			"It may simply have worked that long on each answer. Nothing shows that it was stopped, and nothing that the clients had a time limit.",
			Veth, causes, []Diagnosis{
				{Pattern: "client-closed-early", Accuses: clientEnd, Must: true, Timed: true},
				{Pattern: "client-gave-up", Accuses: clientEnd, Slow: true},
			}, func(e *Env) { playPaused(e, 0) }),
		incident("answers-too-late",
			"Three clients have a time limit of 1.2 s, and the server takes 3 s for each answer.",
			"The answers come for connections that the clients have closed. The limit and the wait are in the numbers.",
			Veth, causes, append(timed("client-gave-up", clientEnd, Diagnosis{Pattern: "client-closed-early", Accuses: clientEnd}), Diagnosis{Pattern: "process-paused", Slow: true}),
			playTooLate),
	}
}

// playTooLate lets clients wait 1.2 s for answers that come later.
func playTooLate(e *Env) {
	const limit = 1200 * time.Millisecond
	all := e.connections(several)
	for _, c := range all {
		c.clientSock.Send(messageBytes)
		c.serverSock.WantRead(Result{N: messageBytes})
	}
	e.silence(limit)
	var left []event.SockKind
	e.atOnce(func() {
		for _, c := range all {
			c.clientSock.Close()
			left = append(left, e.AwaitFinWait2(clientEnd, c.clientAt, c.serverAt))
		}
	})
	e.Stepf("the clients close after %s without an answer", limit)
	e.silence(idleLimit)
	e.answerClosed(all, left)
}

// playPaused lets clients close so long after each other, while their server is stopped.
func playPaused(e *Env, apart time.Duration) {
	all := e.connections(several)
	for _, c := range all {
		c.clientSock.Send(messageBytes)
		c.serverSock.WantRead(Result{N: messageBytes})
	}
	server := all[0].server.at.PID
	e.must(unix.Kill(server, unix.SIGSTOP))
	e.Stepf("server has read all requests, and is stopped by SIGSTOP")
	var left []event.SockKind
	for _, c := range all {
		c.clientSock.Close()
		left = append(left, e.AwaitFinWait2(clientEnd, c.clientAt, c.serverAt))
		e.Stepf("client %s closes", c.clientAt)
		e.silence(apart)
	}
	e.silence(idleLimit)
	e.must(unix.Kill(server, unix.SIGCONT))
	e.answerClosed(all, left)
}

// answerClosed lets the server answer clients that have closed, and expects the RSTs.
func (e *Env) answerClosed(all []*conversation, left []event.SockKind) {
	for _, c := range all {
		c.serverSock.Send(messageBytes)
	}
	e.Stepf("server sends its answers")
	for i, c := range all {
		c.serverSock.AwaitState(event.StateClose)
		sent := c.sentByClient(cause.DataAfterClose)
		sent.Hook, sent.Socket, sent.Flags, sent.AbortShape = event.HookSendReply, left[i], event.RST, false
		sent.States, sent.Sources = []event.State{event.StateFinWait2}, closedByClient
		received := c.receivedByServer(cause.WroteAfterPeerClose, event.StateCloseWait, brokenPipe)
		received.Lost = &event.Lost{UnackedBytes: messageBytes}
		e.ExpectRST(sent, received)
	}
}
