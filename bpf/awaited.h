/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets of resets whose owner is being looked for. A direct-mapped array like
 * the other notes: see notes.h.
 */
#ifndef RSTTRACE_AWAITED_H
#define RSTTRACE_AWAITED_H

#include "hash.h"

#include <bpf/bpf_helpers.h>

#define AWAITED 16384
#define AWAITED_BITS 14

/*
 * The inode tells a socket from the next one at its address; two writers at
 * once spoil it.
 */
struct awaited_note {
	__u64 sk;
	__u64 inode;
	__u64 check; /* of both */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AWAITED);
	__type(key, __u32);
	__type(value, struct awaited_note);
} awaited SEC(".maps");

static __always_inline struct awaited_note *awaited_slot(__u64 sk)
{
	__u32 at = hash_address(sk, AWAITED_BITS);

	return bpf_map_lookup_elem(&awaited, &at);
}

static __always_inline __u64 awaited_check(__u64 sk, __u64 inode)
{
	return sk * 0x9e3779b97f4a7c15ull ^ inode;
}

static __always_inline void await_holder(__u64 sk, __u64 inode)
{
	struct awaited_note *slot = awaited_slot(sk);

	if (!slot)
		return;
	slot->inode = inode;
	slot->check = awaited_check(sk, inode);
	slot->sk = sk;
}

static __always_inline bool holder_awaited(__u64 sk)
{
	struct awaited_note *slot = awaited_slot(sk);

	return slot && slot->sk == sk;
}

/* The inode of an awaited socket, which is awaited no longer; 0 for any other. */
static __always_inline __u64 take_awaited(__u64 sk)
{
	struct awaited_note *slot = awaited_slot(sk);

	if (!slot || slot->sk != sk)
		return 0;
	__u64 inode = slot->inode;
	bool whole = slot->check == awaited_check(sk, inode);
	slot->sk = 0;
	return whole ? inode : 0;
}

#endif
