/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks of a connection's life: its beginning, its changes of state, and the end
 * of its socket.
 */
#ifndef RSTTRACE_CONTEXT_STATE_H
#define RSTTRACE_CONTEXT_STATE_H

#include "connect_note.h"
#include "connection_end.h"
#include "context_listener.h"
#include "late_closer.h"
#include "peer_fin.h"
#include "prev_state.h"

/* A process calls connect, or the handshake of a connection from outside has ended. */
static __always_inline int begins(struct sock *sk, bool by_process)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	/* Two SYNs that cross end a handshake in the same way, and this end called connect. */
	if (tcp &&
	    (by_process || !READ_SOCK(tcp, sk_socket) || !called_connect(address_of(sk), tcp)))
		note_connect(address_of(sk), tcp, by_process);
	return 0;
}

/* The peer's FIN has come. */
static __always_inline int peer_ends(struct sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return tcp ? note_peer_fin(address_of(sk), tcp) : 0;
}

SEC("tp_btf/inet_sock_set_state")
int context_state(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	int from = ctx[1], to = ctx[2];

	if (to == TCP_SYN_SENT || (to == TCP_ESTABLISHED && from != TCP_SYN_SENT))
		return details && flow_memory ? begins(sk, to == TCP_SYN_SENT) : 0;
	if (to == TCP_CLOSE_WAIT || to == TCP_CLOSING)
		return details && flow_memory ? peer_ends(sk) : 0;
	if (to != TCP_CLOSE && to != TCP_FIN_WAIT1 && to != TCP_LAST_ACK && to != TCP_LISTEN)
		return 0;
	/* An attempt that failed: no RST is sent for it, and nobody remembers it. */
	if (from == TCP_SYN_SENT && to == TCP_CLOSE && sk->sk_shutdown != SHUT_DOWN)
		return 0;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	struct sock *untyped = UNTYPED(sk);
	if (!tcp) {
		report_mptcp_closer(untyped);
		return 0;
	}
	if (to == TCP_LISTEN) {
		watch_embryonic(untyped);
		note_listener(untyped, false);
	}
	if (from == TCP_LISTEN && to == TCP_CLOSE) {
		note_listener(untyped, true);
		report_listener_closer((__u64)untyped, tcp);
	}
	if (to == TCP_CLOSE)
		note_prev_state((__u64)untyped, from);
	bool in_process = ends_in_process(tcp, from, to);
	/* An orphan's end is not the doing of who ends it: it was closed before. */
	bool noted = in_process ? !(READ_COMMON(tcp, skc_flags) & SOCK_DEAD) :
				  ends_in_softirq(tcp, from, to);
	if (flow_memory && noted)
		note_end(tcp, from, to, in_process);
	if (in_process)
		report_orphaner((__u64)untyped, tcp);
	return 0;
}

/* The last close of a socket runs in its closer's process. */
SEC("tp_btf/tcp_destroy_sock")
int context_destroy(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	__u64 address = address_of(sk);

	struct pending_owner note;

	/* A listener comes here only if somebody else ended it, and its owner closes it now. */
	if (!take_pending(address, &note) && !take_pending_listener(address, &note))
		return 0;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !owned(tcp, TCP_CLOSE))
		return 0;
	report_closer(&note);
	return 0;
}

#endif
