/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exact counts per evidence, whatever happens to the details.
 *
 * Go reads the counts through mmap, because a map system call would keep
 * kprobe programs from running on its CPU. So the counts live in an array with
 * one row per CPU, and a hash that only BPF touches says which column belongs
 * to which evidence. A softirq may interrupt a program on its own CPU, hence the
 * atomic add. New evidence claims a column by inserting the column's number
 * into a hash with BPF_NOEXIST, the one test-and-set that every kernel since
 * 5.8 offers to these programs.
 */
#ifndef RSTTRACE_COUNTERS_H
#define RSTTRACE_COUNTERS_H

#include "access.h"
#include "config.h"
#include "hash.h"

/* Columns of a row. The first few are reserved; the rest belong to evidence. */
enum column : __u32 {
	COLUMN_LOST = 0, /* + enum record_kind: records that the ring had no room for */
	COLUMN_UNCOUNTED = RECORD_KINDS, /* resets that found no free column */
	COLUMN_ERRORS, /* only of budgets: errors that are followed */
	COLUMN_UNPLACED, /* resets that found no free cell for their network namespace */
	COLUMN_FIRST = 16,
	COLUMNS = 2048,
};
#define COLUMN_BITS 11
_Static_assert(COLUMNS == 1 << COLUMN_BITS, "a hash has as many bits as a column");
#define CLAIM_ATTEMPTS 16

struct column_key {
	struct evidence evidence;
	__u32 ready; /* the evidence is complete */
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, COLUMNS); /* times CPUs: set by the loader */
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, COLUMNS);
	__type(key, __u32);
	__type(value, struct column_key);
} column_keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COLUMNS);
	__type(key, struct evidence);
	__type(value, enum column);
} columns SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, COLUMNS);
	__type(key, __u32);
	__type(value, __u32);
} claims SEC(".maps");

static __always_inline void add_to_column(__u32 column)
{
	__u32 cell = bpf_get_smp_processor_id() * COLUMNS + column;
	__u64 *count = bpf_map_lookup_elem(&counts, &cell);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u32 hash_evidence(const struct evidence *evidence)
{
	return mix(evidence, sizeof(*evidence)) >> (64 - COLUMN_BITS);
}

/* The column that a hash gives: never a reserved one. */
static __always_inline __u32 column_at(__u32 hash)
{
	__u32 column = hash & (COLUMNS - 1);

	return column < COLUMN_FIRST ? column + COLUMN_FIRST : column;
}

/* Global, and with numbers for the evidence, so that the verifier sees it once. */
__attribute__((noinline, weak)) __u64 claim_column(__u64 first, __u64 second)
{
	__u64 words[] = { first, second };
	struct evidence key;

	_Static_assert(sizeof(words) == sizeof(key), "a evidence is two words");
	__builtin_memcpy(&key, words, sizeof(key));
	__u32 hash = opaque(hash_evidence(&key));
	for (__u32 i = 0; i < CLAIM_ATTEMPTS; i++) {
		__u32 column = column_at(hash + i);

		if (bpf_map_update_elem(&claims, &column, &column, BPF_NOEXIST))
			continue;

		struct column_key *name = bpf_map_lookup_elem(&column_keys, &column);
		if (!name)
			return COLUMN_UNCOUNTED;
		name->evidence = key;
		name->ready = 1;
		/* Two CPUs may claim a column each for the same evidence; Go adds them up. */
		bpf_map_update_elem(&columns, &key, &column, BPF_NOEXIST);
		return column;
	}
	return COLUMN_UNCOUNTED;
}

static __always_inline bool same_evidence(const struct evidence *a, const struct evidence *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/*
 * The column of evidence. Nearly always it is the first that its hash gives, and
 * that is found without the hash map: a name that is ready never changes.
 */
static __always_inline __u32 column_of(const struct evidence *evidence)
{
	__u32 first = column_at(hash_evidence(evidence));
	struct column_key *name = bpf_map_lookup_elem(&column_keys, &first);

	if (name && name->ready && same_evidence(&name->evidence, evidence))
		return first;
	enum column *known = bpf_map_lookup_elem(&columns, evidence);
	if (known)
		return *known;
	const __u64 *words = (const __u64 *)evidence;
	return claim_column(words[0], words[1]);
}

/* Counts, and returns the column. */
static __always_inline __u32 count_evidence(const struct evidence *evidence)
{
	__u32 column = column_of(evidence);

	add_to_column(column);
	return column;
}

#endif
