package lab

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// What scenarios of whole incidents are made of: several connections of two processes,
// and times of silence.

// several is how many connections an incident has, where one would not show it.
const several = 3

// connections connects a client and a server so many times.
func (e *Env) connections(n int) []*conversation {
	server := e.Actor("server", serverEnd)
	first := e.reach("client")
	listener := server.Listen(first.serverAt.AddrPort(), n)
	var all []*conversation
	for range n {
		c := *first
		c.acceptBy(server, listener)
		all = append(all, &c)
	}
	return all
}

// atOnce does what has to follow at once, but for silences. Where it took long, the machine
// is slow.
func (e *Env) atOnce(do func()) {
	began, silent := time.Now(), e.silent
	do()
	e.slowestCall = max(e.slowestCall, time.Since(began)-(e.silent-silent))
}

// silence lets time pass.
func (e *Env) silence(d time.Duration) {
	if d == 0 {
		return
	}
	select {
	case <-e.ctx.Done():
		e.fail(e.ctx.Err())
	case <-time.After(d):
	}
	e.silent += d
	e.Stepf("nothing happens for %s", d)
}

// exchange is a request and its answer.
func (c *conversation) exchange() { c.exchangeOf(messageBytes) }

// exchangeOf is a request and its answer of so many bytes each.
func (c *conversation) exchangeOf(bytes int) {
	c.arrive(c.clientSock, c.serverSock, bytes, bytes)
	c.serverSock.WantRead(Result{N: bytes})
	c.arrive(c.serverSock, c.clientSock, bytes, bytes)
	c.clientSock.WantRead(Result{N: bytes})
	c.env.Stepf("client sends a request of %d bytes and gets its answer", bytes)
}

// arrive sends to the other end, which does not read it.
func (c *conversation) arrive(from, to *Socket, bytes, waiting int) {
	from.Send(bytes)
	to.AwaitUnread(waiting)
	from.AwaitAcknowledged()
}

// expectAborted expects both events of a server's abortive close.
func (c *conversation) expectAborted() {
	c.env.ExpectRST(
		c.sentByServer(cause.LingerZero, event.StateEstablished),
		c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
}

// closeUnread closes the server's end with so many bytes unread, and expects the RST.
func (c *conversation) closeUnread(bytes uint32) {
	c.serverSock.Close()
	c.clientSock.AwaitState(event.StateClose)
	c.env.Stepf("server closes with %d bytes unread: its kernel sends a RST", bytes)
	sent := c.sentByServer(cause.UnreadDataOnClose, event.StateEstablished)
	sent.Lost = &event.Lost{UnreadBytes: bytes}
	c.env.ExpectRST(sent, c.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset))
}

// expectClientUnread expects the RST of a client that ended with bytes unread.
func (c *conversation) expectClientUnread(bytes uint32, ended event.Ended) {
	c.serverSock.AwaitState(event.StateClose)
	sent := c.sentByClient(cause.UnreadDataOnClose)
	sent.Lost, sent.Ended = &event.Lost{UnreadBytes: bytes}, ended
	received := c.receivedByServer(cause.PeerAborted, event.StateEstablished, connReset)
	c.env.ExpectRST(sent, received)
}
