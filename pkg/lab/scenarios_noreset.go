package lab

import (
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// patienceMillis is how long a kernel waits where it would wait for minutes.
const patienceMillis = 300

func noResetScenarios() []Scenario {
	both := func(name, title, story string, path Path, run func(*Env)) Scenario {
		return Scenario{Name: name, Title: title, Story: story, Families: bothFamilies, Path: path, Run: run}
	}
	destroyed := both("no-reset-destroyed-in-syn-sent",
		"A connection attempt is destroyed: no RST.",
		"In SYN_SENT the other end knows of no connection yet, so what `ss -K` destroys there needs no RST. The client's connect gives ECONNABORTED.",
		Packets, playDestroyedInSynSent)
	destroyed.HostChanges = missesModule(diagModules...)
	return []Scenario{
		both("no-reset-retransmission-timeout",
			"Data stays unacknowledged until the kernel gives up: no RST.",
			"The client has vanished while data was on its way. The kernel sends it again and again, here for 300 ms only, then gives the connection up. "+
				"The server gets ETIMEDOUT, and nothing goes out: unlike keep-alive, this timer ends connections in silence.",
			Packets, playRetransmissionTimeout),
		both("no-reset-zero-window-timeout",
			"The peer's window stays closed until the kernel gives up: no RST.",
			"The client takes no more data and does not answer any more. The kernel probes its window, then gives the connection up in silence.",
			Packets, playZeroWindowTimeout),
		both("no-reset-orphan-timeout",
			"A closed connection's FIN stays unacknowledged until the kernel gives up: no RST.",
			"The server has closed and the client has vanished. After tcp_orphan_retries attempts the kernel forgets the connection in silence.",
			Packets, playOrphanTimeout),
		both("no-reset-repair",
			"A connection is closed in repair mode: no RST.",
			"With TCP_REPAIR close sends nothing: the connection is meant to go on elsewhere.",
			Packets, func(e *Env) {
				c, _ := e.converseWithPeer(serverEnd)
				c.closeRepaired()
			}),
		both("no-reset-abort-in-syn-sent",
			"The client gives up connecting, with SO_LINGER {1,0}: no RST.",
			"The SYN was not answered yet, so there is no connection at the other end that could be aborted. The kernel counts an abort all the same.",
			Packets, playAbortInSynSent),
		destroyed,
		both("no-reset-accept-queue-overflow",
			"A handshake ends while the accept queue is full: no RST by default.",
			"The kernel ignores the client's ACK and sends its SYN-ACK again later: perhaps the server accepts meanwhile. "+
				"Only tcp_abort_on_overflow makes it answer with a RST.",
			Packets, func(e *Env) { playOverflow(e, false) }),
		both("no-reset-shutdown-read",
			"Data arrives after shutdown(SHUT_RD): no RST.",
			"shutdown(SHUT_RD) sends nothing, and the kernel goes on taking data for the socket. Only close refuses it.",
			Veth, playShutdownRead),
		both("no-reset-out-of-order-data",
			"The server closes while data waits behind a gap: no RST.",
			"What has arrived out of order cannot be read yet, so close does not count it as unread: it sends a FIN.",
			Packets, playOutOfOrder),
	}
}

// timesOut waits until the server's connection has timed out, which counts
// without an event.
func (c *conversation) timesOut() {
	c.serverSock.AwaitState(event.StateClose)
	c.serverSock.WantRead(Result{Errno: "ETIMEDOUT"})
	c.env.Stepf("the kernel gives up in silence; server reads: ETIMEDOUT")
	c.env.CountedSilently(serverEnd, "TCPAbortOnTimeout", 1, "timers other than keep-alive send no RST")
	c.env.CountedSilently(serverEnd, "TcpEstabResets", 1, "an established connection timed out")
}

func playRetransmissionTimeout(e *Env) {
	c, _ := e.converseWithPeer(serverEnd)
	c.serverSock.UserTimeout(patienceMillis)
	c.serverSock.Send(messageBytes)
	e.Stepf("server writes %d bytes; the client does not acknowledge them", messageBytes)
	c.timesOut()
}

func playZeroWindowTimeout(e *Env) {
	c, _ := e.acceptWithoutWindow()
	c.serverSock.UserTimeout(patienceMillis)
	c.writeStuck(messageBytes)
	c.timesOut()
}

func playOrphanTimeout(e *Env) {
	e.Sysctl(serverEnd, "ipv4/tcp_orphan_retries", "1")
	c, flow := e.converseWithPeer(serverEnd)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.Stepf("server closes; the client does not acknowledge the FIN")
	e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
	e.Stepf("the kernel gives up in silence")
	e.CountedSilently(serverEnd, "TCPAbortOnTimeout", 1, "an orphan that nobody answers ends in silence")
}

func playAbortInSynSent(e *Env) {
	c, _ := e.beginConnect()
	c.clientSock.LingerZero()
	c.clientSock.Close()
	e.AwaitGone(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("client closes with SO_LINGER {1,0}: nothing goes out")
	e.CountedSilently(clientEnd, "TCPAbortOnData", 1, "an abortive close counts in every state")
}

func playDestroyedInSynSent(e *Env) {
	c, _ := e.beginConnect()
	destroyer := e.destroy(clientEnd, c.clientAt, c.serverAt)
	e.Stepf("%s destroys the client's socket: nothing goes out", destroyer.Name())
	c.clientSock.want("SO_ERROR", c.clientSock.PendingError(), Result{Errno: "ECONNABORTED"})
	e.Stepf("client asks how its connect went: ECONNABORTED")
	e.CountedSilently(clientEnd, "TcpAttemptFails", 1, "a connection attempt ended without a RST")
}

func playShutdownRead(e *Env) {
	c := e.converse()
	c.serverSock.Shutdown(unix.SHUT_RD)
	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitAcknowledged()
	e.Stepf("server shuts down its receiving side; client's %d bytes are acknowledged all the same", messageBytes)
	c.serverSock.WantRead(Result{N: messageBytes})
	e.Stepf("server can even read them")
}

func playOutOfOrder(e *Env) {
	c, flow := e.converseWithPeer(serverEnd)
	const gap = 10
	e.send(flow, packetpeer.Segment{
		Flags: event.PSH | event.ACK, Seq: flow.Seq + gap, Ack: flow.Ack, Window: flow.Window, Payload: make([]byte, messageBytes),
	})
	e.awaitFrom(flow, event.ACK)
	e.Stepf("%d bytes arrive behind a gap", messageBytes)
	c.serverSock.Close()
	e.awaitFrom(flow, event.FIN)
	e.Stepf("server closes: a FIN goes out")
}
