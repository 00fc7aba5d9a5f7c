package lab

import (
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// What scenarios with a packet peer are made of: flows that have no connection
// yet, handshakes that stop half way, and what must be reported of them.

// kernelAt is an end of the namespace next to the peer.
func (e *Env) kernelAt(port uint16) event.Endpoint {
	return event.Endpoint{Addr: e.address(serverEnd), Port: port}
}

// flow is a flow from a port of the peer to the server's port, on which nothing
// was sent yet.
func (e *Env) flow(port uint16) *packetpeer.Flow {
	return e.peer.Flow(port, e.kernelAt(serverPort).AddrPort())
}

// send sends a segment of a flow that is not the next in order.
func (e *Env) send(f *packetpeer.Flow, s packetpeer.Segment) { e.must(f.SendSegment(s)) }

// dial opens a connection from a port of the peer.
func (e *Env) dial(port uint16) *packetpeer.Flow {
	f := e.flow(port)
	e.must(f.Dial())
	return f
}

// halfOpen sends a SYN from a port of the peer and takes the answer: the
// listener has a pending request now.
func (e *Env) halfOpen(port uint16) *packetpeer.Flow {
	f := e.flow(port)
	e.must(f.Begin())
	return f
}

// listen starts a server process that listens next to the peer.
func (e *Env) listen(backlog int) (*Actor, *Socket) {
	server := e.Actor("server", serverEnd)
	return server, server.Listen(e.kernelAt(serverPort).AddrPort(), backlog)
}

// beginConnect makes a client connect to the peer, does not wait for the
// outcome, and returns the flow with the client's SYN.
func (e *Env) beginConnect() (*conversation, *packetpeer.Flow) {
	c := &conversation{env: e, client: e.Actor("client", clientEnd)}
	c.serverAt = event.Endpoint{Addr: e.peer.Addr(), Port: serverPort}
	c.clientSock = c.client.Socket()
	c.clientSock.Nonblocking()
	c.clientSock.want("connect", c.clientSock.Connect(c.serverAt.AddrPort()), Result{Errno: "EINPROGRESS"})
	c.clientAt = c.clientSock.Local()
	flow, err := e.peer.Listen(serverPort)
	e.must(err)
	e.Stepf("client %s sends a SYN to %s", c.clientAt, c.serverAt)
	return c, flow
}

// fastOpen makes the peer open a connection with data in its SYN (RFC 7413). The
// server may accept it before the handshake has ended.
func (e *Env) fastOpen() (*conversation, *packetpeer.Flow) {
	const withoutCookie = "515" // server side on, cookies not required
	e.Sysctl(serverEnd, "ipv4/tcp_fastopen", withoutCookie)
	c := &conversation{env: e}
	c.server, c.listener = e.listen(1)
	c.listener.FastOpen()
	flow := e.flow(peerPort)
	c.serverAt, c.clientAt = flow.Remote, flow.Local
	syn := packetpeer.Segment{
		Flags: event.SYN, Seq: flow.Seq, Window: flow.Window, Payload: make([]byte, messageBytes),
		Options: []layers.TCPOption{{OptionType: fastOpenOption, OptionLength: 2}},
	}
	e.send(flow, syn)
	flow.Seq += 1 + messageBytes
	if answer := e.awaitFrom(flow, event.SYN|event.ACK); answer.Ack != flow.Seq {
		e.Failf("the kernel did not take the data of the SYN")
	}
	e.Stepf("client %s opens a connection with %d bytes in its SYN", c.clientAt, messageBytes)
	return c, flow
}

const fastOpenOption = 34

// listening are the sources that are right for the owner of a listener.
var listening = []event.OwnerSource{event.FromSocket, event.FromListener}

// replied expects the kernel to answer a segment of the flow.
func (e *Env) replied(f *packetpeer.Flow, cause event.CauseID, flags event.TCPFlags) Expectation {
	return Expectation{
		Namespace: e.namespaces[0].Name(),
		Dir:       event.Sent, Cause: cause, Local: f.Remote, Peer: f.Local,
		Hook: event.HookSendReply, Socket: event.SockNone, Flags: flags, OnWire: true,
	}
}

// repliedByListener is the same where a listener got the segment.
func (e *Env) repliedByListener(f *packetpeer.Flow, owner *Actor, cause event.CauseID, flags event.TCPFlags) Expectation {
	x := e.replied(f, cause, flags)
	x.Socket, x.States = event.SockFull, []event.State{event.StateListen}
	x.Owner, x.Sources = owner.Name(), listening
	return x
}

// sendRST sends a RST that is the peer's next segment but for an offset to its
// sequence number, and says what it looks like.
func (e *Env) sendRST(f *packetpeer.Flow, flags event.TCPFlags, offset int) {
	e.send(f, rst(f, flags, offset))
	e.Stepf("a RST %s arrives, its sequence number %+d off what is expected", flags, offset)
}

// sendReason sends a RST with a text in it.
func (e *Env) sendReason(f *packetpeer.Flow, offset int, text string) {
	s := rst(f, event.RST, offset)
	s.Payload = []byte(text)
	e.send(f, s)
	e.Stepf("a RST arrives, its sequence number %+d off what is expected, with the text %q", offset, text)
}

// sendCode sends a RST with a payload that is no text.
func (e *Env) sendCode(f *packetpeer.Flow, offset int, payload []byte, what string) {
	s := rst(f, event.RST, offset)
	s.Payload = payload
	e.send(f, s)
	e.Stepf("a RST arrives, its sequence number %+d off what is expected, with %s", offset, what)
}

// rst has the shape of a reply: window 0 and no timestamps.
func rst(f *packetpeer.Flow, flags event.TCPFlags, offset int) packetpeer.Segment {
	s := packetpeer.Segment{Flags: flags, Seq: f.Seq + uint32(offset)}
	if flags.Has(event.ACK) {
		s.Ack = f.Ack
	}
	return s
}

// stillWorks shows that the connection of the server's socket goes on.
func (c *conversation) stillWorks(f *packetpeer.Flow) {
	c.env.must(f.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	c.serverSock.WantRead(Result{N: messageBytes})
	c.env.Stepf("the connection goes on: server reads %d bytes", messageBytes)
}

// mptcpSocket makes a socket of MPTCP.
func (a *Actor) mptcpSocket() *Socket { return a.socketOf(unix.IPPROTO_MPTCP) }
