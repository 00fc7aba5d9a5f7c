package lab

import (
	"errors"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const peerPort = 40000

// converseWithPeer connects an actor, the named end, with the packet peer as
// the other.
func (e *Env) converseWithPeer(end string) (*conversation, *packetpeer.Flow) {
	if end == serverEnd {
		return e.acceptPeer()
	}
	return e.connectToPeer(false)
}

func (e *Env) acceptPeer() (*conversation, *packetpeer.Flow) {
	c := &conversation{env: e, server: e.Actor("server", serverEnd)}
	c.serverAt = event.Endpoint{Addr: e.address(serverEnd), Port: serverPort}
	c.clientAt = event.Endpoint{Addr: e.peer.Addr(), Port: peerPort}
	c.listener = c.server.Listen(c.serverAt.AddrPort(), 1)
	flow, err := e.peer.Dial(peerPort, c.serverAt.AddrPort())
	e.must(err)
	c.serverSock = c.listener.Accept()
	e.Stepf("client %s connects to server %s", c.clientAt, c.serverAt)
	return c, flow
}

func (e *Env) connectToPeer(timestamps bool) (*conversation, *packetpeer.Flow) {
	c := &conversation{env: e, client: e.Actor("client", clientEnd)}
	c.serverAt = event.Endpoint{Addr: e.peer.Addr(), Port: serverPort}
	c.clientSock = c.client.Socket()
	// connect blocks until the peer has answered.
	type accepted struct {
		flow *packetpeer.Flow
		err  error
	}
	result := make(chan accepted, 1)
	go func() {
		flow, err := e.peer.Listen(serverPort)
		if err == nil && timestamps && !flow.NegotiateTimestamps() {
			err = errors.New("the client's SYN offers no timestamps")
		}
		if err == nil {
			err = flow.Establish()
		}
		result <- accepted{flow, err}
	}()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{})
	got := <-result
	e.must(got.err)
	c.clientAt = c.clientSock.Local()
	e.Stepf("client %s connects to server %s", c.clientAt, c.serverAt)
	return c, got.flow
}
