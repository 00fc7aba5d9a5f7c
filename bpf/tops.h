/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which owners, peers and local ports stand behind the counts. Each CPU has a
 * table of each for itself, in sets of a few slots. A newcomer to a full set
 * replaces the entry with the lowest rank, and its rank; the events of
 * that one go to the others of its column. So entries and others of a table
 * together are the counts, exactly, and an entry never has too many. Whoever has
 * more than one in TOP_WAYS events of a set is in it at the end, whoever came
 * between and when (Metwally, Agrawal, El Abbadi: Space-Saving, 2005): a scan
 * from everywhere displaces what is as rare as itself.
 *
 * No lock and no atomic exchange: a CPU is alone with its table, unless a
 * softirq or another task gets in between, and that one goes to the others.
 */
#ifndef RSTTRACE_TOPS_H
#define RSTTRACE_TOPS_H

#include "config.h"
#include "counters.h"
#include "closers.h"
#include "process.h"
#include "reset_ctx.h"

#define TOP_WAYS 8

enum top : __u32 {
	TOP_OWNERS,
	TOP_PEERS,
	TOP_PORTS,
	TOPS,
};

struct top_key {
	__u8 name[16]; /* comm of an owner, address of a peer */
	__u64 number; /* cgroup of an owner, family of a peer, or the port, 0 without */
	__u32 netns; /* inode number */
	__u32 column;
};

/* Eight entries, a field of all of them on a cache line. */
struct top_set {
	__u64 checks[TOP_WAYS]; /* over the key, never 0: a reader sees whether it is whole */
	__u64 events[TOP_WAYS]; /* 0: the slot is free */
	__u64 inherited[TOP_WAYS]; /* rank of the entry before; with events that of this one */
	struct top_key keys[TOP_WAYS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* where asked for TOPS * CPUs * top_sets: set by the loader */
	__type(key, __u32);
	__type(value, struct top_set);
} tops SEC(".maps");

/* Events that have no slot in a table, by column. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* TOPS times CPUs times COLUMNS, as above */
	__type(key, __u32);
	__type(value, __u64);
} top_others SEC(".maps");

/* How many programs are at this CPU's tables. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} top_busy SEC(".maps");

static __always_inline void add_to_others(__u32 top, __u32 column, __u64 events)
{
	__u32 cell = (top * cpus + bpf_get_smp_processor_id()) * COLUMNS + (column & (COLUMNS - 1));
	__u64 *count = bpf_map_lookup_elem(&top_others, &cell);

	if (count)
		__sync_fetch_and_add(count, events);
}

/* The seed keeps others from choosing addresses that all fall into one set. */
static __always_inline __u64 top_check(const struct top_key *key)
{
	const __u64 *word = (const __u64 *)key;
	__u64 hash = top_seed;

	for (int i = 0; i < sizeof(*key) / sizeof(*word); i++) {
		hash = (hash ^ word[i]) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	return hash | 1;
}

static __always_inline bool same_key(const struct top_key *a, const struct top_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]));
}

/* Only while nobody else is at this CPU's tables. */
static __noinline int add_to_top(enum top top, const struct top_key *key)
{
	if (!key)
		return 0;
	__u64 check = top_check(key), lowest = ~0ull;
	__u32 row = top * cpus + bpf_get_smp_processor_id();
	__u32 at = row * top_sets + (check >> 32 & (top_sets - 1));
	struct top_set *set = bpf_map_lookup_elem(&tops, &at);
	__u32 last = 0;

	if (!set) {
		add_to_others(top, key->column, 1);
		return 0;
	}
	for (__u32 i = 0; i < TOP_WAYS; i++) {
		if (set->checks[i] == check && same_key(&set->keys[i], key)) {
			set->events[i]++;
			return 0;
		}
	}
	for (__u32 i = 0; i < TOP_WAYS; i++) {
		__u64 rank = set->events[i] + set->inherited[i];

		if (rank < lowest) {
			lowest = rank;
			last = i;
		}
	}
	last &= TOP_WAYS - 1;
	if (set->events[last])
		add_to_others(top, set->keys[last].column, set->events[last]);
	set->checks[last] = 0;
	asm volatile("" ::: "memory");
	set->events[last] = 1;
	set->inherited[last] = lowest;
	set->keys[last] = *key;
	asm volatile("" ::: "memory");
	set->checks[last] = check;
	return 0;
}

