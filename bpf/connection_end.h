/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a connection ends: in a call of its process, or in softirq by a RST or a timer.
 * What is known of that goes into a closer note.
 */
#ifndef RSTTRACE_CONNECTION_END_H
#define RSTTRACE_CONNECTION_END_H

#include "closers.h"
#include "role.h"
#include "socket.h"

/* In both directions, as close does first of all. */
#define SHUT_DOWN (RCV_SHUTDOWN | SEND_SHUTDOWN)

static __always_inline bool shut_down(struct tcp_sock *tcp)
{
	return READ_SOCK(tcp, sk_shutdown) == SHUT_DOWN;
}

/*
 * A transition in a process's own call: close, shutdown, disconnect or its end;
 * or what had waited until the socket was free.
 */
static __always_inline bool ends_in_process(struct tcp_sock *tcp, int from, int to)
{
	if (from == TCP_CLOSE || from == TCP_LISTEN)
		return false;
	/* A refusal that waited until its socket was free only looks like a close. */
	if (from == TCP_SYN_SENT && !shut_down(tcp))
		return false;
	return (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE) && owned(tcp, from);
}

/*
 * The end of a connection in softirq that no process has closed. What was closed
 * before has its note, and ends as it must. Who only shut it down still has it:
 * it ends by an error.
 */
static __always_inline bool ends_in_softirq(struct tcp_sock *tcp, int from, int to)
{
	if (to != TCP_CLOSE || from == TCP_CLOSE || from == TCP_LISTEN || from == TCP_SYN_SENT ||
	    owned(tcp, from))
		return false;
	return from == TCP_ESTABLISHED || from == TCP_CLOSE_WAIT ||
	       (READ_SOCK(tcp, sk_err) && !(READ_COMMON(tcp, skc_flags) & SOCK_DEAD));
}

/*
 * The error says it: tcp_reset and the timers put it on the socket before they
 * close it. A close may find an older one there, of ICMP, but never that of a RST.
 */
static __always_inline __u8 ended_by(struct tcp_sock *tcp, int to, bool closed)
{
	__u32 error = READ_SOCK(tcp, sk_err);

	if (to != TCP_CLOSE || !error)
		return BY_PROCESS;
	if (error == ECONNRESET || error == EPIPE)
		return BY_RESET;
	/* Others are of tcp_abort, and of MPTCP. */
	return closed || error == ECONNABORTED || error == EBADMSG ? BY_PROCESS : BY_TIMEOUT;
}

static __always_inline void note_end(struct tcp_sock *tcp, int from, int to, bool in_process)
{
	struct net *net = READ_COMMON(tcp, skc_net.net);
	unsigned long flags = READ_COMMON(tcp, skc_flags);
	bool shut = shut_down(tcp) && in_process;
	struct tuple tuple = { .netns = READ(net, ns.inum) };
	__u32 netns_mix = 0;
	struct closing closing = {
		.from = from,
		.to = to,
		/* Who destroys a socket of somebody else does not shut it down first. */
		.unread = shut && unread_bytes(tcp, flags) > 0,
		.linger_zero = shut && flags & SOCK_LINGER && READ_SOCK(tcp, sk_lingertime) == 0,
		.by = ended_by(tcp, to, shut),
		.by_close = shut && (from == TCP_ESTABLISHED || from == TCP_CLOSE_WAIT),
		.role = role_by_port(tcp),
		.idle = from == TCP_SYN_SENT ? 0 : idle_since(tcp),
	};

	if (bpf_core_field_exists(net->hash_mix))
		netns_mix = READ(net, hash_mix);
	read_socket_tuple(tcp, &tuple);
	note_closer(mix_tuple(&tuple, netns_mix), (struct sock *)address_of(tcp), &closing,
		    in_process);
}

#endif
