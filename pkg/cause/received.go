package cause

import "github.com/rsttrace/rsttrace/pkg/event"

const openAppSees = "the first of read, write and SO_ERROR gives ECONNRESET, read after data already queued, write without SIGPIPE; then read gives 0, write EPIPE with SIGPIPE, SO_ERROR 0. poll: IN|OUT|ERR|HUP|RDHUP, without ERR once the error was given. " +
	"A connection in the accept queue is still accepted"

// received: an incoming RST refused a connection or ended an open one.
var received = []Entry{
	{
		ID: Refused, Dir: event.Received,
		Title: "connection refused",
		Meaning: "This side sent a SYN and a RST came back: at the other end nothing listens on that port, or a firewall in front of " +
			"it answered in its name.",
		KernelPath: "tcp_rcv_state_process in SYN_SENT, tcp_reset",
		OnTheWire:  "[R.] with seq 0 that acknowledges our SYN, window 0",
		AppHere:    "connect gives ECONNREFUSED. A non-blocking one leaves it on the socket: poll gives IN|OUT|ERR|HUP|RDHUP, and the first of SO_ERROR, read, write and a second connect gives ECONNREFUSED; a connect after that gives ECONNABORTED once.",
		AppPeer:    "Nothing: no socket was involved.",
		Remedy:     "Check that the service listens on that address and port and that no firewall refuses it",
		Fix: []string{
			"On the peer: `ss -tlnp`, address family and namespace included; rsttrace there shows closed-port or netfilter-reject.",
			"The RST's TTL shows what answered: compare it with that of other packets from the peer. A firewall on the way is nearer, so its TTL is higher.",
			"`localhost` may mean ::1 first: a service on 127.0.0.1 only then refuses once before it works.",
			"At start-up: retry with a backoff, or wait for readiness (`systemd Type=notify`, Kubernetes readiness probes).",
		},
		Reproduce: []string{
			pythonLine("S.socket().connect_ex(('127.0.0.1',7999))"),
			lab("closed-port"),
		},
		Sources: []string{"tcp_reset, tcp_rcv_state_process (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.3"},
	},
	{
		ID: PeerAborted, Dir: event.Received,
		Title: "peer aborted a connection it knew",
		Meaning: "The RST was built from the state of a living connection: the peer's application or kernel tore it down. It closed " +
			"with unread data, used SO_LINGER {1,0}, crashed or was killed with data unread, or one of its timers gave up.",
		KernelPath: "tcp_validate_incoming, tcp_reset",
		OnTheWire:  "[R.] with running seq and ack, a non-zero window, timestamps if negotiated",
		AppHere:    openAppSees,
		AppPeer:    "Usually nothing: it closed the connection itself.",
		Remedy:     "Find out on the peer why it ended this connection: rsttrace there names the cause",
		Fix: []string{
			"Server answers and closes while we still upload (413, 401): stop sending when a response arrives; on the server nginx `lingering_close`, or drain the body.",
			"Peer is HAProxy: `option nolinger`; Envoy: an abortive close after overload, idle or max-duration limits.",
			"Peer was killed or restarted: look at its deployment and OOM log at that second.",
			"Retry idempotent requests on a fresh connection.",
		},
		Reproduce: []string{
			pythonLine(pair + "c.send(b'x');t();a.close();t()"),
			lab("linger-zero"),
		},
		Sources: []string{"tcp_validate_incoming, tcp_reset (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.4", "RFC 7323 3.2 (timestamps in RST)"},
	},
	{
		ID: PeerGone, Dir: event.Received,
		Title: "peer no longer knows this connection",
		Meaning: "The RST was built only from the packet that it answers: whoever sent it had no such connection. The peer rebooted, " +
			"closed long ago and its FIN was lost, timed the connection out, or a NAT, firewall or load balancer forgot the flow or " +
			"moved it to another machine.",
		KernelPath: "tcp_validate_incoming, tcp_reset",
		OnTheWire:  "[R] with seq equal to our ack, no ACK flag, window 0, no timestamps, IP ID 0 from Linux",
		AppHere:    openAppSees,
		AppPeer:    "Nothing: it has no socket for this connection.",
		Remedy:     "Keep idle connections alive below every idle limit on the path, and check for failovers",
		Fix: []string{
			"Resets after exactly 350 s of idling: AWS NAT gateway, network load balancer, gateway load balancer. After 4 min: Azure load balancer. After 10 min: Google Cloud. After 1 h: many firewalls. Set keep-alive below: `sysctl net.ipv4.tcp_keepalive_time=200` and SO_KEEPALIVE on the socket.",
			"Go: `net.Dialer{KeepAliveConfig}` and `http.Transport.IdleConnTimeout` below the limit; Java: connection pools with `maxIdleTime` or `evictIdleConnections`; Node.js: `agentkeepalive`, `socket.setKeepAlive(true, 60000)`; gRPC: keep-alive pings; database pools: `maxLifetime`.",
			"HAProxy: `option srvtcpka`, `timeout tunnel`; nginx: `proxy_socket_keepalive on`; Envoy and Istio: tcpKeepalive in the DestinationRule.",
			"Kubernetes: a Service whose endpoint went away leaves clients with dead connections; conntrack INVALID at the peer's node has the same effect.",
			"The RST's TTL, compared with the peer's other packets, shows whether a device on the way answered.",
		},
		Reproduce: []string{lab("power-loss")},
		Sources:   []string{"tcp_validate_incoming, tcp_reset (net/ipv4/tcp_input.c)", "RFC 9293 3.5.1, 3.5.2 group 1"},
	},
	{
		ID: ResetByPeer, Dir: event.Received,
		Title: "reset by peer",
		Meaning: "A RST ended an open connection, and what kind of RST it was is not known: this attach method does not see the packet " +
			"and the connection uses no timestamps, or the RST looks neither like Linux's abort nor like a plain answer (other " +
			"systems and middleboxes build them differently).",
		KernelPath: "tcp_validate_incoming, tcp_reset",
		OnTheWire:  "for example [R.] with window 0 and no timestamps",
		AppHere:    openAppSees,
		AppPeer:    "Not known.",
		Remedy:     "Look at the peer, and compare the TTL of the RST with that of its other packets",
		Fix: []string{
			"`rsttrace doctor` says which attach method would show the packet.",
			"`tcpdump -nvi any 'tcp[tcpflags] & tcp-rst != 0'`: flags, window and TTL distinguish abort, answer and middlebox.",
			"Injected RSTs (censorship, intrusion prevention) often have a TTL or IP ID unlike the peer's other packets.",
		},
		Reproduce: []string{lab("reset-by-peer")},
		Sources:   []string{"tcp_reset (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.4"},
	},
}
