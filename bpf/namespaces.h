/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exact counts per network namespace and evidence. The audit needs them: the
 * kernel's own counters die with their namespace, and events are counted for ever.
 *
 * Go reads them through mmap, as counters.h says. A namespace and a column claim
 * a cell together, in the way in which evidence claims its column. Two CPUs may
 * claim a cell each for the same pair; Go adds them up. Cells are never free
 * again. What finds none is in COLUMN_UNPLACED.
 */
#ifndef RSTTRACE_NAMESPACES_H
#define RSTTRACE_NAMESPACES_H

#include "config.h"
#include "counters.h"
#include "hash.h"
#include "reset_ctx.h"

#define NETNS_BITS 15
#define NETNS_CELLS (1 << NETNS_BITS)

struct netns_cell {
	__u64 netns; /* inode number, and above it hash_mix: numbers are used again */
	__u32 column;
	__u32 ready; /* netns and column are complete */
	__u64 events;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* NETNS_CELLS where asked for: set by the loader */
	__type(key, __u32);
	__type(value, struct netns_cell);
} netns_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* as above */
	__type(key, __u32);
	__type(value, __u32);
} netns_claims SEC(".maps");

/* Global, so that the verifier sees it once. */
__attribute__((noinline, weak)) __u64 count_netns_column(__u64 netns, __u64 column)
{
	__u64 words[] = { netns, column };
	__u32 hash = opaque(mix(words, sizeof(words)) >> (64 - NETNS_BITS));

	for (__u32 i = 0; i < CLAIM_ATTEMPTS; i++) {
		__u32 at = (hash + i) & (NETNS_CELLS - 1);
		struct netns_cell *cell = bpf_map_lookup_elem(&netns_cells, &at);

		if (!cell)
			break;
		if (cell->ready) {
			if (cell->netns != netns || cell->column != column)
				continue;
		} else {
			if (bpf_map_update_elem(&netns_claims, &at, &at, BPF_NOEXIST))
				continue;
			cell->netns = netns;
			cell->column = column;
			asm volatile("" ::: "memory");
			cell->ready = 1;
		}
		__sync_fetch_and_add(&cell->events, 1);
		return 0;
	}
	add_to_column(COLUMN_UNPLACED);
	return 0;
}

static __always_inline void count_in_netns(const struct reset_ctx *reset, __u32 column)
{
	count_netns_column((__u64)reset->netns_mix << 32 | reset->tuple.netns, column);
}

#endif
