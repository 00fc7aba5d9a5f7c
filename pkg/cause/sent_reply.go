package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// sentAsReply: a packet came in that has no place here.
var sentAsReply = []Entry{
	{
		ID: ClosedPort, Dir: event.Sent,
		Title: "SYN to a port where nobody listens",
		Meaning: "A client tried to connect to an address and port of this host (or of this network namespace) where no socket " +
			"listens. Either the service is down, or it listens on another address, port, address family or in another namespace.",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv, tcp_v4_send_reset or tcp_v6_send_reset; reason NO_SOCKET (6.10+)",
		OnTheWire:  "[R.] with seq 0 and ack equal to the SYN's seq + 1, window 0, IP ID 0, no timestamps",
		AppHere:    "Nothing: there is no socket.",
		AppPeer:    "connect gives ECONNREFUSED.",
		Remedy:     "Start the service, or check on which address and in which namespace it listens",
		Fix: []string{
			"`ss -tlnp` here, and `ip netns exec NAME ss -tlnp` or `nsenter -t PID -n ss -tlnp` for a container.",
			"127.0.0.1 is not 0.0.0.0, and 0.0.0.0 is not [::]: a service bound to one is not reachable by the other (IPV6_V6ONLY, Node.js `localhost`, Java `preferIPv4Stack`).",
			"Kubernetes: the readiness probe must fail before the server stops listening; check targetPort against the containerPort.",
			"systemd: `After=` is not readiness; use `Type=notify` or a `.socket` unit so that clients do not come too early.",
			"Scans of many ports by one peer are normal on the Internet: --cause and --host filter them.",
		},
		Reproduce: []string{
			pythonLine("S.socket().connect_ex(('127.0.0.1',7999))"),
			lab("closed-port"),
		},
		Sources: []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.5.2 group 1"},
	},
	{
		ID: HalfOpen, Dir: event.Sent,
		Title: "packet for a connection unknown here",
		Meaning: "A segment that is no SYN arrived and no socket fits it: the peer believes in a connection that this host does not " +
			"have. This host rebooted or its container was replaced, a NAT or load balancer sent the flow to the wrong machine, " +
			"the connection ended here without the peer noticing, or it never was one (scan, spoofing).",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv, tcp_v4_send_reset or tcp_v6_send_reset; reason NO_SOCKET (6.10+), the same as for a closed port",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing: there is no socket.",
		AppPeer:    "ECONNRESET on read and write, as if this host had reset an open connection.",
		Remedy:     "Find out why the peer still has this connection: reboot, failover, NAT or conntrack",
		Fix: []string{
			"Kubernetes and conntrack INVALID: a packet outside the tracked window is not translated, reaches the node or pod with the wrong address, and is reset. `sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1`, or drop INVALID packets in the forward chain; kube-proxy does one of both in recent versions.",
			"`conntrack -S` counts `invalid` and `insert_failed`; a full table (`nf_conntrack_count` near `nf_conntrack_max`) loses flows too.",
			"Load balancers: a flow moves when the set of backends changes; use consistent hashing or connection draining, and keep-alive below the idle limit (350 s on AWS, 4 min on Azure).",
			"After a reboot it stops by itself as each peer sends something: shorter keep-alive makes that sooner.",
			"Asymmetric routing or a second host with the same address (failed VRRP, ARP conflict) gives the same picture: compare the MAC addresses.",
		},
		Reproduce: []string{lab("power-loss")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.5.1, 3.5.2 group 1"},
		IETFCause: ietfDesynchronized,
	},
	{
		ID: ClosedEarlier, Dir: event.Sent,
		Title: "packet for a connection that ended here a moment ago",
		Meaning: "As half-open, but rsttrace saw this very connection end on this host shortly before. A process closed it, a RST " +
			"came for it, or a timer gave the peer up: the summary says which, and when. The peer was still sending. Packets in flight at that moment draw this RST too.",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv, tcp_v4_send_reset or tcp_v6_send_reset; reason NO_SOCKET (6.10+): the kernel keeps no memory of closed connections",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing: the socket is gone.",
		AppPeer:    "ECONNRESET, or EPIPE with SIGPIPE after it has received our FIN.",
		Remedy:     "Look at the event that ended the connection: this one is its echo",
		Fix: []string{
			"Several of these after one abort are the peer's packets that were on their way: nothing more to fix than the abort.",
			"If the connection was closed in an orderly way, the peer sends after our close: see data-after-close.",
			"If a RST had ended it and the peer sends on, the peer did not send that RST. A firewall, a load balancer or somebody who guesses did: compare TTL and shape of the RST with the peer's other packets.",
			"If a timer had ended it, the peer was cut off and came back: look at the network between for the time before.",
		},
		Reproduce: []string{lab("closed-earlier closed-earlier-reset closed-earlier-keepalive")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.5.2 group 1"},
		IETFCause: ietfDesynchronized,
	},
	{
		ID: DataAfterClose, Dir: event.Sent,
		Title: "data arrived after close",
		Meaning: "The application had closed the socket, all was in order (FIN sent, perhaps acknowledged), and then the peer sent " +
			"more data. Nobody can read it, so the kernel says so with a RST. It is the other end of a broken pipe. With " +
			"shutdown(SHUT_RDWR) but no close it happens too, and then this side's application gets the error as well. A peer that " +
			"sends data behind its own FIN gets the same answer.",
		KernelPath: "tcp_rcv_state_process, tcp_reset, tcp_v4_send_reset on a full socket (reason TCP_ABORT_ON_DATA); most often " +
			"tcp_timewait_state_process in substate FIN_WAIT2, tcp_v4_send_reset (reason TCP_TIMEWAIT_SOCKET); 6.10+",
		OnTheWire: "our FIN, the peer's data, then " + replyOnTheWire,
		AppHere:   "After close nothing. After shutdown(SHUT_RDWR) without close the next read, write or SO_ERROR gives ECONNRESET once; then read gives 0, write EPIPE with SIGPIPE. Behind the peer's FIN as with a RST: read gives 0, write EPIPE.",
		AppPeer:   "This write still succeeded; the next gives EPIPE with SIGPIPE. It had received our FIN: read gives 0.",
		Remedy:    "Let the side that still has to send close first, or half-close and read to the end",
		Fix: []string{
			"502 behind a load balancer with nothing in the application's log is this: the keep-alive race. The server closes an idle connection just as a request arrives. Its keep-alive timeout must be longer than the balancer's idle timeout (AWS ALB 60 s, nginx `keepalive_timeout` of the upstream block 60 s).",
			"Node.js: `server.keepAliveTimeout = 65000` (the default has long been 5 s) and `server.headersTimeout` above it.",
			"Go: `http.Server{IdleTimeout: 75 * time.Second}`; gunicorn `--keep-alive 75`; uvicorn `--timeout-keep-alive 75`; Tomcat `keepAliveTimeout`; Jetty `idleTimeout`.",
			"nginx as a client of the upstream: `proxy_next_upstream error` retries idempotent requests on another connection; its `keepalive_requests` and `keepalive_timeout` should be below the server's.",
			"HAProxy: `timeout http-keep-alive` in front below the server's; `retry-on conn-failure empty-response` hides the race.",
			"Own protocols: say goodbye in the protocol, shutdown(SHUT_WR), read to 0, then close.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.close();t();c.send(b'late');t()"),
			pythonLine(pair + "a.shutdown(2);t();c.send(b'late');t()"),
			lab("data-after-close-orphan data-after-shutdown"),
		},
		Sources:   []string{"tcp_rcv_state_process (net/ipv4/tcp_input.c)", "tcp_timewait_state_process (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.6.1", "RFC 1122 4.2.2.13"},
		IETFCause: ietfDataAfterClose,
	},
	{
		ID: SynInFinWait2, Dir: event.Sent,
		Title: "new SYN for a connection still closing",
		Meaning: "This side had closed and waits in FIN_WAIT2 for the peer's FIN, and the peer opens a new connection from the same " +
			"port instead. The SYN lies inside the old connection's window, so the kernel resets.",
		KernelPath: "tcp_timewait_state_process in substate FIN_WAIT2, tcp_v4_send_reset or tcp_v6_send_reset; reason TCP_TIMEWAIT_SOCKET (6.10+)",
		OnTheWire:  "[R.] with seq 0, window 0, IP ID 0, no timestamps, in answer to a SYN",
		AppHere:    "Nothing: the descriptor is closed.",
		AppPeer:    "connect gives ECONNREFUSED.",
		Remedy:     "Let the client close its old connections before it reuses their ports",
		Fix: []string{
			"The peer forgot the old connection without a FIN: it crashed, or a NAT in front of it reused the port for another client.",
			"Clients that bind a fixed source port meet this on every quick reconnect: let the kernel choose the port.",
		},
		Reproduce: []string{lab("syn-in-fin-wait2")},
		Sources:   []string{"tcp_timewait_state_process (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
		IETFCause: ietfUnexpectedSyn,
	},
}
