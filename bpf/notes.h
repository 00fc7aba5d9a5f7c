/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes that one hook leaves for a later one: what they have in common. All are
 * arrays: a newer note overwrites an older one, which costs a missing detail now
 * and then and never a wrong one, because every note proves whose it is. Without
 * them an event only says less: the state before is missing (prev_state.h), the owner
 * of a closed connection, which then counts as half-open (closers.h), or its age
 * (connect_note.h).
 *
 * They are written for every connection that comes or goes, so what they cost
 * is memory that is in no cache: a note is half a cache line.
 */
#ifndef RSTTRACE_NOTES_H
#define RSTTRACE_NOTES_H

#include "hash.h"
#include "process.h"

/*
 * What happened to a connection, and when. Whole words, because they are
 * hashed right after they were written.
 */
struct note {
	__u64 check; /* over the key and all that follows: two writers at once spoil it */
	__u64 when; /* in jiffies; of a closer, see closers.h */
	__u64 thread; /* pid << 32 | tid; 0: no process did it */
	/*
	 * identity | exit status << 32 | from << 48 | enum note_to << 52 | enum role << 54 |
	 * enum note_flag << 56
	 */
	__u64 rest;
};

/* The states that a close leads to, in two bits. */
enum note_to {
	NOTE_TO_NONE,
	NOTE_TO_CLOSE,
	NOTE_TO_FIN_WAIT1,
	NOTE_TO_LAST_ACK,
};

enum note_flag {
	NOTE_KERNEL = 1,
	NOTE_EXITING = 2,
	NOTE_UNREAD = 4,
	NOTE_LINGER_ZERO = 8,
	NOTE_RESET = 16, /* enum ended_by */
	NOTE_TIMEOUT = 32,
	NOTE_CLOSE = 64,
	NOTE_CREATOR = 128,
};

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

static __always_inline void sign(struct note *note, const struct running *running)
{
	__u8 flags = (running->kernel ? NOTE_KERNEL : 0) | (running->exiting ? NOTE_EXITING : 0) |
		     (running->creator ? NOTE_CREATOR : 0);

	note->thread = (__u64)running->identity.pid << 32 | running->tid;
	note->rest |= keep_identity(&running->identity, note->when & 1);
	note->rest |= (__u64)(__u16)running->exit_status << 32 | (__u64)flags << 56;
}

static __always_inline __u8 note_flags(const struct note *note)
{
	return note->rest >> 56;
}

static __always_inline __u8 note_from(const struct note *note)
{
	return note->rest >> 48 & 15;
}

static __always_inline __u64 pack_to(__u8 to)
{
	return to == TCP_CLOSE	   ? NOTE_TO_CLOSE :
	       to == TCP_FIN_WAIT1 ? NOTE_TO_FIN_WAIT1 :
	       to == TCP_LAST_ACK  ? NOTE_TO_LAST_ACK :
				     NOTE_TO_NONE;
}

static __always_inline __u8 note_to(const struct note *note)
{
	switch (note->rest >> 52 & 3) {
	case NOTE_TO_CLOSE:
		return TCP_CLOSE;
	case NOTE_TO_FIN_WAIT1:
		return TCP_FIN_WAIT1;
	case NOTE_TO_LAST_ACK:
		return TCP_LAST_ACK;
	}
	return 0;
}

static __always_inline enum role note_role(const struct note *note)
{
	return note->rest >> 54 & 3;
}

/* Who signed a note; false for nobody, and if that was lost meanwhile. */
static __always_inline bool signer(const struct note *note, struct identity *identity)
{
	__u32 pid = note->thread >> 32;

	return pid && recall_identity(pid, (__u32)note->rest, identity);
}

/* Returns the control group of the process. */
static __always_inline __u64 read_signature(const struct note *note, struct process *process)
{
	struct identity identity;

	if (!signer(note, &identity))
		return 0;
	process->pid = identity.pid;
	process->tid = (__u32)note->thread;
	process->uid = identity.uid;
	process->known = 1;
	process->kernel = !!(note_flags(note) & NOTE_KERNEL);
	process->creator = !!(note_flags(note) & NOTE_CREATOR);
	process->exiting = !!(note_flags(note) & NOTE_EXITING);
	if (process->exiting)
		process->exit_status = (__u16)(note->rest >> 32);
	__builtin_memcpy(process->comm, identity.comm, sizeof(process->comm));
	return identity.cgroup;
}

#endif
