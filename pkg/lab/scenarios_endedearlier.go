package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// What had ended a connection that a packet comes for, beside a close: event.Earlier.EndedBy.
const (
	byProcess = "process"
	byReset   = "reset"
	byTimeout = "timeout"
)

// Connections that end in the kernel, with their process looking on, and a peer
// that sends on.
func endedEarlierScenarios() []Scenario {
	scenario := func(name, title, story string, run func(*Env), causes ...event.CauseID) Scenario {
		return Scenario{
			Name: name, Title: title, Story: story, Causes: append([]event.CauseID{cause.ClosedEarlier}, causes...),
			Families: bothFamilies, Path: Packets, Run: run,
		}
	}
	return []Scenario{
		scenario("closed-earlier-reset",
			"A RST ends the connection, and the peer sends on.",
			"A RST arrives with the exact sequence number, and the kernel obeys it. The client never sent it: it was forged, or is of a device between. "+
				"So the client sends on, and now it gets a RST itself. The server had closed nothing.",
			playEndedByRST, cause.PeerGone),
		scenario("closed-earlier-reset-half-closed",
			"A RST ends a connection that the server had only shut down for sending, and the peer sends on.",
			"The server has shut down its sending side and goes on reading. A RST ends the connection: that, and not the shutdown, is why the client's data finds nothing.",
			playHalfClosedEndedByRST, cause.ResetWhileClosing),
		scenario("closed-earlier-reset-unaccepted",
			"A RST ends a connection in the accept queue, and the peer sends on.",
			"The server has not accepted the connection yet when the RST comes. No process has it, and the server will find it dead.",
			playUnacceptedEndedByRST, cause.PeerGone),
		found(scenario("closed-earlier-data",
			"The server has shut down both ways; data ends the connection, and the peer sends on.",
			"Data for a connection that is shut down draws a RST and ends it. If the RST is lost, the client sends again, and there is no socket any more.",
			playEndedByData, cause.DataAfterClose), closedUnderPeer),
		found(scenario("closed-earlier-keepalive",
			"Keep-alive has given the client up, and then it comes back and sends.",
			"The client was cut off for too long: keep-alive has ended the connection. When the network is back the client does not know that, and sends.",
			func(e *Env) { playEndedByKeepalive(e, cause.KeepaliveTimeout, func(s *Socket) { s.KeepAlive(1) }) },
			cause.KeepaliveTimeout), peerDead),
		found(scenario("closed-earlier-keepalive-user-timeout",
			"TCP_USER_TIMEOUT has given the client up, and then it comes back and sends.",
			"TCP_USER_TIMEOUT has ended the connection before all probes were sent. Then the client sends.",
			func(e *Env) {
				playEndedByKeepalive(e, cause.KeepaliveUserTimeout, func(s *Socket) {
					const probes, millis = 9, 1000
					s.KeepAlive(probes)
					s.UserTimeout(millis)
				})
			}, cause.KeepaliveUserTimeout), peerDead),
		scenario("closed-earlier-user-timeout",
			"The kernel has given up sending its data, and then the client comes back and sends.",
			"Data was not acknowledged for as long as TCP_USER_TIMEOUT allows. The kernel ended the connection without a RST, so there is no event of it. "+
				"The RST that answers the client is the first sign.",
			playEndedInSilence),
		found(scenario("closed-earlier-listener",
			"The listener is closed with the connection in its queue, and the peer sends on.",
			"The kernel resets what waits to be accepted. If that RST is lost, the client sends on, for a connection that no process ever had.",
			playEndedWithListener, cause.ListenerClosed), closedQueue),
	}
}

// sendOn makes the peer send data on a connection of the server that has ended, and
// expects closed-earlier, with and without a listener in its place. state is the
// last that it had. The last event that was expected is that of the end, unless
// silent.
func (c *conversation) sendOn(flow *packetpeer.Flow, by string, state event.State, silent bool) {
	e := c.env
	if !silent {
		c.endedBy = e.pairs
	}
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	for _, socket := range []event.SockKind{event.SockFull, event.SockNone} {
		if socket == event.SockNone {
			c.listener.Close()
		}
		e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
		e.awaitFrom(flow, event.RST)
		e.Stepf("client sends %d bytes: the connection is gone, the kernel answers with a RST", messageBytes)
		x := c.closedEarlier(state)
		x.Socket, x.EarlierEndedBy = socket, by
		if socket == event.SockNone {
			x.WithoutMemory = cause.HalfOpen
		}
		if silent {
			x.Owner, x.Sources = "", nil
		} else {
			x.Sources = acceptedSocket
		}
		e.Expect(x)
	}
}

