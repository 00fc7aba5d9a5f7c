/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets of resets whose owner is being searched for. An array like the other
 * notes, see notes.h, with the two youngest in a slot: both ends of a connection
 * may be searched for, and their addresses may have the same hash.
 */
#ifndef RSTTRACE_PENDING_OWNER_H
#define RSTTRACE_PENDING_OWNER_H

#include "hash.h"
#include "process.h"

#include <bpf/bpf_helpers.h>

#define PENDING_OWNERS_BITS 13

/*
 * The inode tells a socket from the next one at its address; two writers at
 * once spoil it.
 */
struct pending_owner {
	__u64 sk;
	__u64 inode;
	__u64 cred; /* of the file: see name_creator() */
	__u64 check; /* of all */
};

struct pending_owners {
	struct pending_owner last[2]; /* the youngest first */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << PENDING_OWNERS_BITS);
	__type(key, __u32);
	__type(value, struct pending_owners);
} pending_owners SEC(".maps");

/*
 * The same of listeners, for connections that nobody has accepted. They are few, and
 * apart from connections, so that a storm of resets does not displace them.
 */
#define PENDING_LISTENERS_BITS 8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << PENDING_LISTENERS_BITS);
	__type(key, __u32);
	__type(value, struct pending_owners);
} pending_listener_owners SEC(".maps");

static __always_inline struct pending_owners *pending_of_socket(__u64 sk)
{
	__u32 at = hash_address(sk, PENDING_OWNERS_BITS);

	return bpf_map_lookup_elem(&pending_owners, &at);
}

static __always_inline struct pending_owners *pending_of_listener(__u64 sk)
{
	__u32 at = hash_address(sk, PENDING_LISTENERS_BITS);

	return bpf_map_lookup_elem(&pending_listener_owners, &at);
}

/* The note of a socket, or NULL. */
static __always_inline struct pending_owner *pending_in(struct pending_owners *found, __u64 sk)
{
	if (!found)
		return NULL;
	if (found->last[0].sk == sk)
		return &found->last[0];
	return found->last[1].sk == sk ? &found->last[1] : NULL;
}

static __always_inline __u64 pending_check(const struct pending_owner *note)
{
	__u64 sum = note->sk * 0x9e3779b97f4a7c15ull ^ note->inode;

	return sum * 0x9e3779b97f4a7c15ull ^ note->cred;
}

static __always_inline void add_pending(struct pending_owners *found, struct sock *sk, __u64 inode)
{
	struct pending_owner note = {
		.sk = (__u64)sk,
		.inode = inode,
		.cred = file_cred(sk),
	};

	if (!found)
		return;
	if (found->last[0].sk != note.sk)
		found->last[1] = found->last[0];
	note.check = pending_check(&note);
	found->last[0] = note;
}

static __always_inline void await_owner(struct sock *sk, __u64 inode)
{
	add_pending(pending_of_socket((__u64)sk), sk, inode);
}

static __always_inline void await_listener_owner(struct sock *sk, __u64 inode)
{
	add_pending(pending_of_listener((__u64)sk), sk, inode);
}

static __always_inline bool owner_pending(__u64 sk)
{
	return pending_in(pending_of_socket(sk), sk) != NULL;
}

static __always_inline bool listener_owner_pending(__u64 sk)
{
	return pending_in(pending_of_listener(sk), sk) != NULL;
}

static __always_inline bool take_pending_from(struct pending_owners *found, __u64 sk,
					      struct pending_owner *note)
{
	struct pending_owner *slot = pending_in(found, sk);

	if (!slot)
		return false;
	*note = *slot;
	slot->sk = 0;
	return note->check == pending_check(note) && note->inode;
}

/* The note of a socket whose owner is pending, and no longer is; false for any other. */
static __always_inline bool take_pending(__u64 sk, struct pending_owner *note)
{
	return take_pending_from(pending_of_socket(sk), sk, note);
}

static __always_inline bool take_pending_listener(__u64 sk, struct pending_owner *note)
{
	return take_pending_from(pending_of_listener(sk), sk, note);
}

#endif
