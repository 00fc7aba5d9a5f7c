/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walks over the file tables of all processes that take no reference to any file: a
 * task iterator reads the table of descriptors in blocks. Needs bpf_loop: 5.17 and
 * later. The task_file iterator takes a reference to each file, which costs 70 times
 * as much, and may end a socket in the process that walks: see walker.h.
 *
 * Nothing is locked, so what was read may be gone: every match is looked at again.
 */
#ifndef RSTTRACE_FILETABLES_H
#define RSTTRACE_FILETABLES_H

#include "access.h"

#define BLOCK 64 /* the size of every table is a multiple of it */

/*
 * A pass looks at this many blocks of each table, so that no run of the program takes
 * long. Larger tables need more passes.
 */
#define BLOCKS_TO_SEARCH 1024
#define BLOCKS_TO_INSPECT 64

/* A table while it is walked. Pointers are numbers here: nothing holds them. */
struct file_table {
	__u64 task; /* struct task_struct */
	__u64 files; /* struct files_struct */
	__u64 table; /* struct fdtable */
	__u64 slots; /* struct file *[] */
};

static __always_inline void *slot_of(const struct file_table *walked, __u32 at)
{
	return (struct file **)walked->slots + at;
}

/*
 * Has the process still this table, and the file in this slot? As long as it has,
 * nobody else has got the memory.
 */
static __always_inline bool has_still(const struct file_table *walked, __u32 slot, __u64 file)
{
	struct task_struct *task = (struct task_struct *)walked->task;
	struct files_struct *files = (struct files_struct *)walked->files;
	struct fdtable *table = (struct fdtable *)walked->table;
	__u64 present = 0;

	bpf_probe_read_kernel(&present, sizeof(present), slot_of(walked, slot));
	return present == file && (__u64)BPF_CORE_READ(table, fd) == walked->slots &&
	       BPF_CORE_READ(files, fdt) == table && BPF_CORE_READ(task, files) == files;
}

/* Has the thread a file table of its own? Others have that of their first thread. */
static __always_inline bool owns_table(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;

	if (task->flags & PF_KTHREAD || !task->files)
		return false;
	return task->pid == task->tgid || task->files != leader->files;
}

/*
 * The socket that a file is, or NULL. The inode of a socket has no name that could
 * be opened, so this is a real one.
 */
static __always_inline struct sock *socket_of(struct file *file)
{
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	if (!socket || BPF_CORE_READ(socket, file) != file)
		return NULL;
	return BPF_CORE_READ(socket, sk);
}

/* Returns how many slots the table of a task has. */
static __always_inline __u32 read_table(struct task_struct *typed, struct file_table *walked)
{
	struct task_struct *task = UNTYPED(typed);
	struct files_struct *files = BPF_CORE_READ(task, files);
	struct fdtable *table = BPF_CORE_READ(files, fdt);

	walked->task = (__u64)task;
	walked->files = (__u64)files;
	walked->table = (__u64)table;
	walked->slots = (__u64)BPF_CORE_READ(table, fd);
	return walked->slots ? BPF_CORE_READ(table, max_fds) : 0;
}

#endif
