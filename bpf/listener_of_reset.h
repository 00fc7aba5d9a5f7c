/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The listener that a reset is about: whom its end belongs to, and its accept queue. */
#ifndef RSTTRACE_LISTENER_OF_RESET_H
#define RSTTRACE_LISTENER_OF_RESET_H

#include "listeners.h"
#include "pending_owner.h"
#include "process.h"
#include "reset_ctx.h"

/* A connection that is reset while its listener ends, and by that. */
static __always_inline bool ends_with_listener(const struct evidence *evidence)
{
	return evidence->caller == CALLER_LISTEN_STOP || evidence->caller == CALLER_LISTEN_ABORT;
}

static __always_inline bool is_refused_syn(const struct evidence *evidence)
{
	return evidence->socket == SOCKET_NONE &&
	       (evidence->packet & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/*
 * Who listens, or listened, for packets to the local end of a tuple: bound to
 * the address, to all, or to all of IPv6 with IPv4 included.
 */
static __always_inline struct listener_note *find_listener(const struct reset_ctx *reset)
{
	struct tuple key = reset->tuple;
	__u8 family = reset->evidence.family;
	struct listener_note *note;

	key.netns ^= reset->netns_mix;
	__builtin_memset(key.peer, 0, sizeof(key.peer));
	key.peer_port = family;
	note = listener_at(&key);
	if (note)
		return note;
	__builtin_memset(key.local, 0, sizeof(key.local));
	note = listener_at(&key);
	if (note)
		return note;
	key.peer_port = AF_INET6;
	return family == AF_INET ? listener_at(&key) : NULL;
}

/* Does a socket listen now where the packet was sent to? */
static __always_inline bool listens(const struct reset_ctx *reset)
{
	struct listener_note *note = find_listener(reset);

	return note && !note->closing.time_ns;
}

/* The listener of a handshake, which the kernel knows, or NULL. */
static __always_inline struct sock *listener_of_request(const struct reset_ctx *reset)
{
	struct sock *sk = reset->sk;

	if (reset->evidence.socket != SOCKET_REQUEST)
		return NULL;
	if (reset->evidence.state != TCP_LISTEN) /* else the listener stands for its request */
		sk = BPF_CORE_READ(sk, __sk_common.skc_listener);
	return BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN ? sk : NULL;
}

/* sk is a listener. In its end, the connection at hand has left its queue already. */
static __always_inline void read_queue(const struct evidence *evidence, struct sock *sk,
				       struct accept_queue *queue)
{
	queue->limit = BPF_CORE_READ(sk, sk_max_ack_backlog) + 1;
	queue->length = BPF_CORE_READ(sk, sk_ack_backlog) + ends_with_listener(evidence);
}

static __always_inline void await_listener(struct reset_record *record, struct sock *sk)
{
	record->listener = (__u64)sk;
	record->listener_inode = socket_inode(sk);
	await_listener_owner(sk, record->listener_inode);
}

/* The listener that a connection waits at, or that a SYN was meant for. */
static __noinline int fill_listener(struct reset_ctx *reset, struct reset_record *record)
{
	if (!reset || !record)
		return 0;
	struct sock *known = listener_of_request(reset);
	if (known) {
		read_queue(&reset->evidence, known, &record->queue);
		await_listener(record, known);
		return 0;
	}
	struct listener_note *note = find_listener(reset);
	if (!note)
		return 0;

	__u64 check = note->check, sk = note->sk;
	bool shared = note->shared;
	if (is_refused_syn(&reset->evidence)) {
		record->closer = note->process;
		record->closing = note->closing;
		if (!STILL_WHOLE(note, check)) {
			__builtin_memset(&record->closer, 0, sizeof(record->closer));
			__builtin_memset(&record->closing, 0, sizeof(record->closing));
		}
		return 0;
	}
	if (shared)
		return 0;
	/* A listener that has ended may be gone, unless this happens in its end. */
	if (!note->closing.time_ns || ends_with_listener(&reset->evidence))
		read_queue(&reset->evidence, (struct sock *)sk, &record->queue);
	if (STILL_WHOLE(note, check))
		await_listener(record, (struct sock *)sk);
	else
		__builtin_memset(&record->queue, 0, sizeof(record->queue));
	return 0;
}

#endif
