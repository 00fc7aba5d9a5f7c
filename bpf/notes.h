/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes that one hook leaves for a later one. All are direct-mapped arrays: a
 * newer note overwrites an older one in the same place, which costs a missing
 * detail now and then and never a wrong one, because every note proves whose
 * it is. Without them an event only says less: the state before is missing, or
 * a connection that was closed here counts as half-open.
 */
#ifndef RSTTRACE_NOTES_H
#define RSTTRACE_NOTES_H

#include "access.h"
#include "process.h"
#include "record.h"

#define PRIORS 4096
#define CLOSERS 32768
#define CLOSER_BITS 15

/* Older notes say nothing about a packet that arrives now. */
#define CLOSER_LIFETIME_NS (10ull * 60 * 1000000000)
#define AWAITED 16384
#define CONNECTORS 16384
#define CONNECTOR_BITS 14

/* The state that a socket left when it last changed to CLOSE: (sk << 8) | state. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PRIORS);
	__type(key, __u32);
	__type(value, __u64);
} priors SEC(".maps");

/* Who closed a connection, when and how. */
struct closer_note {
	__u64 check; /* over all that follows: two writers at once spoil it */
	struct closing closing;
	struct tuple tuple;
	struct process process;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLOSERS);
	__type(key, __u32);
	__type(value, struct closer_note);
} closers SEC(".maps");

/*
 * Sockets of resets whose owner is being looked for. The inode tells a socket
 * from the next one at its address; two writers at once spoil it.
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

/*
 * Who called connect for a socket. The inode tells it from the next one at its
 * address, which may have been accepted.
 */
struct connector_note {
	__u64 check; /* over all that follows */
	__u64 sk;
	__u64 inode;
	struct process process;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CONNECTORS);
	__type(key, __u32);
	__type(value, struct connector_note);
} connectors SEC(".maps");

/* Fibonacci hashing; the low bits of an address are always 0. */
static __always_inline __u32 hash_address(__u64 address, __u32 bits)
{
	return (address >> 6) * 0x9e3779b97f4a7c15ull >> (64 - bits);
}

/* Multilinear hashing: the products do not wait for one another. The upper bits are the good ones.
 */
static __always_inline __u64 mix(const void *data, __u32 size)
{
	const __u64 *word = data;
	__u64 hash = 0x9e3779b97f4a7c15ull;

	for (__u64 i = 0; i < size / sizeof(*word); i++)
		hash += word[i] * ((0x9e3779b97f4a7c15ull ^ i * 0xff51afd7ed558ccdull) | 1);
	return hash;
}

static __always_inline void note_prior(__u64 sk, __u8 state)
{
	__u32 at = hash_address(sk, 12);
	__u64 *prior = bpf_map_lookup_elem(&priors, &at);

	if (prior)
		*prior = sk << 8 | state;
}

static __always_inline __u8 prior_state(__u64 sk)
{
	__u32 at = hash_address(sk, 12);
	__u64 *prior = bpf_map_lookup_elem(&priors, &at);

	return prior && *prior >> 8 == (sk << 8) >> 8 ? (__u8)*prior : 0;
}

/*
 * Numbers of namespaces are used again as soon as one is gone, so notes add the
 * random number that each namespace has for its hashes.
 */
static __always_inline struct tuple key_of(const struct tuple *tuple, __u32 netns_mix)
{
	struct tuple key = *tuple;

	key.netns ^= netns_mix;
	return key;
}

static __always_inline bool same_tuple(const struct tuple *a, const struct tuple *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differs = 0;

	for (int i = 0; i < sizeof(*a) / sizeof(*x); i++)
		differs |= x[i] ^ y[i];
	return !differs;
}

static __always_inline __u32 closer_slot(const struct tuple *key)
{
	return mix(key, sizeof(*key)) >> (64 - CLOSER_BITS);
}

#define CHECKED(note) \
	(const char *)(note) + sizeof((note)->check), sizeof(*(note)) - sizeof((note)->check)

