/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes of the state before: who looks at a closed socket finds only CLOSE. */
#ifndef RSTTRACE_PRIORS_H
#define RSTTRACE_PRIORS_H

#include "hash.h"
#include "record.h"

#define PRIOR_BITS 10
#define PRIORS_AT_ONCE 4

/*
 * The states that sockets left when they last changed to CLOSE, the youngest
 * first: (sk << 8) | state. There are several in a place, as the two ends of a
 * connection may share one, and the second closes before the RST of the first
 * has been seen.
 */
struct priors {
	__u64 last[PRIORS_AT_ONCE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << PRIOR_BITS);
	__type(key, __u32);
	__type(value, struct priors);
} priors SEC(".maps");

static __always_inline void note_prior(__u64 sk, __u8 state)
{
	__u32 at = hash_address(sk, PRIOR_BITS);
	struct priors *found = bpf_map_lookup_elem(&priors, &at);

	if (!found)
		return;
	for (int i = PRIORS_AT_ONCE - 1; i > 0; i--)
		found->last[i] = found->last[i - 1];
	found->last[0] = sk << 8 | state;
}

static __always_inline __u8 prior_state(__u64 sk)
{
	__u32 at = hash_address(sk, PRIOR_BITS);
	struct priors *found = bpf_map_lookup_elem(&priors, &at);

	if (!found)
		return 0;
	for (int i = 0; i < PRIORS_AT_ONCE; i++) {
		if (found->last[i] >> 8 == (sk << 8) >> 8)
			return found->last[i];
	}
	return 0;
}

#endif
