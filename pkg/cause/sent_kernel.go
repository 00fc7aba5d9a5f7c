package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// sentByKernel: the kernel gave the connection up, by a limit or a timer.
var sentByKernel = []Entry{
	{
		ID: Linger2Negative, Dir: event.Sent,
		Title: "TCP_LINGER2 < 0 forbids FIN_WAIT2",
		Meaning: "The application set TCP_LINGER2 to a negative value: after close the kernel must not wait in FIN_WAIT2 for the " +
			"peer's FIN. So it resets the connection as soon as its own FIN is acknowledged, or at close if it already was.",
		KernelPath: "tcp_rcv_state_process, tcp_v4_send_reset when the ACK of the FIN arrives after close (reason TCP_ABORT_ON_DATA, " +
			"though no data came); __tcp_close in FIN_WAIT2 (reason TCP_ABORT_ON_LINGER, though SO_LINGER is not meant); tcp_keepalive_timer (TCP_STATE)",
		OnTheWire: "a FIN first; then [R] with window 0 in answer to its ACK, or [R.] with a window when close itself sends it",
		AppHere:   "Nothing: the descriptor is closed.",
		AppPeer:   "Having received the FIN, read gives 0; write gives EPIPE with SIGPIPE.",
		Remedy:    "Do not set TCP_LINGER2 to a negative value",
		Fix: []string{
			"To shorten FIN_WAIT2 set TCP_LINGER2 to a positive number of seconds, or `sysctl net.ipv4.tcp_fin_timeout`.",
			"`strace -f -e trace=setsockopt` shows who sets it: `TCP_LINGER2, [-1]`.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.setsockopt(6,8,-1);a.close();t()"),
			lab("linger2-negative"),
		},
		Sources: []string{"__tcp_close (net/ipv4/tcp.c)", "tcp_rcv_state_process (net/ipv4/tcp_input.c)", "tcp(7) TCP_LINGER2"},
	},
	{
		ID: OrphanLimit, Dir: event.Sent,
		Title: "too many closed sockets or too little TCP memory",
		Meaning: "Sockets that were closed but still had data or a FIN to deliver (orphans) are limited in number, and TCP's memory " +
			"is limited as a whole. Beyond a limit the kernel resets such connections instead of delivering the rest. The kernel log " +
			"says which: `too many orphaned sockets` or `out of memory -- consider tuning tcp_mem`.",
		KernelPath: "__tcp_close, tcp_check_oom at close; tcp_retransmit_timer or tcp_probe_timer, tcp_out_of_resources later; " +
			"tcp_send_active_reset; reason TCP_ABORT_ON_MEMORY (6.12+); counter TCPAbortOnMemory",
		OnTheWire: abortOnTheWire,
		AppHere:   "Nothing: the descriptor is closed. Data written before close may be lost.",
		AppPeer:   openPeerSees,
		Remedy:    "Find who closes connections that never finish, then raise tcp_max_orphans or tcp_mem",
		Fix: []string{
			"`ss -s` counts orphans; `ss -tan state fin-wait-1 state last-ack state closing` shows which peers never answer.",
			"`dmesg | grep -E 'orphaned|tcp_mem'` shows which limit was hit.",
			"`sysctl net.ipv4.tcp_max_orphans` and `net.ipv4.tcp_mem` raise the limits; each orphan costs up to 64 KiB.",
			"`sysctl net.ipv4.tcp_orphan_retries` makes dead peers go away sooner.",
			"Many clients that vanish without a FIN (mobile, attacks): shorten the time with TCP_USER_TIMEOUT.",
		},
		Reproduce: []string{lab("orphan-limit --allow-host-changes")},
		Sources:   []string{"tcp_check_oom (net/ipv4/tcp.c)", "tcp_out_of_resources (net/ipv4/tcp_timer.c)", "tcp(7) tcp_max_orphans"},
		IETFCause: ietfResourceExceeded,
	},
	{
		ID: KeepaliveTimeout, Dir: event.Sent,
		Title: "keep-alive probes unanswered",
		Meaning: "The connection was idle, SO_KEEPALIVE was on, and the peer answered none of the probes. The peer, its machine or " +
			"the path is dead, or a NAT or firewall on the way forgot the connection and drops its packets in silence.",
		KernelPath: "tcp_keepalive_timer, tcp_send_active_reset, tcp_write_err; reason TCP_KEEPALIVE_TIMEOUT (6.12+); counter TCPAbortOnTimeout",
		OnTheWire:  "several probes (empty segments one byte before seq) without an answer, then " + abortOnTheWire,
		AppHere:    "read, write or SO_ERROR gives ETIMEDOUT once (or the error of an ICMP message that came in meanwhile); then read gives 0, write EPIPE with SIGPIPE. After the peer's FIN read only gives 0.",
		AppPeer:    "Usually nothing: it is not reachable. If it is, ECONNRESET.",
		Remedy:     "Check the peer and the path, and whether a NAT or load balancer drops idle connections",
		Fix: []string{
			"Idle limits on the way: AWS NAT gateway and network load balancer 350 s, Azure load balancer 4 min, many firewalls 1 h. Keep-alive must start below: `sysctl net.ipv4.tcp_keepalive_time=200`, or per socket.",
			"Go: `net.KeepAliveConfig{Idle: 60s}`; nginx: `listen ... so_keepalive=60s:10s:5`; HAProxy: `option clitcpka`, `clitcpka-idle 60s`; PostgreSQL: `tcp_keepalives_idle`; gRPC: its own keep-alive pings.",
			"Java and Node.js can only turn it on (`setKeepAlive`); Node.js also sets the idle time, the rest is the sysctl's.",
		},
		Reproduce: []string{lab("keepalive-timeout")},
		Sources:   []string{"tcp_keepalive_timer (net/ipv4/tcp_timer.c)", "RFC 9293 3.8.4", "tcp(7) TCP_KEEPCNT"},
		IETFCause: ietfTimeout,
	},
	{
		ID: KeepaliveUserTimeout, Dir: event.Sent,
		Title: "keep-alive cut short by TCP_USER_TIMEOUT",
		Meaning: "As keepalive-timeout, but the socket has TCP_USER_TIMEOUT, which replaces the number of probes: the connection ends " +
			"when at least one probe was sent and the peer has been silent for that long.",
		KernelPath: "tcp_keepalive_timer, tcp_send_active_reset, tcp_write_err; reason TCP_KEEPALIVE_TIMEOUT (6.12+), the same as without the option",
		OnTheWire:  "one or more keep-alive probes without an answer, then " + abortOnTheWire,
		AppHere:    "read, write or SO_ERROR gives ETIMEDOUT once (or the error of an ICMP message that came in meanwhile); then read gives 0, write EPIPE with SIGPIPE. After the peer's FIN read only gives 0.",
		AppPeer:    "Usually nothing: it is not reachable. If it is, ECONNRESET.",
		Remedy:     "Check the peer and the path, or raise TCP_USER_TIMEOUT on this socket",
		Fix: []string{
			"TCP_USER_TIMEOUT overrides TCP_KEEPCNT: set it to more than TCP_KEEPIDLE plus one or two TCP_KEEPINTVL.",
			"gRPC sets it from its keep-alive timeout (20 s by default in several languages); HAProxy: `tcp-ut`; libpq: `tcp_user_timeout`.",
			"With data in flight the same option ends the connection without any RST: the retransmission timer just gives up.",
		},
		Reproduce: []string{lab("keepalive-user-timeout")},
		Sources:   []string{"tcp_keepalive_timer (net/ipv4/tcp_timer.c)", "RFC 5482", "tcp(7) TCP_USER_TIMEOUT"},
		IETFCause: ietfTimeout,
	},
	{
		ID: FinWait2Timeout, Dir: event.Sent,
		Title: "peer never closed, FIN_WAIT2 timer ran out",
		Meaning: "This side closed and the peer acknowledged the FIN, but the peer never closed its own side, and the full socket in " +
			"FIN_WAIT2 timed out. It is rare: normally such a socket becomes a small TIME_WAIT mini-socket that expires in silence.",
		KernelPath: "tcp_keepalive_timer, tcp_send_active_reset; reason TCP_STATE (6.12+)",
		OnTheWire:  "long after our FIN: " + abortOnTheWire,
		AppHere:    "Nothing: the descriptor is closed.",
		AppPeer:    "In CLOSE_WAIT: read gives 0, write gives EPIPE with SIGPIPE.",
		Remedy:     "Make the peer close its side after it has read the end of the stream",
		Fix: []string{
			"The peer leaks: `ss -tan state close-wait` over there lists what it forgot to close.",
			"`sysctl net.ipv4.tcp_fin_timeout` sets the wait; lowering it while connections wait brings this RST about.",
		},
		Reproduce: []string{lab("fin-wait2-timeout")},
		Sources:   []string{"tcp_keepalive_timer (net/ipv4/tcp_timer.c)", "tcp(7) tcp_fin_timeout"},
	},
}