/* Is what a note says of an earlier connection about this one, and its owner? */
static __always_inline bool closed_by_owner(const struct evidence *evidence,
					    const struct note *closer)
{
	switch (evidence->socket) {
	case SOCKET_TIME_WAIT:
		return true;
	case SOCKET_FULL:
		if (evidence->facts & FACT_DEAD)
			return true;
		if (!(evidence->facts & FACT_REMEMBERED))
			return false;
		break;
	case SOCKET_NONE:
		break;
	default:
		return false;
	}
	/* What else went straight to CLOSE may have been destroyed by another. */
	return note_to(closer) != TCP_CLOSE ||
	       note_flags(closer) & (NOTE_UNREAD | NOTE_LINGER_ZERO | NOTE_EXITING | NOTE_RESET |
				     NOTE_TIMEOUT | NOTE_CLOSE);
}

static __always_inline void name_closer(const struct reset_ctx *reset, struct top_key *key)
{
	struct identity identity;
	struct note note;

	if (!find_closer(mix_tuple(&reset->tuple, reset->netns_mix), &note) ||
	    note_flags(&note) & (NOTE_KERNEL | NOTE_CREATOR) ||
	    !closed_by_owner(&reset->evidence, &note))
		return;
	if (!signer(&note, &identity))
		return;
	__builtin_memcpy(key->name, identity.comm, sizeof(key->name));
	key->number = identity.cgroup;
}

static __always_inline void name_current(struct top_key *key)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (!is_bystander())
		BPF_CORE_READ_INTO(&key->name, task, group_leader, comm);
}

/*
 * As far as it is known here: the name of the process that acts on its own
 * socket, or that closed it, and the socket's cgroup. Not the number of the
 * process: a thousand short-lived ones are one owner.
 */
static __noinline int name_owner(const struct reset_ctx *reset, struct top_key *key,
				 struct tcp_sock *tcp, bool current)
{
	if (!reset || !key)
		return 0;
	const struct evidence *evidence = &reset->evidence;
	bool remembered = evidence->facts & FACT_REMEMBERED;

	if (current) {
		if (evidence->caller != CALLER_LISTEN_ABORT)
			name_current(key);
	} else if (remembered ||
		   (evidence->socket != SOCKET_NONE && !(evidence->facts & FACT_HAS_SOCKET))) {
		name_closer(reset, key);
	}
	/* What took the place of a remembered connection is another's. */
	if (tcp && !remembered)
		key->number = socket_cgroup(tcp);
	return 0;
}

/* current: the running process acts on its own socket. */
static __noinline int count_tops(const struct reset_ctx *reset, __u32 column, struct tcp_sock *tcp,
				 bool current)
{
	if (!reset)
		return 0;
	struct top_key key = { .netns = reset->tuple.netns, .column = column };
	__u32 first = 0;
	__u64 *busy = bpf_map_lookup_elem(&top_busy, &first);

	if (!busy)
		return 0;
	name_owner(reset, &key, tcp, current);
	__sync_fetch_and_add(busy, 1);
	asm volatile("" ::: "memory");
	if (*(volatile __u64 *)busy == 1) {
		add_to_top(TOP_OWNERS, &key);
		__builtin_memcpy(key.name, reset->tuple.peer, sizeof(key.name));
		key.number = reset->evidence.family;
		add_to_top(TOP_PEERS, &key);
		__builtin_memset(key.name, 0, sizeof(key.name));
		/* That of who connects is any, and a row of its own each time. */
		key.number = reset->evidence.state == TCP_SYN_SENT ? 0 : reset->tuple.local_port;
		add_to_top(TOP_PORTS, &key);
	} else {
		for (__u32 top = 0; top < TOPS; top++)
			add_to_others(top, column, 1);
	}
	asm volatile("" ::: "memory");
	__sync_fetch_and_add(busy, -1);
	return 0;
}

#endif
