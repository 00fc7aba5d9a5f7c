/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes of the previous state: a socket that is closed shows only CLOSE. */
#ifndef RSTTRACE_PREV_STATE_H
#define RSTTRACE_PREV_STATE_H

#include "hash.h"
#include "record.h"

#define PREV_STATE_BITS 10
#define PREV_STATES_AT_ONCE 4

/*
 * The states that sockets left when they last changed to CLOSE, the youngest
 * first: (sk << 8) | state. There are several in a slot, as the two ends of a
 * connection may share one, and the second closes before the RST of the first
 * has been seen.
 */
struct prev_states {
	__u64 last[PREV_STATES_AT_ONCE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << PREV_STATE_BITS);
	__type(key, __u32);
	__type(value, struct prev_states);
} prev_states SEC(".maps");

static __always_inline void note_prev_state(__u64 sk, __u8 state)
{
	__u32 at = hash_address(sk, PREV_STATE_BITS);
	struct prev_states *found = bpf_map_lookup_elem(&prev_states, &at);

	if (!found)
		return;
	for (int i = PREV_STATES_AT_ONCE - 1; i > 0; i--)
		found->last[i] = found->last[i - 1];
	found->last[0] = sk << 8 | state;
}

static __always_inline __u8 find_prev_state(__u64 sk)
{
	__u32 at = hash_address(sk, PREV_STATE_BITS);
	struct prev_states *found = bpf_map_lookup_elem(&prev_states, &at);

	if (!found)
		return 0;
	for (int i = 0; i < PREV_STATES_AT_ONCE; i++) {
		if (found->last[i] >> 8 == (sk << 8) >> 8)
			return found->last[i];
	}
	return 0;
}

#endif
