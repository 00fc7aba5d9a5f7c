package lab

import (
	"time"

	"github.com/rsttrace/rsttrace/internal/lab/packetpeer"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	idleLimit = 1500 * time.Millisecond // of a server of the lab
	pause     = 300 * time.Millisecond  // no limit is as short
)

// Connections that end after a silence, or after a mere pause.
func idleIncidents() []Scenario {
	aborts := []event.CauseID{cause.LingerZero, cause.PeerAborted}
	refusals := []event.CauseID{cause.DataAfterClose}
	return []Scenario{
		incident("idle-limit",
			"A server ends idle connections after 1.5 s with SO_LINGER {1,0}.",
			"Three clients have had their answers and keep their connections. After the same silence the server aborts all of them.",
			Veth, aborts, timed("idle-limit", serverEnd, Diagnosis{Pattern: "deliberate-abort", Accuses: serverEnd}), func(e *Env) { playIdleAbort(e, idleLimit) }),
		incident("pause",
			"A server aborts connections after a pause of 0.3 s.",
			"A pause of a conversation is no idle limit: nobody sets one as short.",
			Veth, aborts, must("deliberate-abort", serverEnd), func(e *Env) { playIdleAbort(e, pause) }),
		incident("keep-alive-race",
			"A server closes idle connections after 1.5 s, and the next requests cross its FINs on the way.",
			"The client has sent its request before the FIN arrives, so it could not know. Such requests fail now and then, at random.",
			Packets, refusals, must("keep-alive-race", serverEnd), func(e *Env) { playRace(e, idleLimit) }),
		incident("close-race",
			"A server closes connections that are in use, and the next requests cross its FINs on the way.",
			"No idle limit ended them: the last answer was sent a moment before.",
			Packets, refusals, must("closed-under-request", serverEnd), func(e *Env) { playRace(e, 0) }),
		incident("stale-pool",
			"A client sends its next request half a second after the server has closed.",
			"The FIN was there for all that time. The client's pool does not look at a connection before it uses it.",
			Veth, []event.CauseID{cause.DataAfterClose, cause.WroteAfterPeerClose}, must("stale-pool", clientEnd), playStalePool),
	}
}

func playIdleAbort(e *Env, silence time.Duration) {
	all := e.connections(several)
	for _, c := range all {
		c.exchange()
	}
	e.silence(silence)
	for _, c := range all {
		c.abortByServer()
		c.expectAborted()
	}
}

func playStalePool(e *Env) {
	const unseen = 500 * time.Millisecond
	all := e.connections(several)
	for _, c := range all {
		c.exchange()
	}
	e.silence(idleLimit)
	var left []event.SockKind
	for _, c := range all {
		c.serverSock.Close()
		left = append(left, e.AwaitFinWait2(serverEnd, c.serverAt, c.clientAt))
	}
	e.Stepf("server closes; client does not look")
	e.silence(unseen)
	for i, c := range all {
		c.clientSock.Send(messageBytes)
		c.clientSock.AwaitState(event.StateClose)
		e.Stepf("client sends its next request; the server's kernel answers with a RST")
		c.expectRefusedData(left[i], event.StateFinWait2)
	}
}

// accepted is a connection of the packet peer.
type accepted struct {
	*conversation
	flow *packetpeer.Flow
}

// acceptSeveral lets the peer connect several times, and exchange a request and an answer
// on each connection.
func (e *Env) acceptSeveral() (all []accepted) {
	server, listener := e.listen(several)
	for i := range uint16(several) {
		flow := e.dial(peerPort + i)
		c := &conversation{env: e, server: server, listener: listener, serverAt: flow.Remote, clientAt: flow.Local}
		c.serverSock = listener.Accept()
		e.must(flow.Send(event.PSH|event.ACK, make([]byte, messageBytes)))
		c.serverSock.WantRead(Result{N: messageBytes})
		c.serverSock.Send(messageBytes)
		e.awaitFrom(flow, event.PSH)
		e.must(flow.Send(event.ACK, nil))
		c.serverSock.AwaitAcknowledged()
		all = append(all, accepted{c, flow})
	}
	e.Stepf("%d clients send a request and get their answers", several)
	return all
}

func playRace(e *Env, silence time.Duration) {
	all := e.acceptSeveral()
	e.silence(silence)
	for _, c := range all {
		c.serverSock.Close()
		e.awaitFrom(c.flow, event.FIN)
		e.must(c.flow.SendSegment(packetpeer.Segment{
			Flags: event.PSH | event.ACK, Seq: c.flow.Seq, Ack: c.flow.Ack - 1, Window: c.flow.Window,
			Payload: make([]byte, messageBytes),
		}))
		e.awaitFrom(c.flow, event.RST)
		e.AwaitGone(serverEnd, c.serverAt, c.clientAt)
		e.Stepf("server closes; a request of the client that is on its way draws a RST")
		e.Expect(c.repliedByServer(cause.DataAfterClose, event.StateFinWait1))
	}
}
