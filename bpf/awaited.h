/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets of resets whose owner is being looked for. An array like the other
 * notes, see notes.h, with the two youngest in a place: both ends of a connection
 * may be looked for, and their addresses may have the same hash.
 */
#ifndef RSTTRACE_AWAITED_H
#define RSTTRACE_AWAITED_H

#include "hash.h"
#include "process.h"

#include <bpf/bpf_helpers.h>

#define AWAITED_BITS 13

/*
 * The inode tells a socket from the next one at its address; two writers at
 * once spoil it.
 */
struct awaited_note {
	__u64 sk;
	__u64 inode;
	__u64 cred; /* of the file: see name_creator() */
	__u64 check; /* of all */
};

struct awaited {
	struct awaited_note last[2]; /* the youngest first */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << AWAITED_BITS);
	__type(key, __u32);
	__type(value, struct awaited);
} awaited SEC(".maps");

/*
 * The same of listeners, for connections that nobody has accepted. There are few of
 * them, so in a storm of resets they are not driven out by connections.
 */
#define AWAITED_LISTENERS_BITS 8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << AWAITED_LISTENERS_BITS);
	__type(key, __u32);
	__type(value, struct awaited);
} awaited_listeners SEC(".maps");

static __always_inline struct awaited *awaited_at(__u64 sk)
{
	__u32 at = hash_address(sk, AWAITED_BITS);

	return bpf_map_lookup_elem(&awaited, &at);
}

static __always_inline struct awaited *listener_awaited_at(__u64 sk)
{
	__u32 at = hash_address(sk, AWAITED_LISTENERS_BITS);

	return bpf_map_lookup_elem(&awaited_listeners, &at);
}

/* The note of a socket, or NULL. */
static __always_inline struct awaited_note *note_in(struct awaited *found, __u64 sk)
{
	if (!found)
		return NULL;
	if (found->last[0].sk == sk)
		return &found->last[0];
	return found->last[1].sk == sk ? &found->last[1] : NULL;
}

static __always_inline __u64 awaited_check(const struct awaited_note *note)
{
	__u64 sum = note->sk * 0x9e3779b97f4a7c15ull ^ note->inode;

	return sum * 0x9e3779b97f4a7c15ull ^ note->cred;
}

static __always_inline void await_in(struct awaited *found, struct sock *sk, __u64 inode)
{
	struct awaited_note note = {
		.sk = (__u64)sk,
		.inode = inode,
		.cred = file_cred(sk),
	};

	if (!found)
		return;
	if (found->last[0].sk != note.sk)
		found->last[1] = found->last[0];
	note.check = awaited_check(&note);
	found->last[0] = note;
}

static __always_inline void await_holder(struct sock *sk, __u64 inode)
{
	await_in(awaited_at((__u64)sk), sk, inode);
}

static __always_inline void await_listener_holder(struct sock *sk, __u64 inode)
{
	await_in(listener_awaited_at((__u64)sk), sk, inode);
}

static __always_inline bool holder_awaited(__u64 sk)
{
	return note_in(awaited_at(sk), sk) != NULL;
}

static __always_inline bool listener_awaited(__u64 sk)
{
	return note_in(listener_awaited_at(sk), sk) != NULL;
}

static __always_inline bool take_from(struct awaited *found, __u64 sk, struct awaited_note *note)
{
	struct awaited_note *slot = note_in(found, sk);

	if (!slot)
		return false;
	*note = *slot;
	slot->sk = 0;
	return note->check == awaited_check(note) && note->inode;
}

/* The note of an awaited socket, which is awaited no longer; false for any other. */
static __always_inline bool take_awaited(__u64 sk, struct awaited_note *note)
{
	return take_from(awaited_at(sk), sk, note);
}

static __always_inline bool take_awaited_listener(__u64 sk, struct awaited_note *note)
{
	return take_from(listener_awaited_at(sk), sk, note);
}

#endif
