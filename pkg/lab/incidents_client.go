package lab

import (
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Clients that end connections.
func clientIncidents() []Scenario {
	unread := []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted}
	aborts := []event.CauseID{cause.LingerZero, cause.PeerAborted}
	return []Scenario{
		incident("client-gave-up",
			"A client gives up three downloads after 1.5 s.",
			"The server is slow but sends. The client has a time limit for the whole, and closes with data unread.",
			Veth, unread, append(timed("client-gave-up", clientEnd, Diagnosis{Pattern: "client-closed-early", Accuses: clientEnd}), Diagnosis{Pattern: "process-paused", Slow: true}), // the machine paused
			func(e *Env) { playGivesUp(e, []int{5, 5, 5}) }),
		incident("client-ends-at-any-age",
			"A client ends three downloads at different ages.",
			"Whatever made it close, no time limit did.",
			Veth, unread, must("client-closed-early", clientEnd),
			func(e *Env) { playGivesUp(e, []int{4, 7, 10}) }),
		incident("client-went-away",
			"A client exits with status 0 while the server is sending.",
			"A benchmark that has reached its number of requests ends like this: it was meant to.",
			Veth, unread, harmless("client-went-away"), func(e *Env) { playClientExits(e, 0) }),
		incident("client-failed",
			"A client exits with status 3 while the server is sending.",
			"It did not mean to: its status says that something failed.",
			Veth, unread, must("process-died", clientEnd), func(e *Env) { playClientExits(e, exitCode) }),
		incident("port-check",
			"A client connects every half second and ends the connection at once.",
			"Load balancers test ports so: SO_LINGER {1,0} spares both sides the rest of the conversation.",
			Veth, aborts,
			[]Diagnosis{{Pattern: "port-check", Accuses: Nobody, Harmless: true, Must: true, Timed: true}, {Pattern: "deliberate-abort", Accuses: clientEnd}},
			func(e *Env) { playChecks(e, 0) }),
		incident("client-aborts-request",
			"A client connects, sends a request, and ends the connection at once.",
			"A check that sent something wants an answer: this is no mere check of the port.",
			Veth, aborts, must("deliberate-abort", clientEnd), func(e *Env) { playChecks(e, messageBytes) }),
	}
}

// playGivesUp lets a server send a part each time, and the client close a connection after
// so many parts.
func playGivesUp(e *Env, parts []int) {
	const part, each = 100, 300 * time.Millisecond
	all := e.connections(len(parts))
	for sent := 1; sent <= slices.Max(parts); sent++ {
		for i, c := range all {
			if sent <= parts[i] {
				c.arrive(c.serverSock, c.clientSock, part, part*sent)
			}
		}
		e.silence(each)
		for i, c := range all {
			if sent == parts[i] {
				c.clientSock.Close()
				e.Stepf("client closes with %d bytes unread", part*sent)
				c.expectClientUnread(uint32(part*sent), event.Ended{})
			}
		}
	}
}

func playClientExits(e *Env, code int) {
	const part = 1000
	all := e.connections(several)
	for _, c := range all {
		c.arrive(c.serverSock, c.clientSock, part, part)
	}
	all[0].client.Exit(code)
	e.Stepf("client exits with status %d; %d bytes of each connection are unread", code, part)
	for _, c := range all {
		c.expectClientUnread(part, event.Ended{ExitCode: &code})
	}
}

// playChecks connects, sends so many bytes, and aborts, again and again.
func playChecks(e *Env, bytes int) {
	const checks, every = 4, 600 * time.Millisecond
	server := e.Actor("server", serverEnd)
	first := e.reach("client")
	first.server, first.listener = server, server.Listen(first.serverAt.AddrPort(), checks)
	for range checks {
		c := *first
		c.clientSock = c.client.Socket()
		c.clientSock.LingerZero()
		e.atOnce(func() {
			c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{})
			c.clientAt = c.clientSock.Local()
			if bytes > 0 {
				c.clientSock.Send(bytes)
				c.clientSock.AwaitAcknowledged()
			}
			c.clientSock.Close()
		})
		e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
		e.Stepf("client %s connects, sends %d bytes, and closes with SO_LINGER {1,0}", c.clientAt, bytes)
		c.listener.Accept().Close()

		received := c.receivedByServer(cause.PeerAborted, event.StateEstablished, inQueue(connReset))
		if bytes > 0 {
			received.App = withData(received.App)
		}
		e.ExpectRST(c.sentByClient(cause.LingerZero), received)
		e.silence(every)
	}
}
