/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes of listeners, and the iterators that find those that are older than rsttrace.
 */
#ifndef RSTTRACE_CONTEXT_LISTENER_H
#define RSTTRACE_CONTEXT_LISTENER_H

#include "embryonic.h"
#include "listeners.h"
#include "search.h"

/* sk is untyped: the iterator has it as something else. */
static __always_inline void note_listener(struct sock *sk, bool closed)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct listener_note note = {
		.sk = (__u64)sk,
		.tuple.netns = socket_netns(sk) ^ socket_netns_mix(sk),
		.tuple.local_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport)),
		.tuple.peer_port = family,
		.netns = socket_netns(sk),
		.inode = socket_inode(sk),
		.shared = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport),
	};

	if (family == AF_INET6)
		BPF_CORE_READ_INTO(&note.tuple.local, sk, __sk_common.skc_v6_rcv_saddr);
	else
		*(__u32 *)note.tuple.local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	if (closed) {
		note.closing.time_ns = bpf_ktime_get_ns();
		note.closing.from = TCP_LISTEN;
		note.closing.to = TCP_CLOSE;
		write_ender(&note.process, sk, 0);
	}
	write_listener(&note);
}

static __always_inline void note_old_listener(struct sock *sk)
{
	watch_embryonic(sk);
	note_listener(sk, false);
}

/* Listeners that are older than rsttrace: those of its own namespace. */
SEC("iter/tcp")
int listeners(struct bpf_iter__tcp *ctx)
{
	struct sock *sk = UNTYPED((struct sock *)ctx->sk_common);

	if (sk && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		note_old_listener(sk);
	return 0;
}

struct sock___protocol {
	__u16 sk_protocol;
} __attribute__((preserve_access_index));

#define IPPROTO_MPTCP_SOCKET 262 /* IPPROTO_MPTCP is an enum of newer kernels */

struct mptcp_sock___first {
	struct sock *first; /* the subflow that listens */
} __attribute__((preserve_access_index));

/* The file of an MPTCP listener has a socket that TCP does not know. */
static __always_inline struct sock *tcp_listener_of(struct sock *sk)
{
	struct mptcp_sock___first *msk = (void *)sk;

	if (!sk ||
	    BPF_CORE_READ((struct sock___protocol *)sk, sk_protocol) != IPPROTO_MPTCP_SOCKET ||
	    !bpf_core_type_exists(struct mptcp_sock___first))
		return sk;
	return BPF_CORE_READ(msk, first);
}

/* Global, so that the verifier sees it once. */
__attribute__((noinline, weak)) int note_if_listener(__u64 file)
{
	struct sock *sk = tcp_listener_of(socket_of((struct file *)file));

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN ||
	    BPF_CORE_READ((struct sock___protocol *)sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family == AF_INET || family == AF_INET6)
		note_old_listener(sk);
	return 0;
}

/* A callback for bpf_loop. */
static long inspect_block(__u64 index, void *unused)
{
	struct search *search = the_search();

	if (!search || !read_block(search, search->first + index * BLOCK))
		return 1;
	for (__u32 i = 0; i < BLOCK; i++) {
		if (search->block[i])
			note_if_listener(search->block[i]);
	}
	return 0;
}

/*
 * The same of all namespaces, except those that only the kernel holds: an iterator of
 * sockets sees one namespace.
 */
SEC("iter/task")
int held_listeners(struct bpf_iter__task *ctx)
{
	struct search *search = the_search();
	struct task_struct *task = ctx->task;

	if (task && search && owns_table(task))
		walk_table(search, task, BLOCKS_TO_INSPECT, inspect_block);
	return 0;
}

/* The same by references: before 5.17. */
SEC("iter/task_file")
int held_listeners_by_file(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;

	if (file)
		note_if_listener(number_of(file));
	return 0;
}

#endif