static __always_inline void note_closer(const struct tuple *key, const struct closing *closing)
{
	struct closer_note note = { .closing = *closing, .tuple = *key };
	__u32 at = closer_slot(key);

	read_current(&note.process);
	note.check = mix(CHECKED(&note));
	struct closer_note *slot = bpf_map_lookup_elem(&closers, &at);
	if (slot)
		*slot = note;
}

/*
 * Notes are read where they stand, because the stack is small: before and after
 * the copy the note must be whole, and the same.
 */
#define IS_WHOLE(note) ((note)->check == mix(CHECKED(note)))
#define STILL_WHOLE(note, check_before)                            \
	({                                                         \
		asm volatile("" ::: "memory");                     \
		(note)->check == (check_before) && IS_WHOLE(note); \
	})

/* The note of who closed this connection, or NULL. */
static __always_inline struct closer_note *find_closer(const struct tuple *key)
{
	__u32 at = closer_slot(key);
	struct closer_note *note = bpf_map_lookup_elem(&closers, &at);

	if (!note || !note->closing.time_ns || !same_tuple(key, &note->tuple) || !IS_WHOLE(note))
		return NULL;
	if (bpf_ktime_get_ns() - note->closing.time_ns > CLOSER_LIFETIME_NS)
		return NULL;
	return note;
}

/* Copies who closed this connection, and how, if that is known. */
static __always_inline void read_closer(const struct tuple *key, struct process *process,
					struct closing *closing)
{
	struct closer_note *note = find_closer(key);
	if (!note)
		return;

	__u64 check = note->check;
	*process = note->process;
	*closing = note->closing;
	if (!STILL_WHOLE(note, check)) {
		__builtin_memset(process, 0, sizeof(*process));
		__builtin_memset(closing, 0, sizeof(*closing));
	}
}

static __always_inline void note_connector(__u64 sk, __u64 inode)
{
	struct connector_note note = { .sk = sk, .inode = inode };
	__u32 at = hash_address(sk, CONNECTOR_BITS);

	read_current(&note.process);
	note.check = mix(CHECKED(&note));
	struct connector_note *slot = bpf_map_lookup_elem(&connectors, &at);
	if (slot)
		*slot = note;
}

/* Copies who called connect for this socket, if that is known. */
static __always_inline void read_connector(__u64 sk, __u64 inode, struct process *process)
{
	__u32 at = hash_address(sk, CONNECTOR_BITS);
	struct connector_note *note = bpf_map_lookup_elem(&connectors, &at);

	if (!note || note->sk != sk || note->inode != inode || !IS_WHOLE(note))
		return;

	__u64 check = note->check;
	*process = note->process;
	if (!STILL_WHOLE(note, check))
		__builtin_memset(process, 0, sizeof(*process));
}

static __always_inline __u64 awaited_check(__u64 sk, __u64 inode)
{
	return sk * 0x9e3779b97f4a7c15ull ^ inode;
}

static __always_inline void await_holder(__u64 sk, __u64 inode)
{
	__u32 at = hash_address(sk, 14);
	struct awaited_note *slot = bpf_map_lookup_elem(&awaited, &at);

	if (!slot)
		return;
	slot->inode = inode;
	slot->check = awaited_check(sk, inode);
	slot->sk = sk;
}

static __always_inline bool holder_awaited(__u64 sk)
{
	__u32 at = hash_address(sk, 14);
	struct awaited_note *slot = bpf_map_lookup_elem(&awaited, &at);

	return slot && slot->sk == sk;
}

/* The inode of an awaited socket, which is awaited no longer; 0 for any other. */
static __always_inline __u64 take_awaited(__u64 sk)
{
	__u32 at = hash_address(sk, 14);
	struct awaited_note *slot = bpf_map_lookup_elem(&awaited, &at);

	if (!slot || slot->sk != sk)
		return 0;
	__u64 inode = slot->inode;
	bool whole = slot->check == awaited_check(sk, inode);
	slot->sk = 0;
	return whole ? inode : 0;
}

#endif
