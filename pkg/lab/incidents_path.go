package lab

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// What a peer, or something on the way to it, does to a connection.
func pathIncidents() []Scenario {
	const long, short = 10500 * time.Millisecond, 3 * time.Second
	gone := []event.CauseID{cause.PeerGone}
	return []Scenario{
		incident("idle-limit-between",
			"A connection is silent for 10.5 s, and then the other end does not know it any more.",
			"Firewalls and load balancers forget connections that are silent for too long. The next request is answered by a RST.",
			Packets, gone, must("idle-limit-between", Outside), func(e *Env) { playForgotten(e, long) }),
		incident("short-silence",
			"A connection is silent for 3 s, and then the other end does not know it any more.",
			"No device forgets so soon. Something else happened there, and nothing here shows what.",
			Packets, gone, nil, func(e *Env) { playForgotten(e, short) }),
		incident("never-established",
			"A peer completes the handshake, acknowledges nothing, and answers with a RST in the end.",
			"A listener whose accept queue is full looks like this: its kernel has answered the SYN and then dropped the connection.",
			Packets, gone, must("never-established", Outside), func(e *Env) { playUnanswered(e, false) }),
		incident("stops-answering",
			"A peer has answered once, does not acknowledge the next request, and answers with a RST in the end.",
			"It had taken the connection, so its accept queue is not the reason.",
			Packets, gone, []Diagnosis{{Pattern: "reset-in-full-flow", Accuses: Outside}, {Accuses: Nobody}}, func(e *Env) { playUnanswered(e, true) }),
		incident("full-flow",
			"A RST of the peer ends a conversation in full flow.",
			"A request and its answer were exchanged a moment before, and the next request is answered with a RST. The peer, or something between, gave the connection up.",
			Packets, gone, must("reset-in-full-flow", Outside), func(e *Env) { playForgotten(e, 0) }),
		incident("forged",
			"Somebody forges a RST between two ends on this host.",
			"The RST has the client's addresses and the right number, so the server's kernel obeys it. The client has sent none, and sends on.",
			Veth, []event.CauseID{cause.PeerGone, cause.ClosedEarlier},
			[]Diagnosis{{Pattern: "sent-by-no-socket", Or: []event.PatternID{"reset-in-full-flow"}, Accuses: Outside, Must: true}}, playForged),
	}
}

// answered connects a client to the peer and exchanges a request and an answer.
func (e *Env) answered() (*conversation, *packetpeer.Flow) {
	c, flow := e.connectToPeer(false)
	c.clientSock.Send(messageBytes)
	e.awaitFrom(flow, event.PSH)
	e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
	c.clientSock.WantRead(Result{N: messageBytes})
	e.Stepf("client sends a request and gets its answer")
	return c, flow
}

func playForgotten(e *Env, silence time.Duration) {
	c, flow := e.answered()
	e.silence(silence)
	c.clientSock.Send(messageBytes)
	e.awaitFrom(flow, event.PSH)
	e.Stepf("client sends its next request")
	c.resetByPeer(flow)
}

// resetByPeer lets the peer answer the client's request with a RST.
func (c *conversation) resetByPeer(flow *packetpeer.Flow) {
	c.env.sendRST(flow, event.RST, 0)
	c.clientSock.AwaitState(event.StateClose)
	received := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	received.WithoutPacket, received.Flags = cause.ResetByPeer, event.RST
	received.Lost = &event.Lost{UnackedBytes: messageBytes}
	c.env.Expect(received)
}

func playUnanswered(e *Env, taken bool) {
	const attempts = 3
	begin := e.answered
	if !taken {
		begin = func() (*conversation, *packetpeer.Flow) { return e.connectToPeer(false) }
	}
	c, flow := begin()
	c.clientSock.Send(messageBytes)
	ack := flow.Ack
	for range attempts {
		e.awaitFrom(flow, event.PSH)
		flow.Ack = ack
	}
	e.Stepf("client sends %d bytes, %d times", messageBytes, attempts)
	c.resetByPeer(flow)
}

func playForged(e *Env) {
	c := e.converse()
	c.exchange()
	e.forger().sendFrom(c, c.clientSock.nextSeq())
	c.serverSock.AwaitState(event.StateClose)
	e.Stepf("a RST in the client's name ends the server's connection")
	e.Expect(c.receivedByServer(cause.PeerGone, event.StateEstablished, connReset))
	c.endedBy = e.pairs

	c.clientSock.Send(messageBytes)
	c.clientSock.AwaitState(event.StateClose)
	e.Stepf("client, unaware, sends %d bytes; the server's kernel answers with a RST", messageBytes)
	sent := c.closedEarlier(event.StateEstablished)
	sent.EarlierEndedBy, sent.Sources = byReset, acceptedSocket
	echo := c.receivedByClient(cause.PeerGone, event.StateEstablished, connReset)
	echo.Lost = &event.Lost{UnackedBytes: messageBytes}
	e.ExpectRST(sent, echo)
}

// forger sends segments in the name of others.
type forger struct{ env *Env }

// forger puts one next to the server.
func (e *Env) forger() forger {
	own, other := netip.MustParsePrefix("10.79.0.1/24"), netip.MustParseAddr("10.79.0.2")
	peer, err := packetpeer.New(e.ctx, e.namespace(serverEnd), own, other)
	e.must(err)
	e.peer = peer
	// What comes from there has the addresses of others.
	for _, device := range []string{"all", packetpeer.DeviceName} {
		e.Sysctl(serverEnd, "ipv4/conf/"+device+"/rp_filter", "0")
	}
	return forger{e}
}

// sendFrom sends a RST in the name of the client.
func (f forger) sendFrom(c *conversation, seq uint32) {
	flow := f.env.peer.Flow(c.clientAt.Port, c.serverAt.AddrPort())
	flow.Local = c.clientAt
	f.env.send(flow, packetpeer.Segment{Flags: event.RST, Seq: seq})
}

// nextSeq is the sequence number of the next byte that the socket will send.
func (s *Socket) nextSeq() uint32 {
	const sendQueue, off = 2, -1
	s.setTCP(unix.TCP_REPAIR, 1)
	s.setTCP(unix.TCP_REPAIR_QUEUE, sendQueue)
	seq := s.getTCP(unix.TCP_QUEUE_SEQ)
	s.setTCP(unix.TCP_REPAIR, off)
	return uint32(seq)
}
