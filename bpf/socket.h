/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Facts, connection statistics and addresses of a socket. */
#ifndef RSTTRACE_SOCKET_H
#define RSTTRACE_SOCKET_H

#include "access.h"
#include "record.h"

/*
 * Is a system call holding the socket? Then this code runs in its process,
 * because packets and timers of an owned socket wait in the backlog. A
 * listener is the exception: it handles packets without the lock.
 */
static __always_inline bool owned(struct tcp_sock *tcp, __u8 state)
{
	return state != TCP_LISTEN && READ_SOCK(tcp, sk_lock.owned);
}

static __always_inline bool is_mptcp(struct tcp_sock *tcp)
{
	return bpf_core_field_exists(tcp->is_mptcp) && READ(tcp, is_mptcp);
}

/* Received payload that nobody has read: a FIN takes a sequence number too. */
static __always_inline __s32 unread_bytes(struct tcp_sock *tcp, unsigned long flags)
{
	return READ(tcp, rcv_nxt) - READ(tcp, copied_seq) - !!(flags & SOCK_DONE);
}

static __always_inline bool is_fast_close(struct tcp_sock *tcp)
{
	struct mptcp_subflow_context *subflow = READ(tcp, inet_conn.icsk_ulp_data);

	return bpf_core_field_exists(subflow->send_fastclose) && subflow &&
	       BPF_CORE_READ_BITFIELD_PROBED(subflow, send_fastclose);
}

/* How much of the window is left from rcv_nxt on: tcp_receive_window. */
static __always_inline __u32 receive_window(struct tcp_sock *tcp)
{
	__s32 window = READ(tcp, rcv_wup) + READ(tcp, rcv_wnd) - READ(tcp, rcv_nxt);

	return window > 0 ? window : 0;
}

static __always_inline __u32 full_socket_facts(struct tcp_sock *tcp, __u8 state)
{
	unsigned long flags = READ_COMMON(tcp, skc_flags);
	__u8 shutdown = READ_SOCK(tcp, sk_shutdown);
	__u32 facts = 0;

	if (owned(tcp, state))
		facts |= FACT_OWNED;
	if (flags & SOCK_DEAD)
		facts |= FACT_DEAD;
	if (flags & SOCK_DONE)
		facts |= FACT_PEER_FIN;
	if (flags & SOCK_KEEPOPEN)
		facts |= FACT_KEEP_OPEN;
	if ((flags & SOCK_LINGER) && READ_SOCK(tcp, sk_lingertime) == 0)
		facts |= FACT_LINGER_ZERO;
	if (shutdown & RCV_SHUTDOWN)
		facts |= FACT_SHUT_RCV;
	if (shutdown & SEND_SHUTDOWN)
		facts |= FACT_SHUT_SEND;
	if (READ_SOCK(tcp, sk_err))
		facts |= FACT_ERROR;
	if (READ_SOCK(tcp, sk_socket))
		facts |= FACT_HAS_SOCKET;
	if (state == TCP_LISTEN) {
		if (READ_SOCK(tcp, sk_ack_backlog) > READ_SOCK(tcp, sk_max_ack_backlog))
			facts |= FACT_QUEUE_FULL;
		return facts;
	}
	if (is_mptcp(tcp)) {
		facts |= FACT_MPTCP;
		if (is_fast_close(tcp))
			facts |= FACT_FAST_CLOSE;
	}
	if (state == TCP_SYN_SENT) /* nothing has come yet, and the SYN is all that went */
		return facts;
	if (unread_bytes(tcp, flags) > 0)
		facts |= FACT_UNREAD;
	if (READ(tcp, write_seq) != READ(tcp, snd_nxt))
		facts |= FACT_UNSENT;
	if (READ(tcp, packets_out))
		facts |= FACT_IN_FLIGHT;
	if (READ(tcp, linger2) < 0)
		facts |= FACT_LINGER2_NEGATIVE;
	if (READ(tcp, inet_conn.icsk_user_timeout))
		facts |= FACT_USER_TIMEOUT;
	if (READ(tcp, fastopen_rsk))
		facts |= FACT_FAST_OPEN;
	if (READ_BITS(tcp, rx_opt.tstamp_ok))
		facts |= FACT_TS_NEGOTIATED;
	if (READ_BITS(tcp, rx_opt.saw_tstamp))
		facts |= FACT_TS_SEEN;
	return facts;
}

/* As keep-alive and ss(8) have it. The kernel keeps the lower half of jiffies. */
static __always_inline void read_silence(struct tcp_sock *tcp, struct conn_stats *stats)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 since_ack = now - READ(tcp, rcv_tstamp);
	__u32 since_data = now - READ(tcp, inet_conn.icsk_ack.lrcvtime);

	stats->since_received = since_ack < since_data ? since_ack : since_data;
	stats->since_sent = now - READ(tcp, lsndtime);
}

/*
 * For how long no data has gone in either direction, in jiffies plus 1. Other packets do not
 * count, such as those of keep-alive and a FIN. Without any data: since the connection began.
 */
static __always_inline __u32 idle_since(struct tcp_sock *tcp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 received = now - READ(tcp, inet_conn.icsk_ack.lrcvtime);
	__u32 sent = now - READ(tcp, lsndtime);

	return (received < sent ? received : sent) + 1;
}

