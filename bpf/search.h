/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The search for owners: which processes have sockets in their file tables that Go
 * asks for. Go writes the sockets, runs a task iterator once or more often, and reads
 * what was found. One search at a time.
 */
#ifndef RSTTRACE_SEARCH_H
#define RSTTRACE_SEARCH_H

#include "filetables.h"
#include "hash.h"
#include "process.h"
#include "socket.h"

#define SOUGHT 2048
#define FOUND 4096
#define SOUGHT_FILES_BITS 14 /* eight times as many as sockets */
#define SOUGHT_PROBES 16
#define BLOOM_BITS 16

struct sought_socket {
	__u64 sk;
	__u64 inode; /* tells it from the next socket at its address */
};

struct sought_file {
	__u64 file; /* 0: free */
	__u32 socket; /* position in sockets */
	__u32 unused;
};

/* A process that has one of the sockets. */
struct found_holder {
	__u64 started;
	__u64 cgroup; /* v2 id */
	__u32 socket;
	__u32 unused;
	struct process process;
};

struct search {
	__u32 first; /* slot of each table that this pass begins with */
	__u32 count; /* of sockets */
	__u32 found; /* more than FOUND: something found no slot */
	__u32 unfinished; /* tables are longer than this pass looks */
	__u64 last_files; /* the table that was walked last, and whose it is */
	__u32 last_pid;
	__u32 unused;
	struct sought_socket sockets[SOUGHT];
	__u64 bloom[(1 << BLOOM_BITS) / 64]; /* of the files: most descriptors end here */
	struct sought_file files[1 << SOUGHT_FILES_BITS];
	struct found_holder holders[FOUND];
	struct file_table walked; /* now */
	__u64 block[BLOCK]; /* of its slots */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct search);
} searches SEC(".maps");

static __always_inline struct search *the_search(void)
{
	__u32 first = 0;

	return bpf_map_lookup_elem(&searches, &first);
}

/*
 * A position in an array, whose size is a power of two. In assembly: the compiler
 * leaves out what a check before has made needless, and checks one register to use
 * another, which older verifiers (6.1) do not follow.
 */
#define WITHIN(size, at)                                                 \
	({                                                               \
		__u64 __at = (at);                                       \
		asm volatile("%0 &= %1" : "+r"(__at) : "i"((size) - 1)); \
		__at;                                                    \
	})

static __always_inline __u32 bloom_bit(__u64 file)
{
	return hash_address(file, BLOOM_BITS);
}

static __always_inline bool may_be_sought(struct search *search, __u64 file)
{
	__u32 bit = bloom_bit(file);

	return search->bloom[WITHIN((1 << BLOOM_BITS) / 64, bit / 64)] & 1ull << bit % 64;
}

static __always_inline struct sought_file *sought_slot(struct search *search, __u64 file, int probe)
{
	__u32 at = hash_address(file, SOUGHT_FILES_BITS) + probe;

	return &search->files[WITHIN(1 << SOUGHT_FILES_BITS, at)];
}

/* A callback for bpf_loop: the file of a socket, if it still has one. */
static long seek_file(__u64 at, void *unused)
{
	struct search *search = the_search();

	if (!search || at >= SOUGHT)
		return 1;
	struct sought_socket *sought = &search->sockets[WITHIN(SOUGHT, at)];
	struct sock *sk = (struct sock *)sought->sk;
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);
	__u64 file = (__u64)BPF_CORE_READ(socket, file);
	if (!file || file_inode(socket) != sought->inode)
		return 0;
	for (int i = 0; i < SOUGHT_PROBES; i++) {
		struct sought_file *slot = sought_slot(search, file, i);

		if (slot->file)
			continue;
		slot->file = file;
		slot->socket = at;
		__u32 bit = bloom_bit(file);
		search->bloom[WITHIN((1 << BLOOM_BITS) / 64, bit / 64)] |= 1ull << bit % 64;
		return 0;
	}
	search->found = FOUND + 1; /* Go looks for fewer at once */
	return 0;
}

static __always_inline void write_found(struct found_holder *holder, struct task_struct *task)
{
	holder->started = BPF_CORE_READ(task, group_leader, start_time);
	holder->cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	holder->process.pid = BPF_CORE_READ(task, tgid);
	holder->process.tid = BPF_CORE_READ(task, pid);
	holder->process.uid = BPF_CORE_READ(task, cred, uid.val);
	holder->process.known = 1;
	read_name(&holder->process, task);
}

/* One of the files that are sought, probably. Global, so that the verifier sees it once. */
__attribute__((noinline, weak)) int compare_file(__u32 fd, __u64 address)
{
	struct search *search = the_search();
	struct file *file = (struct file *)address;

	if (!search)
		return 0;
	for (int i = 0; i < SOUGHT_PROBES; i++) {
		struct sought_file *slot = sought_slot(search, address, i);
		__u32 at = slot->socket;

		if (slot->file != address || at >= SOUGHT)
			continue;
		/* It may have been closed since, and given to another socket. */
		if (!socket_of(file) ||
		    BPF_CORE_READ(file, f_inode, i_ino) !=
			    search->sockets[WITHIN(SOUGHT, at)].inode ||
		    !has_still(&search->walked, fd, address))
			return 0;
		__u32 position = search->found++;
		if (position >= FOUND)
			return 0;
		struct found_holder *holder = &search->holders[WITHIN(FOUND, position)];
		holder->socket = at;
		write_found(holder, (struct task_struct *)search->walked.task);
		return 0;
	}
	return 0;
}

static __always_inline bool read_block(struct search *search, __u32 first)
{
	return !bpf_probe_read_kernel(search->block, sizeof(search->block),
				      slot_of(&search->walked, first));
}

/* A callback for bpf_loop. */
static long search_block(__u64 index, void *unused)
{
	struct search *search = the_search();

	if (!search)
		return 1;
	__u32 first = search->first + index * BLOCK;
	if (!read_block(search, first))
		return 1;
	for (__u32 i = 0; i < BLOCK; i++) {
		__u64 file = search->block[i];

		if (file && may_be_sought(search, file))
			compare_file(first + i, file);
	}
	return 0;
}

/* Looks at some blocks of the table of a task, each by a callback for bpf_loop. */
static __always_inline void walk_table(struct search *search, struct task_struct *task,
				       __u32 blocks, void *callback)
{
	__u32 size = read_table(task, &search->walked);

	if (size <= search->first)
		return;
	__u32 left = (size - search->first) / BLOCK;
	if (left > blocks) {
		search->unfinished = 1;
		left = blocks;
	}
	bpf_loop(left, callback, NULL, 0);
}

/* Threads of a process whose first one has ended come one after the other. */
static __always_inline bool was_searched(struct search *search, struct task_struct *task)
{
	__u64 files = number_of(task->files);

	if (search->last_files == files && search->last_pid == task->tgid)
		return true;
	search->last_files = files;
	search->last_pid = task->tgid;
	return false;
}

#endif
