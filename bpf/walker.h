/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is the running thread one that looks at files of other processes? While it
 * does, it holds a reference to the file. If the owner closes the file
 * meanwhile, the last reference goes in the thread that looks, and so the
 * socket ends there: that thread is nobody's closer. Examples are ss -p, lsof
 * (readlink and stat below /proc/PID/fd), BPF iterators over files (read),
 * kcmp and bpf(BPF_TASK_FD_QUERY).
 *
 * The system call decides. The kernel drops references on the way back to user
 * space, when the registers still say which call it was. An owner is never in
 * one of these calls: its sockets end in close, dup2, execve, at its exit, or
 * in a call on the socket (recvfrom, poll, sendfile, io_uring_enter) while
 * another thread closes the descriptor.
 */
#ifndef RSTTRACE_WALKER_H
#define RSTTRACE_WALKER_H

#include "access.h"
#include "config.h"

/* A system call that has begun. */
struct system_call {
	__u64 number;
	__u64 first, second; /* arguments */
};

/* As task_pt_regs() has them where no helper does: before 5.15. */
#define KERNEL_STACK 16384

static __always_inline void *saved_registers(struct task_struct *task, __u64 size)
{
	return BPF_CORE_READ(task, stack) + KERNEL_STACK - size;
}

static __always_inline void read_call_x86(struct task_struct *task, struct system_call *call)
{
	struct pt_regs___x86 *regs;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
		call->number = regs->orig_ax;
		call->first = regs->di;
		call->second = regs->si;
		return;
	}
	regs = saved_registers(task, bpf_core_type_size(struct pt_regs___x86));
	call->number = BPF_CORE_READ(regs, orig_ax);
	call->first = BPF_CORE_READ(regs, di);
	call->second = BPF_CORE_READ(regs, si);
}

static __always_inline void read_call_arm64(struct task_struct *task, struct system_call *call)
{
	struct pt_regs___arm64 *regs;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
		call->number = (__u32)regs->syscallno;
		call->first = regs->orig_x0;
		call->second = regs->regs[1];
		return;
	}
	regs = saved_registers(task, bpf_core_type_size(struct pt_regs___arm64));
	call->number = (__u32)BPF_CORE_READ(regs, syscallno);
	call->first = BPF_CORE_READ(regs, orig_x0);
	call->second = BPF_CORE_READ(regs, regs[1]);
}

#define TS_COMPAT 2 /* x86: thread_info.status */
#define TIF_32BIT 22 /* arm64: a bit of thread_info.flags */

/* A 32-bit system call: its numbers are others. */
static __always_inline bool is_compat(struct task_struct *task)
{
	if (bpf_core_field_exists(struct pt_regs___x86, orig_ax))
		return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
	return BPF_CORE_READ(task, thread_info.flags) & 1ul << TIF_32BIT;
}

static __always_inline bool is_among(const volatile __u64 *calls, __u64 number)
{
	return number < SYSTEM_CALLS && calls[number / 64 & 7] & 1ull << number % 64;
}

/* The file behind a descriptor of a thread, or NULL. */
static __always_inline struct file *file_at(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;

	if (fd < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return file;
}

/* Does reading this file list files? A file of /proc, and a BPF iterator, pinned or not. */
static __always_inline bool lists_files(struct file *file)
{
	__u32 magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);

	return magic == PROC_SUPER_MAGIC || magic == BPF_FS_MAGIC || magic == ANON_INODE_FS_MAGIC;
}

/* Global, so that the verifier sees it once. 0 or 1. */
__attribute__((noinline, weak)) int looks_at_files(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct system_call call = {};

	if (bpf_core_field_exists(struct pt_regs___x86, orig_ax))
		read_call_x86(task, &call);
	else
		read_call_arm64(task, &call);
	bool reads = is_among(reading_calls, call.number);
	if (!reads && !is_among(walking_calls, call.number))
		return 0;
	if (is_compat(task))
		return 0;
	if (!reads)
		return 1;
	return lists_files(file_at(task, call.number == sendfile_call ? call.second : call.first));
}

#endif
