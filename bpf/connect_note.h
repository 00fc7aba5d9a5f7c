/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes of how a connection began, for as long as it lives: found by its socket. */
#ifndef RSTTRACE_CONNECT_NOTE_H
#define RSTTRACE_CONNECT_NOTE_H

#include "clock.h"
#include "notes.h"
#include "socket.h"

#define CONNECT_BITS 14

/*
 * Which process called connect for a socket, or since when an incoming connection
 * is established. Found by the socket's address: one cache line for two sockets. A
 * tag tells the two apart, so that a socket overwrites its own note. It is kept
 * where other notes have the exit status.
 */
struct connect_notes {
	struct note pair[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << CONNECT_BITS);
	__type(key, __u32);
	__type(value, struct connect_notes);
} connect_notes SEC(".maps");

static __always_inline struct connect_notes *connect_pair(__u64 sk)
{
	__u32 at = hash_address(sk, CONNECT_BITS);

	return bpf_map_lookup_elem(&connect_notes, &at);
}

static __always_inline __u16 connect_tag(__u64 sk)
{
	return sk >> 6;
}

/* The note of this socket's last connection, else the older one. */
static __always_inline struct note *connect_slot(struct connect_notes *notes, __u64 sk)
{
	struct note *first = &notes->pair[0], *second = &notes->pair[1];
	__u16 tag = connect_tag(sk);

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
static __always_inline __u64 connect_key(__u64 sk, struct tcp_sock *tcp)
{
	__u32 address = READ_COMMON(tcp, skc_family) == AF_INET6 ?
				READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[3]) :
				READ_COMMON(tcp, skc_daddr);

	return sk * HASH_FACTOR(0ull) +
	       ((__u64)READ_COMMON(tcp, skc_dport) << 32 | address) * HASH_FACTOR(4ull);
}

/* by_process: it called connect. Else the peer did, and the handshake has ended. */
static __always_inline void note_connect(__u64 sk, struct tcp_sock *tcp, bool by_process)
{
	struct connect_notes *notes = connect_pair(sk);
	struct note note = { .when = bpf_jiffies64() };

	if (!notes)
		return;
	if (by_process) {
		struct running running = read_running();
		sign(&note, &running);
	}
	note.rest = (note.rest & ~(0xffffull << 32)) | (__u64)connect_tag(sk) << 32;
	note.check = proof(connect_key(sk, tcp), &note);
	*connect_slot(notes, sk) = note;
}

/* Who called connect, and since when this is a connection: false if that is not known. */
static __always_inline bool find_connect_note(__u64 sk, struct tcp_sock *tcp, struct note *note)
{
	struct connect_notes *notes = connect_pair(sk);

	if (!notes)
		return false;
	*note = *connect_slot(notes, sk);
	return is_proven(connect_key(sk, tcp), note);
}

/* Did a process call connect for this very connection? */
static __always_inline bool called_connect(__u64 sk, struct tcp_sock *tcp)
{
	struct note note;

	return find_connect_note(sk, tcp, &note) && note.thread;
}

#endif
