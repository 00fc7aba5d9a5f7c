/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes that one hook leaves for a later one. All are arrays: a newer note
 * overwrites an older one in the same place, which costs a missing detail now
 * and then and never a wrong one, because every note proves whose it is. Without them an event only
 * says less: the state before is missing, or a connection that was closed here counts as half-open.
 *
 * They are written for every connection that comes or goes, so what they cost
 * is memory that is in no cache: a note is half a cache line.
 */
#ifndef RSTTRACE_NOTES_H
#define RSTTRACE_NOTES_H

#include "clock.h"
#include "config.h"
#include "hash.h"
#include "process.h"
#include "socket.h"

#define PRIOR_BITS 10
#define PRIORS_AT_ONCE 4
#define CLOSERS 32768 /* a power of two, and places fit 16 bits */
#define CLOSER_PAGE 128
#define BUCKET_BITS 14
#define ORIGIN_BITS 13

/* Older notes say nothing about a packet that arrives now. */
#define CLOSER_LIFETIME_NS (10ull * 60 * 1000000000)

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

/*
 * What a process did to a connection, and when. Whole words, because they are
 * hashed right after they were written.
 */
struct note {
	__u64 check; /* over the key and all that follows: two writers at once spoil it */
	__u64 when; /* in jiffies */
	__u64 thread; /* pid << 32 | tid; 0: no process did it */
	__u64 rest; /* identity | exit status << 32 | from << 48 | to << 52 | enum note_flag << 56
		     */
};

enum note_flag {
	NOTE_KERNEL = 1,
	NOTE_EXITING = 2,
	NOTE_UNREAD = 4,
	NOTE_LINGER_ZERO = 8,
};

/*
 * Who closed a connection: a page for each CPU, written from its beginning to
 * its end, and then the next that is free. Scattered by their hashes, each note
 * would miss the caches and the TLB, which is most of what it costs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CLOSERS);
	__type(key, __u32);
	__type(value, struct note);
} closers SEC(".maps");

/*
 * Where in closers the note of a connection is, by the hash of its addresses: a
 * bucket has the places of its four youngest, 16 bits each, the last one in the
 * low bits. With one place each, the closer was not known after 8000 other
 * closes in one case of ten.
 */
#define BUCKET_PLACES 4
struct closer_places {
	__u64 buckets[1 << BUCKET_BITS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct closer_places);
} closer_places SEC(".maps");

/* Where each CPU writes its next note. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_closer SEC(".maps");

/*
 * Who called connect for a socket, or since when it is connected that came in, by
 * its address: one cache line for two sockets. Which it is says a tag in the
 * place of the exit status, so that a socket writes to where it stood before.
 */
struct origins {
	struct note of[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << ORIGIN_BITS);
	__type(key, __u32);
	__type(value, struct origins);
} origins SEC(".maps");

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

static __always_inline __u64 proof(__u64 key, const struct note *note)
{
	return key + note->when * HASH_FACTOR(1ull) + note->thread * HASH_FACTOR(2ull) +
	       note->rest * HASH_FACTOR(3ull);
}

/* Whose note is this, and is it whole? It was copied before, so it stays what it is. */
static __always_inline bool is_proven(__u64 key, const struct note *note)
{
	return note->when && note->check == proof(key, note);
}

/* By the running process. */
static __always_inline void sign(struct note *note)
{
	struct running running = read_running();
	__u8 flags = (running.kernel ? NOTE_KERNEL : 0) | (running.exiting ? NOTE_EXITING : 0);

	note->thread = (__u64)running.identity.pid << 32 | running.tid;
	note->rest |= keep_identity(&running.identity, note->when & 1);
	note->rest |= (__u64)(__u16)running.exit_status << 32 | (__u64)flags << 56;
}

static __always_inline __u8 note_flags(const struct note *note)
{
	return note->rest >> 56;
}

static __always_inline __u8 note_from(const struct note *note)
{
	return note->rest >> 48 & 15;
}

static __always_inline __u8 note_to(const struct note *note)
{
	return note->rest >> 52 & 15;
}

/* Who signed a note; false for nobody, and if that was lost meanwhile. */
static __always_inline bool signer(const struct note *note, struct identity *identity)
{
	__u32 pid = note->thread >> 32;

	return pid && recall_identity(pid, (__u32)note->rest, identity);
}

static __always_inline void read_signature(const struct note *note, struct process *process)
{
	struct identity identity;

	if (!signer(note, &identity))
		return;
	process->pid = identity.pid;
	process->tid = (__u32)note->thread;
	process->uid = identity.uid;
	process->known = 1;
	process->kernel = !!(note_flags(note) & NOTE_KERNEL);
	process->exiting = !!(note_flags(note) & NOTE_EXITING);
	if (process->exiting)
		process->exit_status = (__u16)(note->rest >> 32);
	__builtin_memcpy(process->comm, identity.comm, sizeof(process->comm));
}

/* now is the time of the record. */
static __always_inline void read_closing(const struct note *note, __u64 now,
					 struct closing *closing)
{
	closing->time_ns = now - ns_since(note->when);
	closing->from = note_from(note);
	closing->to = note_to(note);
	closing->unread = !!(note_flags(note) & NOTE_UNREAD);
	closing->linger_zero = !!(note_flags(note) & NOTE_LINGER_ZERO);
}

static __always_inline __u64 *closer_bucket(__u64 key)
{
	__u32 first = 0;
	struct closer_places *places = bpf_map_lookup_elem(&closer_places, &first);

	return places ? &places->buckets[key >> (64 - BUCKET_BITS)] : NULL;
}

