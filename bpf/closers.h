/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes of what ended a connection: who closed it, and how, or that a RST or a
 * timer did. They outlive the socket, so they are found by addresses and ports.
 */
#ifndef RSTTRACE_CLOSERS_H
#define RSTTRACE_CLOSERS_H

#include "clock.h"
#include "notes.h"

#define CLOSERS 32768 /* a power of two, and a slot fits 16 bits */
#define CLOSER_PAGE 128
#define BUCKET_BITS 14

/* Older notes say nothing about a packet that arrives now. */
#define CLOSER_LIFETIME_NS (10ull * 60 * 1000000000)

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
 * The slots of notes in closers, by the hash of a connection's addresses. A bucket
 * has those of its four youngest notes, 16 bits each, the last one in the low bits.
 * With one slot in a bucket, one closer in ten was lost after 8000 other closes.
 */
#define BUCKET_SLOTS 4
struct closer_slots {
	__u64 buckets[1 << BUCKET_BITS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct closer_slots);
} closer_slots SEC(".maps");

/* Where each CPU writes its next note. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_closer SEC(".maps");

/*
 * The time of a closer note: jiffies in the low bits, which begin anew after two years, and
 * above them for how long no data had gone in either direction, in jiffies plus 1; 0: not
 * known, or more than three days.
 */
#define WHEN_BITS 36
#define IDLE_MAX ((1u << (64 - WHEN_BITS)) - 1)

static __always_inline __u64 pack_when(__u64 jiffies, __u32 idle)
{
	if (idle > IDLE_MAX)
		idle = 0;
	return (jiffies & ((1ull << WHEN_BITS) - 1)) | (__u64)idle << WHEN_BITS;
}

static __always_inline __u32 note_idle(const struct note *note)
{
	return note->when >> WHEN_BITS;
}

/* In jiffies. */
static __always_inline __u64 since_closing(const struct note *note)
{
	return (bpf_jiffies64() - note->when) & ((1ull << WHEN_BITS) - 1);
}

/* now is the time of the record. */
static __always_inline void read_closing(const struct note *note, __u64 now,
					 struct closing *closing)
{
	closing->time_ns = now - since_closing(note) * jiffy_ns;
	closing->idle = note_idle(note);
	closing->from = note_from(note);
	closing->to = note_to(note);
	closing->unread = !!(note_flags(note) & NOTE_UNREAD);
	closing->linger_zero = !!(note_flags(note) & NOTE_LINGER_ZERO);
	closing->by = note_flags(note) & NOTE_RESET   ? BY_RESET :
		      note_flags(note) & NOTE_TIMEOUT ? BY_TIMEOUT :
							BY_PROCESS;
	closing->by_close = !!(note_flags(note) & NOTE_CLOSE);
	closing->role = note_role(note);
}

static __always_inline __u64 *closer_bucket(__u64 key)
{
	__u32 first = 0;
	struct closer_slots *slots = bpf_map_lookup_elem(&closer_slots, &first);

	return slots ? &slots->buckets[key >> (64 - BUCKET_BITS)] : NULL;
}

static volatile __u32 free_closers;

/*
 * The next slot of this CPU. Two CPUs may take one page at the same time. A hook
 * may also interrupt another one here. Then their notes spoil each other.
 */
static __always_inline __u32 take_slot(void)
{
	__u32 first = 0;
	__u32 *next = bpf_map_lookup_elem(&next_closer, &first);

	if (!next)
		return 0;
	__u32 slot = *next;
	if (slot % CLOSER_PAGE == 0) {
		slot = free_closers;
		free_closers = slot + CLOSER_PAGE;
	}
	*next = slot + 1;
	return slot % CLOSERS;
}

static __always_inline bool read_closer(__u32 at, __u64 key, struct note *note)
{
	struct note *slot = bpf_map_lookup_elem(&closers, &at);

	if (!slot)
		return false;
	*note = *slot;
	return is_proven(key, note);
}

/* Is it of the moment when a FIN was due? */
static __always_inline bool is_of_fin(const struct note *note)
{
	return note_to(note) == TCP_FIN_WAIT1 || note_to(note) == TCP_LAST_ACK;
}

/*
 * Is the youngest note of a bucket about this connection, and to be replaced? It has
 * one if it left its open states before, mostly a moment ago: close goes through
 * several. The note of a FIN stays if something else ends the connection after it.
 */
static __always_inline bool was_noted(__u64 key, __u32 youngest, const struct closing *closing)
{
	struct note note;

	return closing->from != TCP_ESTABLISHED && closing->from != TCP_CLOSE_WAIT &&
	       read_closer(youngest, key, &note) && (closing->to != TCP_CLOSE || !is_of_fin(&note));
}

/*
 * key is mix_tuple of the connection, sk its socket. It was closed just now.
 * in_process: the running process closed it, or was in a call on its own socket
 * when it happened.
 */
static __always_inline void note_closer(__u64 key, struct sock *sk, const struct closing *closing,
					bool in_process)
{
	__u8 flags = (closing->unread ? NOTE_UNREAD : 0) |
		     (closing->linger_zero ? NOTE_LINGER_ZERO : 0) |
		     (closing->by == BY_RESET ? NOTE_RESET : 0) |
		     (closing->by == BY_TIMEOUT ? NOTE_TIMEOUT : 0) |
		     (closing->by_close ? NOTE_CLOSE : 0);
	__u64 *bucket = closer_bucket(key);
	struct note note = {
		.when = pack_when(bpf_jiffies64(), closing->idle),
		.rest = (__u64)closing->from << 48 | pack_to(closing->to) << 52 |
			(__u64)closing->role << 54 | (__u64)flags << 56,
	};

	if (!bucket)
		return;
	__u64 slots = *bucket;
	bool again = was_noted(key, (__u16)slots, closing);
	__u32 at = again ? (__u16)slots : take_slot();
	struct note *slot = bpf_map_lookup_elem(&closers, &at);
	if (!slot)
		return;
	if (in_process) {
		struct running running = read_ender(sk, 0);
		sign(&note, &running);
	}
	note.check = proof(key, &note);
	*slot = note;
	if (!again)
		*bucket = slots << 16 | at; /* of two CPUs at once one loses its note */
}

/*
 * The slot of the youngest note of a connection, or of its FIN, or CLOSERS. Global, so
 * that the verifier sees it once.
 */
__attribute__((noinline, weak)) __u64 slot_of_closer(__u64 key, bool fin)
{
	__u64 *bucket = closer_bucket(key);
	struct note note;

	if (!bucket)
		return CLOSERS;
	__u64 slots = *bucket;
	for (int i = 0; i < BUCKET_SLOTS; i++, slots >>= 16) {
		if (read_closer((__u16)slots, key, &note) && (!fin || is_of_fin(&note)))
			return (__u16)slots;
	}
	return CLOSERS;
}

/* Who closed this connection, and how; false if that is not known. */
static __always_inline bool find_closer(__u64 key, struct note *note)
{
	return read_closer(slot_of_closer(key, false), key, note) &&
	       since_closing(note) * jiffy_ns <= CLOSER_LIFETIME_NS;
}

/* The note of when this end's FIN was due. */
static __always_inline bool find_fin(__u64 key, struct note *note)
{
	return read_closer(slot_of_closer(key, true), key, note);
}

#endif
