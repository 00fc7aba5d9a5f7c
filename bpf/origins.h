/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes of how a connection began, for as long as it lives: found by its socket. */
#ifndef RSTTRACE_ORIGINS_H
#define RSTTRACE_ORIGINS_H

#include "clock.h"
#include "notes.h"
#include "socket.h"

#define ORIGIN_BITS 13

/*
 * Who called connect for a socket, or since when it is connected that came in, by
 * its address: one cache line for two sockets. Which it is says a tag in the
 * place of the exit status, so that a socket writes to where it stood before.
 */
struct origins {
	struct note of[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << ORIGIN_BITS);
	__type(key, __u32);
	__type(value, struct origins);
} origins SEC(".maps");

static __always_inline struct origins *origin_pair(__u64 sk)
{
	__u32 at = hash_address(sk, ORIGIN_BITS);

	return bpf_map_lookup_elem(&origins, &at);
}

static __always_inline __u16 origin_tag(__u64 sk)
{
	return sk >> 6;
}

/* The note of this socket's last connection, else the older one. */
static __always_inline struct note *origin_slot(struct origins *pair, __u64 sk)
{
	struct note *first = &pair->of[0], *second = &pair->of[1];
	__u16 tag = origin_tag(sk);

	if ((__u16)(first->rest >> 32) == tag)
		return first;
	if ((__u16)(second->rest >> 32) == tag)
		return second;
	return first->when > second->when ? second : first;
}

/*
 * A socket and its peer. Every connection at this address writes its note, so
 * one of an earlier connection is left only where a hook did not run.
 */
static __always_inline __u64 origin_key(__u64 sk, struct tcp_sock *tcp)
{
	__u32 address = READ_COMMON(tcp, skc_family) == AF_INET6 ?
				READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[3]) :
				READ_COMMON(tcp, skc_daddr);

	return sk * HASH_FACTOR(0ull) +
	       ((__u64)READ_COMMON(tcp, skc_dport) << 32 | address) * HASH_FACTOR(4ull);
}

/* by_process: it called connect. Else the peer did, and the handshake has ended. */
static __always_inline void note_origin(__u64 sk, struct tcp_sock *tcp, bool by_process)
{
	struct origins *pair = origin_pair(sk);
	struct note note = { .when = bpf_jiffies64() };

	if (!pair)
		return;
	if (by_process) {
		struct running running = read_running();
		sign(&note, &running);
	}
	note.rest = (note.rest & ~(0xffffull << 32)) | (__u64)origin_tag(sk) << 32;
	note.check = proof(origin_key(sk, tcp), &note);
	*origin_slot(pair, sk) = note;
}

/* Who called connect, and since when this is a connection: false if that is not known. */
static __always_inline bool find_origin(__u64 sk, struct tcp_sock *tcp, struct note *note)
{
	struct origins *pair = origin_pair(sk);

	if (!pair)
		return false;
	*note = *origin_slot(pair, sk);
	return is_proven(origin_key(sk, tcp), note);
}

#endif
