package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// What tcpdump shows, by the way in which a kernel builds a RST.
const (
	abortOnTheWire = "[R.] with the connection's running seq and ack, a non-zero window, a non-zero IP ID " +
		"and TCP timestamps if the connection uses them"
	replyOnTheWire = "[R] with seq equal to the ack of the packet it answers, window 0, IP ID 0, no timestamps"
)

// What the other end sees of a RST in an open connection.
const openPeerSees = "read gives ECONNRESET once (after data already queued), then 0; write gives ECONNRESET once, then EPIPE " +
	"with SIGPIPE; if it had already received a FIN, read only gives 0 and write gives EPIPE with SIGPIPE"

// sentByClose: a process of this host ended the connection by a system call.
var sentByClose = []Entry{
	{
		ID: UnreadDataOnClose, Dir: event.Sent,
		Title: "closed with received data unread",
		Meaning: "The application closed the socket, or its process ended (also by kill -9), while data that the peer had sent " +
			"and this kernel had acknowledged was still unread. A FIN would tell the peer that all was well, so TCP sends a RST " +
			"instead. The RST also throws away what this side had written and not yet delivered: a complete response can be lost " +
			"to a few unread bytes of the request. Many kernels before 6.18 also count a packet that was read in full and is still queued.",
		KernelPath: "close or exit, inet_release, tcp_close, __tcp_close, tcp_send_active_reset; reason TCP_ABORT_ON_CLOSE (6.12+); " +
			"counters TCPAbortOnClose, TcpOutRsts",
		OnTheWire: abortOnTheWire + "; no FIN precedes it",
		AppHere:   "Nothing: the descriptor is gone, and close returned 0.",
		AppPeer:   openPeerSees,
		Remedy:    "Read to the end of the stream before closing, or shutdown(SHUT_WR) and drain",
		Fix: []string{
			"Any server that answers before the upload is complete (413, 401, redirects): shutdown(SHUT_WR), read and discard until 0 with a time limit, then close.",
			"nginx: keep `lingering_close on` (the default), or `lingering_close always` where clients send more than the request, for example a TLS close_notify; raise `lingering_time` and `lingering_timeout` for slow uploads.",
			"Go net/http: the server reads at most 256 KiB of an unread body before it closes; read it with `io.Copy(io.Discard, io.LimitReader(r.Body, n))`. Clients: read resp.Body to EOF before Close.",
			"Java: read the InputStream to its end before close; Tomcat: `maxSwallowSize`; Netty: read until channelInactive before close.",
			"Node.js: `req.resume()` before ending the response to a request whose body is not wanted.",
			"Killed by SIGKILL or the OOM killer: see the journal of the unit; give it a `TimeoutStopSec=` in systemd long enough to drain.",
			"Half a protocol: a peer that pipelines or sends a farewell message (QUIT, TLS close_notify) which nobody reads causes this on every close.",
		},
		Reproduce: []string{
			pythonLine(pair + "c.send(b'x'*100);t();a.close()"),
			lab("unread-data unread-data-killed"),
		},
		Sources: []string{"__tcp_close (net/ipv4/tcp.c)", "RFC 9293 3.6.1", "RFC 2525 2.17", "RFC 1122 4.2.2.13"},
	},
	{
		ID: LingerZero, Dir: event.Sent,
		Title: "closed with SO_LINGER {1,0}",
		Meaning: "The application set SO_LINGER with a time of zero and closed the socket: that asks for an abortive close. The " +
			"connection ends at once, nothing queued is delivered, there is no TIME_WAIT. Often it is deliberate: proxies and " +
			"health checks use it to save ports and memory.",
		KernelPath: "close or exit, __tcp_close, tcp_disconnect, tcp_send_active_reset; reason TCP_STATE (6.12+), which does not " +
			"mention the option; counter TCPAbortOnData, although no data need have arrived",
		OnTheWire: abortOnTheWire,
		AppHere:   "Nothing: the descriptor is gone, and close returned 0.",
		AppPeer:   openPeerSees,
		Remedy:    "Remove SO_LINGER {1,0} unless the abrupt end is wanted",
		Fix: []string{
			"HAProxy: `option nolinger` sets it for a whole frontend or backend: remove it; its health checks end their probes this way too, which harms nobody.",
			"Envoy and Istio: connections closed with an abortive close type, also after an overload or idle decision; compare with the proxy's own response flags.",
			"Go: `SetLinger(0)`; remove it, or accept the RSTs on purpose-built load generators.",
			"Java: `setSoLinger(true, 0)`, Netty `ChannelOption.SO_LINGER 0`, Tomcat `connectionLinger=\"0\"`.",
			"nginx: `reset_timedout_connection on` resets timed-out clients on purpose, and connections ended with the code 444.",
			"If it is there to avoid TIME_WAIT: let the client close first, reuse connections, or widen `net.ipv4.ip_local_port_range` instead.",
		},
		Reproduce: []string{
			pythonLine(pair + "a.setsockopt(1,13,struct.pack('ii',1,0));a.close()"),
			lab("linger-zero"),
		},
		Sources:   []string{"__tcp_close, tcp_disconnect (net/ipv4/tcp.c)", "RFC 9293 3.10.5 (ABORT)", "socket(7) SO_LINGER"},
		IETFCause: ietfAbort,
	},
	{
		ID: Disconnect, Dir: event.Sent,
		Title: "connect(AF_UNSPEC) on a connected socket",
		Meaning: "The application called connect with the address family AF_UNSPEC, which dissolves the association of the socket. " +
			"For TCP that aborts the connection; the descriptor stays and can be used again.",
		KernelPath: "connect, inet_stream_connect, __inet_stream_connect, tcp_disconnect, tcp_send_active_reset; reason TCP_STATE (6.12+)",
		OnTheWire:  abortOnTheWire,
		AppHere: "The connect call returns 0 and the socket is unconnected. The next read, write or SO_ERROR gives ECONNRESET once (poll: OUT|ERR|HUP); then read gives ENOTCONN, write EPIPE with SIGPIPE. " +
			"A read of another thread that was pending gives EPIPE, on older kernels ECONNRESET.",
		AppPeer: openPeerSees,
		Remedy:  "Find the code that calls connect with AF_UNSPEC and let it close the socket instead",
		Fix: []string{
			"`strace -f -e trace=connect -p PID` shows the call: `sa_family=AF_UNSPEC`.",
			"It is rare on purpose: look for connection pools or event libraries that recycle descriptors, and for test tools.",
			"With --stack the event carries the kernel stack; a user stack comes from `perf record -g -e syscalls:sys_enter_connect`.",
		},
		Reproduce: []string{
			pythonLine("import ctypes;" + pair + "ctypes.CDLL(None).connect(a.fileno(),bytes(16),16);t()"),
			lab("disconnect"),
		},
		Sources:   []string{"__inet_stream_connect (net/ipv4/af_inet.c)", "tcp_disconnect (net/ipv4/tcp.c)", "connect(2)"},
		IETFCause: ietfAbort,
	},
	{
		ID: DisconnectWithUnsentData, Dir: event.Sent,
		Title: "dropped while closing, with data never sent",
		Meaning: "Both sides had closed (CLOSING or LAST_ACK), some written data could not be sent yet, for example because the " +
			"peer's window was closed, and then the socket was dropped by connect(AF_UNSPEC) or by close with SO_LINGER {1,0}. " +
			"That data is lost.",
		KernelPath: "tcp_disconnect, tcp_send_active_reset; reason TCP_DISCONNECT_WITH_DATA (6.12+)",
		OnTheWire:  abortOnTheWire + "; seq lies before the data that was never sent",
		AppHere:    "After connect(AF_UNSPEC) the socket is unconnected, and the next read, write or SO_ERROR gives ECONNRESET once; after close nothing is left to see it.",
		AppPeer:    "It has already received our data up to the closed window; then ECONNRESET on read and write.",
		Remedy:     "Wait until everything written was sent before dropping the socket",
		Fix: []string{
			"SIOCOUTQ (ioctl) reports what is not acknowledged yet, SIOCOUTQNSD what was not even sent.",
			"Look at the peer: a window that stays closed means that its application does not read.",
			"Remove SO_LINGER {1,0}; a plain close would have left the kernel to deliver the rest.",
		},
		Reproduce: []string{lab("disconnect-with-unsent-data")},
		Sources:   []string{"tcp_disconnect (net/ipv4/tcp.c)", "RFC 9293 3.10.5"},
		IETFCause: ietfAbort,
	},
	{
		ID: ListenerClosed, Dir: event.Sent,
		Title: "listener ended with connections waiting",
		Meaning: "The handshake was complete and the client could already send, but the application had not accepted the connection " +
			"yet when its listening socket was closed, shut down or destroyed, or its process ended. Every connection in the accept " +
			"queue is reset. This is the usual RST of a restart under load.",
		KernelPath: "close, shutdown or tcp_abort of the listener, inet_csk_listen_stop, inet_child_forget, tcp_disconnect of the child, " +
			"tcp_send_active_reset; in a race also inet_csk_reqsk_queue_add; reason TCP_STATE (6.12+)",
		OnTheWire: abortOnTheWire,
		AppHere:   "Nothing of this connection: accept never returned it. On a listener that was shut down or destroyed, and not closed, accept gives EINVAL; destroyed, SO_ERROR gives ECONNABORTED.",
		AppPeer:   openPeerSees + "; connect had already succeeded",
		Remedy:    "Stop new connections first, accept what is queued, then close the listener",
		Fix: []string{
			"systemd: socket activation (`.socket` unit) keeps the listener open across restarts of the service.",
			"nginx: `nginx -s reload` or SIGUSR2 for upgrades passes the listener on; a restart does not.",
			"HAProxy: master-worker mode with `expose-fd listeners` passes it on.",
			"Kubernetes: a preStop hook that sleeps until the endpoint is removed, before the server stops listening.",
			"Several listeners with SO_REUSEPORT: `sysctl net.ipv4.tcp_migrate_req=1` (5.14+) moves waiting connections to another one.",
			"A long accept queue makes it worse: an application that accepts promptly loses few.",
		},
		Reproduce: []string{
			pythonLine("l=S.create_server(('127.0.0.1',7007));c=S.create_connection(('127.0.0.1',7007));t();l.close()"),
			lab("listener-closed"),
		},
		Sources: []string{"inet_csk_listen_stop, inet_child_forget (net/ipv4/inet_connection_sock.c)", "RFC 9293 3.10.4"},
	},
	{
		ID: SocketDestroyed, Dir: event.Sent,
		Title: "socket destroyed from outside",
		Meaning: "Somebody other than the application ended the connection: an administrator with `ss -K`, a program through " +
			"SOCK_DESTROY of sock_diag, or a BPF iterator through bpf_sock_destroy. Network managers, VPNs and service meshes do " +
			"it when addresses or policies change. The owner is the victim; `by` is who did it.",
		KernelPath: "sock_diag_destroy or bpf_sock_destroy, tcp_abort, tcp_send_active_reset; reason TCP_STATE (6.12+)",
		OnTheWire:  abortOnTheWire,
		AppHere:    "read, write or SO_ERROR gives ECONNABORTED once, read after data already queued; then read gives 0, write gives EPIPE with SIGPIPE. After the peer's FIN read only gives 0. An MPTCP application sees nothing: only a subflow ended.",
		AppPeer:    openPeerSees,
		Remedy:     "Ask the process named under by why it destroys sockets",
		Fix: []string{
			"Cilium and other CNIs destroy connections to backends that went away: check whether the backend really did.",
			"Android-style network managers and VPN clients do it on a change of address.",
			"`ss -K` matches broadly: an empty filter destroys every socket it can.",
			"The right needed is CAP_NET_ADMIN in the network namespace; take it from what should not do this.",
		},
		Reproduce: []string{
			"sudo ss -K sport = 7007",
			lab("socket-destroyed"),
		},
		Sources:   []string{"tcp_abort (net/ipv4/tcp.c)", "tcp_diag_destroy (net/ipv4/tcp_diag.c)", "RFC 9293 3.10.5"},
		IETFCause: ietfAbort,
	},
}
