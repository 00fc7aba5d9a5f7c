package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// receivedWhileClosing: an incoming RST met a connection that was beginning or
// ending.
var receivedWhileClosing = []Entry{
	{
		ID: WroteAfterPeerClose, Dir: event.Received,
		Title: "wrote after the peer had closed (broken pipe)",
		Meaning: "The peer had closed its side, its FIN was received here, and this side wrote more data, which the peer refused with " +
			"a RST. The first write after the FIN succeeds, as TCP cannot know yet whether the peer still reads; the next one finds " +
			"the pipe broken.",
		KernelPath: "tcp_validate_incoming, tcp_reset in CLOSE_WAIT with packets in flight; the socket's error becomes EPIPE",
		OnTheWire:  "the peer's FIN, our data, then [R] with window 0",
		AppHere:    "write gives EPIPE, and SIGPIPE kills the process unless it is ignored or MSG_NOSIGNAL is given (exit status 141 in a shell); read gives what was queued, then 0 for ever: the RST is invisible to read.",
		AppPeer:    "Nothing: it had closed.",
		Remedy:     "Stop writing when read returns 0, and ignore SIGPIPE so that write reports EPIPE",
		Fix: []string{
			"A daemon that vanishes without a log line, exit status 141 (128 + SIGPIPE): call signal(SIGPIPE, SIG_IGN) at start or send with MSG_NOSIGNAL. systemd ignores it for services by default (`IgnoreSIGPIPE=yes`).",
			"502 behind a proxy: the keep-alive race seen from the client. The upstream closed an idle connection just as a request went out. Its keep-alive timeout must be longer than ours: nginx `upstream { keepalive_timeout }` below the server's; Node.js servers `keepAliveTimeout` above the balancer's idle timeout.",
			"Go reports `write: broken pipe`, and ends a process by SIGPIPE only for descriptors 1 and 2; net/http retries idempotent requests. Java: `Broken pipe` in an IOException. Node.js: error EPIPE on the socket. Python ignores SIGPIPE and raises BrokenPipeError.",
			"Pools: check with a zero-time poll for POLLRDHUP before reusing a connection, and drop those idle for longer than the server allows.",
			"`server | head`: in a pipeline it is the normal end; nothing to fix.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.close();t();c.send(b'one');t();c.send(b'two')"),
			lab("broken-pipe"),
		},
		Sources: []string{"tcp_reset (net/ipv4/tcp_input.c)", "sk_stream_error (net/core/stream.c)", "RFC 9293 3.6.1", "pipe(7) SIGPIPE"},
	},
	{
		ID: ResetAfterPeerClose, Dir: event.Received,
		Title: "peer closed, then reset",
		Meaning: "The peer sent a FIN, this side had nothing in flight, and then a RST came. The peer first closed in order and then " +
			"gave the connection up: its FIN_WAIT2 ended early, its process died, or it aborts after a half-close.",
		KernelPath: "tcp_validate_incoming, tcp_reset in CLOSE_WAIT; the socket's error becomes EPIPE",
		OnTheWire:  "the peer's FIN, later [R.] with a window or [R] without",
		AppHere:    "read gives what was queued, then 0 for ever: the RST is invisible to it; write gives EPIPE with SIGPIPE. poll shows ERR, and SO_ERROR EPIPE, until write or SO_ERROR was called.",
		AppPeer:    "Usually nothing: it closed the connection itself.",
		Remedy:     "Close this side soon after read returns 0",
		Fix: []string{
			"A connection that stays in CLOSE_WAIT is forgotten by the application here: `ss -tanp state close-wait`.",
			"The peer limits how long it waits (TCP_LINGER2, `tcp_fin_timeout`): answer and close before that.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.setsockopt(1,13,struct.pack('ii',1,0));a.shutdown(1);t();a.close();t()"),
			lab("reset-after-peer-close"),
		},
		Sources: []string{"tcp_reset (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.4"},
	},
	{
		ID: ResetWhileClosing, Dir: event.Received,
		Title: "reset while this side was closing",
		Meaning: "This side had sent its FIN (FIN_WAIT1, FIN_WAIT2, CLOSING or LAST_ACK) when the RST came: the peer aborted instead " +
			"of closing in order. What it had not acknowledged may never have been read.",
		KernelPath: "tcp_validate_incoming, tcp_reset",
		OnTheWire:  "our FIN, then [R.] with a window or [R] without",
		AppHere:    "With an open descriptor (after shutdown) ECONNRESET: on read before the peer's FIN, on write after it. SO_ERROR has it either way. After close nobody sees it.",
		AppPeer:    "Usually nothing: it ended the connection itself.",
		Remedy:     "Ignore it if the peer had read all, else find out why it aborts instead of closing",
		Fix: []string{
			"Normal with peers that close abortively: browsers, load balancers, health checks (HAProxy, Kubernetes probes).",
			"If responses arrive cut off: the peer closed with unread data, see unread-data-on-close on its side.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.send(b'x');t();a.shutdown(1);t();c.close();t()"),
			lab("reset-in-fin-wait2-closed reset-in-closing"),
		},
		Sources: []string{"tcp_reset (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.4"},
	},
	{
		ID: HandshakeAborted, Dir: event.Received,
		Title: "client broke off the handshake",
		Meaning: "A RST ended a connection in SYN_RECV: the client sent a SYN, got the SYN-ACK and reset instead of completing. " +
			"Port scanners, TCP health checks and clients that gave up meanwhile do this.",
		KernelPath: "tcp_check_req for a request socket; tcp_reset for Fast Open and simultaneous open; counters TcpAttemptFails, EmbryonicRsts",
		OnTheWire:  "SYN, SYN-ACK, then [R] with window 0",
		AppHere:    "Nothing: accept never returns it. A Fast Open connection gets ECONNRESET, and is still accepted if it was not yet; a simultaneous open gets it from connect.",
		AppPeer:    "Nothing: it broke off itself.",
		Remedy:     "Ignore it from scanners and health checks, else look why the client gives up so early",
		Fix: []string{
			"`nmap -sS` and many load balancer health checks are half-open scans: expected.",
			"A client whose connect timeout is near the round-trip time gives up and its kernel answers our SYN-ACK with a RST.",
		},
		Reproduce: []string{"nmap -sS -p 7007 127.0.0.1", lab("handshake-aborted")},
		Sources:   []string{"tcp_check_req (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
	},
	{
		ID: TimeWaitKilled, Dir: event.Received,
		Title: "RST ended a TIME_WAIT",
		Meaning: "The connection was closed here and only its TIME_WAIT (or FIN_WAIT2) mini-socket was left; an exact RST removed it. " +
			"After a proper close this is harmless, but old duplicates could now disturb a new connection (RFC 1337).",
		KernelPath: "tcp_timewait_state_process",
		OnTheWire:  "after both FINs, or after ours: [R] or [R.] with the exact next seq",
		AppHere:    "Nothing: the descriptor is closed.",
		AppPeer:    "Usually nothing: it ended the connection itself.",
		Remedy:     "Ignore it in TIME_WAIT, and in FIN_WAIT2 find out why the peer aborts instead of closing",
		Fix: []string{
			"`sysctl net.ipv4.tcp_rfc1337=1` makes TIME_WAIT ignore RSTs. It does not protect FIN_WAIT2.",
			"In FIN_WAIT2: the peer aborted instead of closing its side.",
		},
		Reproduce: []string{lab("time-wait-killed")},
		Sources:   []string{"tcp_timewait_state_process (net/ipv4/tcp_minisocks.c)", "RFC 1337"},
	},
}
