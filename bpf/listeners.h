/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes about listeners: whose connections wait to be accepted, and who
 * listened where a SYN finds nobody.
 */
#ifndef RSTTRACE_LISTENERS_H
#define RSTTRACE_LISTENERS_H

#include "config.h"
#include "hash.h"
#include "process.h"

#define LISTENERS 4096
#define LISTENER_BITS 12

/*
 * Which socket listens, or listened until a while ago, by local address and
 * port. The peer is all zero but for its port, which holds the family: a
 * wildcard of IPv6 is not one of IPv4.
 */
struct listener_note {
	__u64 check; /* over all that follows */
	__u64 sk;
	struct tuple tuple;
	struct closing closing; /* all zero while it listens */
	struct process process; /* that closed it */
	__u32 shared; /* SO_REUSEPORT: there may be others, and this one says nothing */
	__u32 netns; /* the namespace itself: tuple.netns is mixed */
	__u32 inode; /* of its socket file; 0: none */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, LISTENERS);
	__type(key, __u32);
	__type(value, struct listener_note);
} listening SEC(".maps");

/*
 * These are read where they stand, because the stack is small: before and after
 * the copy the note must be whole, and the same.
 */
#define CHECKED(note) \
	(const char *)(note) + sizeof((note)->check), sizeof(*(note)) - sizeof((note)->check)
#define IS_WHOLE(note) ((note)->check == mix(CHECKED(note)))
#define STILL_WHOLE(note, check_before)                            \
	({                                                         \
		asm volatile("" ::: "memory");                     \
		(note)->check == (check_before) && IS_WHOLE(note); \
	})

static __always_inline bool same_tuple(const struct tuple *a, const struct tuple *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differs = 0;

	for (int i = 0; i < sizeof(*a) / sizeof(*x); i++)
		differs |= x[i] ^ y[i];
	return !differs;
}

static __always_inline struct listener_note *listener_slot(const struct tuple *key)
{
	__u32 at = mix_tuple(key, 0) >> (64 - LISTENER_BITS);

	return bpf_map_lookup_elem(&listening, &at);
}

static __always_inline void write_listener(struct listener_note *note)
{
	struct listener_note *slot = listener_slot(&note->tuple);

	note->check = mix(CHECKED(note));
	if (slot)
		*slot = *note;
}

/* The note of exactly this address, port and family, or NULL. */
static __always_inline struct listener_note *listener_at(const struct tuple *key)
{
	struct listener_note *note = listener_slot(key);

	return note && same_tuple(key, &note->tuple) && IS_WHOLE(note) ? note : NULL;
}

#endif