func playEndedByRST(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	e.sendRST(flow, event.RST, 0)
	c.serverSock.AwaitState(event.StateClose)
	c.serverSock.WantApp(connReset)
	received := c.receivedByServer(cause.PeerGone, event.StateEstablished, connReset)
	received.WithoutPacket = cause.ResetByPeer
	e.Expect(received)
	c.sendOn(flow, byReset, event.StateEstablished, false)
}

func playHalfClosedEndedByRST(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Shutdown(unix.SHUT_WR)
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server shuts down its sending side")
	e.sendRST(flow, event.RST, 0)
	c.serverSock.AwaitState(event.StateClose)
	c.serverSock.WantApp(connReset)
	e.Expect(c.receivedByServer(cause.ResetWhileClosing, event.StateFinWait2, connReset))
	c.sendOn(flow, byReset, event.StateFinWait2, false)
}

// queued opens a connection of the peer that the server does not accept.
func (e *Env) queued() (*conversation, *packetpeer.Flow) {
	c := &conversation{env: e}
	c.server, c.listener = e.listen(1)
	flow := e.dial(peerPort)
	c.serverAt, c.clientAt = flow.Remote, flow.Local
	c.listener.AwaitQueue(1)
	e.Stepf("client %s connects; server does not accept", c.clientAt)
	return c, flow
}

func playUnacceptedEndedByRST(e *Env) {
	c, flow := e.queued()
	e.sendRST(flow, event.RST, 0)
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	c.serverSock = c.listener.Accept()
	c.serverSock.WantApp(connReset)
	received := c.receivedByServer(cause.PeerGone, event.StateEstablished, inQueue(connReset))
	received.WithoutPacket = cause.ResetByPeer
	e.Expect(received)
	c.sendOn(flow, byReset, event.StateEstablished, false)
}

func playEndedByData(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Shutdown(unix.SHUT_RDWR)
	e.awaitFrom(flow, event.FIN)
	e.must(flow.Send(event.ACK, nil))
	c.serverSock.AwaitState(event.StateFinWait2)
	e.Stepf("server shuts down both directions and keeps the descriptor")
	e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	e.awaitFrom(flow, event.RST)
	e.Stepf("client sends %d bytes; the server's kernel answers with a RST", messageBytes)
	c.serverSock.WantApp(connReset)
	sent := c.repliedByServer(cause.DataAfterClose, event.StateFinWait2)
	sent.Sources, sent.App = acceptedSocket, connReset
	e.Expect(sent)
	c.sendOn(flow, byReset, event.StateFinWait2, false)
}

func playEndedByKeepalive(e *Env, cause event.CauseID, configure func(*Socket)) {
	c, flow := playKeepalive(e, cause, configure)
	c.sendOn(flow, byTimeout, event.StateEstablished, false)
}

func playEndedInSilence(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.UserTimeout(patienceMillis)
	c.serverSock.Send(messageBytes)
	e.Stepf("server writes %d bytes; the client does not acknowledge them", messageBytes)
	c.timesOut()
	c.sendOn(flow, byTimeout, event.StateEstablished, true)
}

func playEndedWithListener(e *Env) {
	c, flow := e.queued()
	c.listener.Close()
	e.awaitFrom(flow, event.RST)
	e.Stepf("server closes the listening socket: its kernel sends a RST")
	sent := c.sentByServer(cause.ListenerClosed, event.StateEstablished)
	sent.Sources = fromListener
	e.Expect(sent)
	c.endedBy = e.pairs

	e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	e.awaitFrom(flow, event.RST)
	e.Stepf("client sends %d bytes: the connection is gone, the kernel answers with a RST", messageBytes)
	x := c.closedEarlier(event.StateEstablished)
	x.WithoutMemory, x.Socket, x.EarlierEndedBy = cause.HalfOpen, event.SockNone, ""
	e.Expect(x)
}