static volatile __u32 free_closers;

/*
 * The next place of this CPU. Two CPUs may take one page at the same time, or a
 * hook its place in the middle of another's: their notes spoil each other.
 */
static __always_inline __u32 take_place(void)
{
	__u32 first = 0;
	__u32 *next = bpf_map_lookup_elem(&next_closer, &first);

	if (!next)
		return 0;
	__u32 place = *next;
	if (place % CLOSER_PAGE == 0) {
		place = free_closers;
		free_closers = place + CLOSER_PAGE;
	}
	*next = place + 1;
	return place % CLOSERS;
}

static __always_inline bool read_closer(__u32 at, __u64 key, struct note *note)
{
	struct note *slot = bpf_map_lookup_elem(&closers, &at);

	if (!slot)
		return false;
	*note = *slot;
	return is_proven(key, note);
}

/*
 * Is the youngest note of a bucket about this connection? It has one if it left
 * its open states before, mostly a moment ago: close goes through several.
 */
static __always_inline bool was_noted(__u64 key, __u32 youngest, __u8 from)
{
	struct note note;

	return from != TCP_ESTABLISHED && from != TCP_CLOSE_WAIT &&
	       read_closer(youngest, key, &note);
}

/* key is mix_tuple of the connection; when it was closed is now. */
static __always_inline void note_closer(__u64 key, const struct closing *closing)
{
	__u8 flags =
		(closing->unread ? NOTE_UNREAD : 0) | (closing->linger_zero ? NOTE_LINGER_ZERO : 0);
	__u64 *bucket = closer_bucket(key);
	struct note note = {
		.when = bpf_jiffies64(),
		.rest = (__u64)closing->from << 48 | (__u64)closing->to << 52 | (__u64)flags << 56,
	};

	if (!bucket)
		return;
	__u64 places = *bucket;
	bool again = was_noted(key, (__u16)places, closing->from);
	__u32 at = again ? (__u16)places : take_place();
	struct note *slot = bpf_map_lookup_elem(&closers, &at);
	if (!slot)
		return;
	sign(&note);
	note.check = proof(key, &note);
	*slot = note;
	if (!again)
		*bucket = places << 16 | at; /* of two CPUs at once one loses its note */
}

/* The place of the youngest note of a connection, or CLOSERS. Global, so that the verifier sees it
 * once. */
__attribute__((noinline, weak)) __u64 place_of_closer(__u64 key)
{
	__u64 *bucket = closer_bucket(key);
	struct note note;

	if (!bucket)
		return CLOSERS;
	__u64 places = *bucket;
	for (int i = 0; i < BUCKET_PLACES; i++, places >>= 16) {
		if (read_closer((__u16)places, key, &note))
			return (__u16)places;
	}
	return CLOSERS;
}

/* Who closed this connection, and how; false if that is not known. */
static __always_inline bool find_closer(__u64 key, struct note *note)
{
	return read_closer(place_of_closer(key), key, note) &&
	       ns_since(note->when) <= CLOSER_LIFETIME_NS;
}

static __always_inline struct origins *origin_pair(__u64 sk)
{
	__u32 at = hash_address(sk, ORIGIN_BITS);

	return bpf_map_lookup_elem(&origins, &at);
}

static __always_inline __u16 origin_tag(__u64 sk)
{
	return sk >> 6;
}

/* The note of this socket's last connection, else the older one. */
static __always_inline struct note *origin_slot(struct origins *pair, __u64 sk)
{
	struct note *first = &pair->of[0], *second = &pair->of[1];
	__u16 tag = origin_tag(sk);

	if ((__u16)(first->rest >> 32) == tag)
		return first;
	if ((__u16)(second->rest >> 32) == tag)
		return second;
	return first->when > second->when ? second : first;
}

/*
 * A socket and its peer. Every connection at this address writes its note, so
 * one of an earlier connection is left only where a hook did not run.
 */
static __always_inline __u64 origin_key(__u64 sk, struct tcp_sock *tcp)
{
	__u32 address = READ_COMMON(tcp, skc_family) == AF_INET6 ?
				READ_COMMON(tcp, skc_v6_daddr.in6_u.u6_addr32[3]) :
				READ_COMMON(tcp, skc_daddr);

	return sk * HASH_FACTOR(0ull) +
	       ((__u64)READ_COMMON(tcp, skc_dport) << 32 | address) * HASH_FACTOR(4ull);
}

/* by_process: it called connect. Else the peer did, and the handshake has ended. */
static __always_inline void note_origin(__u64 sk, struct tcp_sock *tcp, bool by_process)
{
	struct origins *pair = origin_pair(sk);
	struct note note = { .when = bpf_jiffies64() };

	if (!pair)
		return;
	if (by_process)
		sign(&note);
	note.rest = (note.rest & ~(0xffffull << 32)) | (__u64)origin_tag(sk) << 32;
	note.check = proof(origin_key(sk, tcp), &note);
	*origin_slot(pair, sk) = note;
}

/* Who called connect, and since when this is a connection: false if that is not known. */
static __always_inline bool find_origin(__u64 sk, struct tcp_sock *tcp, struct note *note)
{
	struct origins *pair = origin_pair(sk);

	if (!pair)
		return false;
	*note = *origin_slot(pair, sk);
	return is_proven(origin_key(sk, tcp), note);
}

#endif
