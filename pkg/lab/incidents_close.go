package lab

import (
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Servers that close with something unread.
func closeIncidents() []Scenario {
	const closeNotify, request, handshake = 24, 40, 1000
	return []Scenario{
		incident("turned-away",
			"A server accepts connections and closes them at once, with the request unread.",
			"Programs that have reached their limit of connections do so: they cannot leave the connection in the queue, and have nothing to say.",
			Veth, unreadClose,
			[]Diagnosis{{Pattern: "turned-away", Or: []event.PatternID{"closed-before-read"}, Accuses: serverEnd, Likely: true, Must: true}},
			func(e *Env) { playTurnedAway(e, 0, 0) }),
		incident("turned-away-late",
			"A server accepts connections and closes them at once. Its clients send their requests a moment later.",
			"The server has no time for a look at them. The requests come for connections that are closed already.",
			Veth, []event.CauseID{cause.DataAfterClose, cause.WroteAfterPeerClose},
			[]Diagnosis{
				{Pattern: "turned-away", Accuses: serverEnd, Likely: true, Must: true, Timed: true},
				{Pattern: "closed-under-request", Accuses: serverEnd, Slow: true}, {Pattern: "stale-pool", Accuses: clientEnd, Slow: true},
				{Pattern: "closed-under-request", Accuses: serverEnd, Hidden: true}, // only the client is seen then
			}, func(e *Env) { playTurnedAwayLate(e, false) }),
		incident("turned-away-by-chance",
			"A server accepts connections and closes them at once. Some requests come before the close, and some after it.",
			"One incident with two causes, by chance. It is one finding with one piece of advice.",
			Veth, []event.CauseID{cause.UnreadDataOnClose, cause.PeerAborted, cause.DataAfterClose, cause.WroteAfterPeerClose},
			[]Diagnosis{
				{Pattern: "turned-away", Accuses: serverEnd, Likely: true, Must: true, Timed: true, Says: []string{"(3 times)"}},
				{Pattern: "closed-before-read", Accuses: serverEnd, Slow: true}, {Pattern: "closed-under-request", Accuses: serverEnd, Slow: true}, {Pattern: "stale-pool", Accuses: clientEnd, Slow: true},
				{Pattern: "turned-away", Or: []event.PatternID{"closed-under-request"}, Accuses: serverEnd, Hidden: true},
			}, func(e *Env) { playTurnedAwayLate(e, true) }),
		incident("answers-unread",
			"A server sends a line and closes at once, with the request unread.",
			"Servers that are full say so in a line. But this server is no program with a known limit: the line may be its answer to every request.",
			Veth, unreadClose, must("closed-before-read", serverEnd), func(e *Env) { playTurnedAway(e, 0, messageBytes) }),
		incident("slow-close",
			"A server accepts connections, and closes them a moment later with the request unread.",
			"A limit of connections closes at once. This server had the time to read.",
			Veth, unreadClose, must("closed-before-read", serverEnd), func(e *Env) { playTurnedAway(e, pause, 0) }),
		incident("unread-farewell",
			"A server closes, and only the client's farewell is unread.",
			"24 bytes is the size of close_notify in TLS 1.3: the client said that it is done. Nothing was lost.",
			Veth, unreadClose, harmless("unread-farewell"), func(e *Env) { playFarewell(e, handshake, closeNotify) }),
		incident("unread-request",
			"A server closes, and the client's next request is unread.",
			"40 bytes are no farewell: the client waits for an answer.",
			Veth, unreadClose, must("closed-before-read", serverEnd), func(e *Env) { playFarewell(e, handshake, request) }),
		incident("reload-under-load",
			"A server that has answered many requests closes all connections in one moment. On each the next request is unread.",
			"A reload or a stop under load does so. No upload was cut: the server had answered what came before.",
			Veth, unreadClose,
			[]Diagnosis{{Pattern: "closed-under-request", Accuses: serverEnd, Must: true, Says: []string{"had answered before", "40 bytes"}}},
			playReloadUnderLoad),
		incident("unread-short-request",
			"A server closes, and 24 bytes of the client are unread, without TLS.",
			"They have the size of a farewell. But too little was exchanged before for a handshake of TLS: they are a request.",
			Veth, unreadClose, must("closed-before-read", serverEnd), func(e *Env) { playFarewell(e, messageBytes, closeNotify) }),
		incident("proxy-chain",
			"The server behind a proxy aborts, and the proxy aborts its client's connection.",
			"To the client the proxy did it. The proxy only passed on what it got a moment before from its own server.",
			Veth, []event.CauseID{cause.LingerZero, cause.PeerAborted},
			[]Diagnosis{
				{Pattern: "deliberate-abort", Accuses: "backend", Must: true},
				{Pattern: "passed-on", Accuses: Nobody, After: "deliberate-abort", Likely: true, Must: true, Timed: true},
				{Pattern: "deliberate-abort", Accuses: "proxy", Slow: true}, // more than 100 ms later
			}, playProxyChain),
		incident("two-clients",
			"A client of a server aborts, and a moment later the server aborts the connection of another client.",
			"The server needs neither connection for the other one: the two resets are no chain.",
			Veth, []event.CauseID{cause.LingerZero, cause.PeerAborted},
			[]Diagnosis{
				{Pattern: "deliberate-abort", Accuses: "client", Must: true},
				{Pattern: "deliberate-abort", Accuses: serverEnd, Must: true},
			}, playTwoClients),
	}
}

// playTurnedAway lets a server wait, say so many bytes, and close with a request unread.
func playTurnedAway(e *Env, wait time.Duration, says int) {
	for _, c := range e.connectionsOneByOne() {
		c.arrive(c.clientSock, c.serverSock, unreadBytes, unreadBytes)
		e.silence(wait)
		if says > 0 {
			c.arrive(c.serverSock, c.clientSock, says, says)
			e.Stepf("server says %d bytes", says)
		}
		c.closeUnread(unreadBytes)
		if says > 0 {
			e.expect[len(e.expect)-1].App = withData(connReset)
		}
	}
}

// playTurnedAwayLate lets clients send their requests after the close, or every second one
// before it.
func playTurnedAwayLate(e *Env, byChance bool) {
	for i, c := range e.connectionsOneByOne() {
		if byChance && i%2 == 1 {
			c.arrive(c.clientSock, c.serverSock, unreadBytes, unreadBytes)
			c.closeUnread(unreadBytes)
			continue
		}
		c.serverSock.Close()
		left := e.AwaitFinWait2(serverEnd, c.serverAt, c.clientAt)
		e.Stepf("server closes without a look")
		c.clientSock.Send(messageBytes)
		c.clientSock.AwaitState(event.StateClose)
		e.Stepf("client sends its request; the server's kernel answers with a RST")
		c.expectRefusedData(left, event.StateFinWait2)
	}
}

// connectionsOneByOne yields several connections, each as it is made. What is done with
// one has to follow at once.
func (e *Env) connectionsOneByOne() func(yield func(int, *conversation) bool) {
	server := e.Actor("server", serverEnd)
	first := e.reach("client")
	listener := server.Listen(first.serverAt.AddrPort(), several)
	return func(yield func(int, *conversation) bool) {
		for i := range several {
			c := *first
			more := false
			e.atOnce(func() {
				c.acceptBy(server, listener)
				more = yield(i, &c)
			})
			if !more {
				return
			}
		}
	}
}

func playFarewell(e *Env, before, bytes int) {
	for _, c := range e.connections(several) {
		c.exchangeOf(before)
		c.arrive(c.clientSock, c.serverSock, bytes, bytes)
		e.Stepf("client sends %d bytes more", bytes)
		c.closeUnread(uint32(bytes))
	}
}

// playReloadUnderLoad lets a server answer, and then close all with a request unread.
func playReloadUnderLoad(e *Env) {
	const clients, requests, request, answer = 5, 3, 40, 500
	all := e.connections(clients)
	for _, c := range all {
		for range requests {
			c.arrive(c.clientSock, c.serverSock, request, request)
			c.serverSock.WantRead(Result{N: request})
			c.arrive(c.serverSock, c.clientSock, answer, answer)
			c.clientSock.WantRead(Result{N: answer})
		}
		c.arrive(c.clientSock, c.serverSock, request, request)
	}
	e.Stepf("server answers %d requests on each of %d connections; one more waits on each", requests, clients)
	for _, c := range all {
		c.closeUnread(request)
	}
}

func playProxyChain(e *Env) {
	const backendPort = 9090
	front := e.reach("client")
	proxy, backend := e.Actor("proxy", serverEnd), e.Actor("backend", serverEnd)
	front.acceptBy(proxy, proxy.Listen(front.serverAt.AddrPort(), 1))
	front.serverSock.LingerZero()

	behind := &conversation{env: e, client: proxy, serverAt: event.Endpoint{Addr: e.address(serverEnd), Port: backendPort}}
	behind.acceptBy(backend, backend.Listen(behind.serverAt.AddrPort(), 1))
	behind.serverSock.LingerZero()
	front.clientSock.Send(messageBytes)
	front.serverSock.WantRead(Result{N: messageBytes})
	behind.clientSock.Send(messageBytes)
	behind.serverSock.WantRead(Result{N: messageBytes})
	e.Stepf("client sends a request to proxy, which passes it on to backend")
	e.atOnce(func() {
		behind.serverSock.Close()
		behind.clientSock.AwaitState(event.StateClose)
		front.serverSock.Close()
	})
	front.clientSock.AwaitState(event.StateClose)
	e.Stepf("backend closes with SO_LINGER {1,0}, and then proxy does")

	sent := behind.sentByServer(cause.LingerZero, event.StateEstablished)
	received := behind.receivedByClient(cause.PeerAborted, event.StateEstablished, connReset)
	sent.Role, received.Role = event.Server, event.Client
	received.Namespace = sent.Namespace
	e.ExpectRST(sent, received)
	front.expectAborted()
}

func playTwoClients(e *Env) {
	both := e.connections(2)
	for _, c := range both {
		c.exchange()
	}
	e.ExpectRST(both[0].abortByClient())
	both[1].abortByServer()
	both[1].expectAborted()
}
