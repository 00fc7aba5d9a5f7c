/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way to user space. The default notification of the ring buffer wakes the
 * reader only where it has caught up with this very record; the reader pauses
 * after every batch, so that under load one wake-up pays for thousands of
 * records, and an idle tracer is never woken.
 */
#ifndef RSTTRACE_RING_H
#define RSTTRACE_RING_H

#include "counters.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 23); /* bytes: set by the loader */
	__type(value, union record); /* for the generated Go types; the kernel takes none */
} ring SEC(".maps");

/* Kernel stacks, each kept once. */
#define STACK_FRAMES 32
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1); /* more where stacks are taken: set by the loader */
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACK_FRAMES * sizeof(__u64));
} stacks SEC(".maps");

/*
 * Room for one record of a kind, or for its first bytes; the rest is zero. NULL if
 * there is none, and then the loss is counted by kind.
 */
#define RESERVE_PART(type, size, record_kind)                       \
	({                                                          \
		type *__room = bpf_ringbuf_reserve(&ring, size, 0); \
		if (__room) {                                       \
			__builtin_memset(__room, 0, size);          \
			__room->kind = record_kind;                 \
		} else {                                            \
			add_to_column(COLUMN_LOST + record_kind);   \
		}                                                   \
		__room;                                             \
	})
#define RESERVE(type, record_kind) RESERVE_PART(type, sizeof(type), record_kind)

#define SUBMIT(record) bpf_ringbuf_submit(record, 0)

#endif
