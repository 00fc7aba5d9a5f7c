//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For tests only: what the kernel side decides about evidence in a packet. */
#include "actor.h"
#include "counters.h"

#include <bpf/bpf_helpers.h>

enum predicate : __u32 {
	IN_PROCESS = 1,
	NAMES_CURRENT = 2,
	HOLDER_WANTED = 4,
};

SEC("socket")
int predicates(struct __sk_buff *skb)
{
	struct evidence evidence;

	if (bpf_skb_load_bytes(skb, 0, &evidence, sizeof(evidence)))
		return ~0;
	return (in_process(&evidence) ? IN_PROCESS : 0) |
	       (names_current(&evidence) ? NAMES_CURRENT : 0) |
	       (holder_wanted(&evidence) ? HOLDER_WANTED : 0);
}

/* Where the search for the counter of evidence begins. */
SEC("socket")
int first_column(struct __sk_buff *skb)
{
	struct evidence evidence;

	if (bpf_skb_load_bytes(skb, 0, &evidence, sizeof(evidence)))
		return 0;
	return column_at(hash_evidence(&evidence));
}

char _license[] SEC("license") = "Dual BSD/GPL";
