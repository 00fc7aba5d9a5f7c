package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// sentInHandshake: a packet came in that does not fit a handshake.
var sentInHandshake = []Entry{
	{
		ID: AckToListener, Dir: event.Sent,
		Title: "ACK to a listener fits no handshake",
		Meaning: "An ACK reached a listening port, and no half-open connection or SYN cookie fits it. The handshake may have timed " +
			"out here, may have been dropped because a queue was full, or its ACK may be wrong; it may also be a scan. The kernel " +
			"keeps nothing that distinguishes these.",
		KernelPath: "tcp_v4_do_rcv, tcp_rcv_state_process in LISTEN (after tcp_check_req or cookie_v4_check, where those ran), " +
			"tcp_v4_send_reset; reason TCP_FLAGS (6.10+)",
		OnTheWire: replyOnTheWire,
		AppHere:   "Nothing: accept never returns this connection.",
		AppPeer:   "Its connect had succeeded; now read and write give ECONNRESET.",
		Remedy:    "Look at the listener's backlog and at SYN cookies, then at the network",
		Fix: []string{
			"`nstat -az TcpExtListenOverflows TcpExtListenDrops TcpExtSyncookiesFailed TcpExtTCPReqQFullDrop` shows whether queues are the reason.",
			"`ss -tln`: Recv-Q near Send-Q is a full accept queue. Raise the backlog in the application and `net.core.somaxconn`, and accept faster.",
			"nginx: `listen ... backlog=4096`; Go uses somaxconn; Java: the second argument of ServerSocket; Node.js: `listen({backlog})`.",
			"Several machines behind one address need the same SYN cookies or the same flow hashing: the ACK went to another one than the SYN.",
		},
		Reproduce: []string{lab("ack-to-listener")},
		Sources:   []string{"tcp_rcv_state_process (net/ipv4/tcp_input.c)", "cookie_v4_check (net/ipv4/syncookies.c)", "RFC 9293 3.10.7.2"},
		IETFCause: ietfUnexpectedAck,
	},
	{
		ID: StraySynAck, Dir: event.Sent,
		Title: "SYN-ACK that nobody asked for",
		Meaning: "A SYN-ACK arrived, but no socket here is waiting for one. Either the client is gone already (it gave up or was " +
			"killed while connecting), or somebody sent a SYN with this host's address as a forged source and this is the backscatter.",
		KernelPath: "tcp_v4_rcv without a socket, or tcp_rcv_state_process in LISTEN; tcp_v4_send_reset; reason NO_SOCKET or TCP_FLAGS (6.10+)",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing: no socket is waiting.",
		AppPeer:    "Its half-open connection disappears; accept never returns it.",
		Remedy:     "Ignore single ones, and check for forged source addresses where there are many",
		Fix: []string{
			"Many peers, one local port, no client here: backscatter of an attack on those peers. Nothing here is wrong.",
			"One peer with a long delay: the client's connect timeout is shorter than the server's answer.",
			"Asymmetric routing can bring answers to the wrong machine: check policy routing and `rp_filter`.",
		},
		Reproduce: []string{lab("stray-syn-ack")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.5.1, 3.5.2"},
	},
	{
		ID: SynInHandshake, Dir: event.Sent,
		Title: "second, different SYN in a handshake",
		Meaning: "A half-open connection exists, and a SYN with another sequence number inside its window arrives from the same " +
			"address and port: the client started again, or two clients share the address and port behind a NAT.",
		KernelPath: "tcp_check_req, tcp_v4_send_reset or tcp_v6_send_reset with the listener, or with the child for Fast Open; reason INVALID_SYN (6.10+)",
		OnTheWire:  "[R.] with seq 0, window 0, IP ID 0, no timestamps, in answer to a SYN",
		AppHere:    "Nothing: accept never returns it. A Fast Open connection goes on.",
		AppPeer:    "connect gives ECONNREFUSED.",
		Remedy:     "Check whether a NAT maps several clients onto one port",
		Fix: []string{
			"A restarted client that uses a fixed source port does this: let the kernel choose the port.",
			"SYN proxies and scrubbing appliances that rewrite sequence numbers can do it for every retry.",
		},
		Reproduce: []string{lab("syn-in-handshake")},
		Sources:   []string{"tcp_check_req (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
		IETFCause: ietfUnexpectedSyn,
	},
	{
		ID: AcceptQueueOverflow, Dir: event.Sent,
		Title: "accept queue full",
		Meaning: "The client completed the handshake, but the listener's accept queue was full and tcp_abort_on_overflow is 1, so the " +
			"kernel reset the connection. With the default 0 it would drop the ACK and hope that the queue drains: no RST.",
		KernelPath: "tcp_check_req, tcp_v4_syn_recv_sock refuses, tcp_v4_send_reset with the listener; reason INVALID_SYN (6.10+), " +
			"though the packet is a plain ACK; counters ListenOverflows, ListenDrops, EmbryonicRsts",
		OnTheWire: replyOnTheWire,
		AppHere:   "Nothing: accept never returns this connection.",
		AppPeer:   "Its connect had succeeded; now read and write give ECONNRESET.",
		Remedy:    "Accept faster, raise the backlog, or set tcp_abort_on_overflow to 0",
		Fix: []string{
			"`ss -tln` shows the queue (Recv-Q) and its limit (Send-Q); `nstat -az TcpExtListenOverflows` counts.",
			"The limit is the smaller of the listen() argument and `net.core.somaxconn` (4096 since 5.4).",
			"nginx: `listen ... backlog=4096`, more workers or `reuseport`; HAProxy: `backlog`; Java: ServerSocket(port, backlog); Redis: `tcp-backlog`.",
			"`sysctl net.ipv4.tcp_abort_on_overflow=0` unless clients must learn at once.",
			"A blocked accept loop (stop-the-world pause, lock, too few threads) fills any queue: look at the process.",
		},
		Reproduce: []string{lab("accept-queue-overflow")},
		Sources:   []string{"tcp_check_req (net/ipv4/tcp_minisocks.c)", "tcp_v4_syn_recv_sock (net/ipv4/tcp_ipv4.c)", "ip-sysctl: tcp_abort_on_overflow"},
		IETFCause: ietfResourceExceeded,
	},
	{
		ID: BadAckInSynSent, Dir: event.Sent,
		Title: "answer to our SYN acknowledges the wrong number",
		Meaning: "While this side was connecting, the peer answered with an ACK of something that was never sent. Usually the peer " +
			"still has an older connection on the same addresses and ports; the RST clears it, and the next SYN succeeds.",
		KernelPath: "tcp_rcv_state_process in SYN_SENT, tcp_v4_send_reset; reason TCP_INVALID_ACK_SEQUENCE (6.10+)",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing yet: connect goes on, and succeeds or times out.",
		AppPeer:    "The application on its stale connection gets ECONNRESET.",
		Remedy:     "Check what the peer still holds on this port, and any NAT in between",
		Fix: []string{
			"Quick reuse of source ports towards one server meets its old connections: widen `net.ipv4.ip_local_port_range`, keep connections alive and reuse them.",
			"`ss -tan` on the peer shows the stale connection, often FIN_WAIT2, CLOSE_WAIT or ESTABLISHED.",
			"A NAT that reuses a port before the server has forgotten the old flow causes it, too.",
		},
		Reproduce: []string{lab("bad-ack-in-syn-sent")},
		Sources:   []string{"tcp_rcv_synsent_state_process (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.3, 3.5.1"},
		IETFCause: ietfUnexpectedAck,
	},
	{
		ID: BadTimestampInSynSent, Dir: event.Sent,
		Title: "answer to our SYN echoes a timestamp never sent",
		Meaning: "The SYN-ACK acknowledges our SYN, but the timestamp that it echoes is none that we sent. Something on the way " +
			"rewrites timestamps, or mixes up connections.",
		KernelPath: "tcp_rcv_state_process in SYN_SENT, tcp_v4_send_reset; reason TCP_RFC7323_PAWS (6.10+); counter PAWSActive",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing yet: connect goes on, and succeeds or times out.",
		AppPeer:    "Its half-open connection disappears; accept never returns it.",
		Remedy:     "Find the middlebox that rewrites TCP timestamps",
		Fix: []string{
			"Compare captures on both ends: TSecr of the SYN-ACK must be TSval of the SYN.",
			"`sysctl net.ipv4.tcp_timestamps=0` avoids it until the device is repaired, at the price of RTT accuracy and PAWS.",
		},
		Reproduce: []string{lab("bad-timestamp-in-syn-sent")},
		Sources:   []string{"tcp_rcv_synsent_state_process (net/ipv4/tcp_input.c)", "RFC 7323 3.2"},
	},
	{
		ID: BadAckInHandshake, Dir: event.Sent,
		Title: "wrong ACK at the end of a handshake",
		Meaning: "A connection in SYN_RECV that already has a full socket (Fast Open, or both sides opened at once) got an ACK that " +
			"acknowledges something never sent or long acknowledged.",
		KernelPath: "tcp_rcv_state_process in SYN_RECV, tcp_ack, tcp_v4_send_reset; reasons TCP_OLD_ACK, TCP_TOO_OLD_ACK, TCP_ACK_UNSENT_DATA (6.10+)",
		OnTheWire:  replyOnTheWire,
		AppHere:    "Nothing yet: the connection stays in SYN_RECV.",
		AppPeer:    "ECONNRESET if it believes in the connection.",
		Remedy:     "Look for an old connection on the same ports, or for a device that rewrites sequence numbers",
		Fix: []string{
			"With Fast Open: `sysctl net.ipv4.tcp_fastopen=0` shows whether it takes part in it.",
			"Capture the handshake on both ends and compare seq and ack.",
		},
		Reproduce: []string{lab("bad-ack-in-handshake")},
		Sources:   []string{"tcp_rcv_state_process (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.4", "RFC 7413"},
		IETFCause: ietfUnexpectedAck,
	},
}