static __always_inline void read_conn_stats(struct tcp_sock *tcp, struct conn_stats *stats)
{
	stats->bytes_acked = READ(tcp, bytes_acked);
	stats->bytes_received = READ(tcp, bytes_received);
	stats->copied_seq = READ(tcp, copied_seq);
	stats->snd_una = READ(tcp, snd_una);
	stats->snd_nxt = READ(tcp, snd_nxt);
	stats->write_seq = READ(tcp, write_seq);
	stats->srtt_us = READ(tcp, srtt_us);
	stats->retransmits = READ(tcp, total_retrans);
	stats->user_timeout_ms = READ(tcp, inet_conn.icsk_user_timeout);
	stats->uid = READ_SOCK(tcp, sk_uid.val);
	stats->mark = READ_SOCK(tcp, sk_mark);
	stats->error = READ_SOCK(tcp, sk_err);
	stats->segs_in = READ(tcp, segs_in);
	stats->segs_out = READ(tcp, segs_out);
	stats->packets_out = READ(tcp, packets_out);
	read_silence(tcp, stats);
}

/* Does an IPv4-mapped address stand in an IPv6 socket? Then the wire is IPv4. */
static __always_inline bool is_mapped(const __u32 *address)
{
	return address[0] == 0 && address[1] == 0 && address[2] == bpf_htonl(0xffff);
}

/*
 * The addresses of a full socket; returns the family on the wire. The local
 * port is inet_sport: skc_num is already 0 at most hooks.
 */
static __always_inline __u8 read_socket_tuple(struct tcp_sock *tcp, struct tuple *tuple)
{
	__u32 *local = (__u32 *)tuple->local, *peer = (__u32 *)tuple->peer;
	__u8 family = READ_COMMON(tcp, skc_family);

	tuple->local_port = bpf_ntohs(READ_INET(tcp, inet_sport));
	tuple->peer_port = bpf_ntohs(READ_COMMON(tcp, skc_dport));
	if (family == AF_INET6) {
		peer[0] = READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[0]);
		peer[1] = READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[1]);
		peer[2] = READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[2]);
		peer[3] = READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[3]);
		if (!is_mapped(peer)) {
			local[0] = READ_COMMON(tcp, skc_v6_rcv_saddr.in6_u.u6_addr32[0]);
			local[1] = READ_COMMON(tcp, skc_v6_rcv_saddr.in6_u.u6_addr32[1]);
			local[2] = READ_COMMON(tcp, skc_v6_rcv_saddr.in6_u.u6_addr32[2]);
			local[3] = READ_COMMON(tcp, skc_v6_rcv_saddr.in6_u.u6_addr32[3]);
			return AF_INET6;
		}
		peer[1] = peer[2] = peer[3] = 0;
	}
	peer[0] = READ_COMMON(tcp, skc_daddr);
	local[0] = READ_INET(tcp, inet_saddr);
	return AF_INET;
}

/* Fields outside the typed object, or several pointers away: softly. */

static __always_inline __u32 socket_netns(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

static __always_inline __u32 netns_mix(struct net *net)
{
	return bpf_core_field_exists(net->hash_mix) ? BPF_CORE_READ(net, hash_mix) : 0;
}

static __always_inline __u32 socket_netns_mix(struct sock *sk)
{
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);

	return netns_mix(net);
}

/* A socket and the inode of its file are one object. */
static __always_inline __u64 file_inode(struct socket *socket)
{
	struct socket_alloc *alloc = (struct socket_alloc *)socket;

	return alloc ? BPF_CORE_READ(alloc, vfs_inode.i_ino) : 0;
}

/* The socket that the application has of an MPTCP connection, by a subflow; or NULL. */
static __always_inline struct sock *application_socket(struct tcp_sock *tcp)
{
	struct mptcp_subflow_context *subflow = READ(tcp, inet_conn.icsk_ulp_data);

	/* Not without CONFIG_MPTCP. */
	return bpf_core_field_exists(subflow->conn) ? BPF_CORE_READ(subflow, conn) : NULL;
}

/* 0 when never generated. tcp is NULL for what is no full socket. */
static __always_inline __u64 socket_cookie(struct sock *sk, struct tcp_sock *tcp)
{
	return tcp ? READ_COMMON(tcp, skc_cookie.counter) :
		     BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

static __always_inline __u64 socket_inode(struct sock *sk)
{
	return file_inode(BPF_CORE_READ(sk, sk_socket));
}

static __always_inline __u64 socket_cgroup(struct tcp_sock *tcp)
{
	struct sock *sk = (struct sock *)tcp;
	struct cgroup *cgroup;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup)) {
		cgroup = READ(sk, sk_cgrp_data.cgroup);
	} else {
		struct sock_cgroup_data___val *data = (void *)&sk->sk_cgrp_data;
		__u64 value = BPF_CORE_READ(data, val);

		if (value & 1)
			return 0;
		cgroup = (struct cgroup *)(value & ~7ull);
		return BPF_CORE_READ(cgroup, kn, id);
	}
	struct kernfs_node *node = READ(cgroup, kn);

	return READ(node, id);
}

#endif
