/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel passes to BPF programs: registers, and the items of iterators. */
#ifndef RSTTRACE_PROGRAM_ARGUMENTS_H
#define RSTTRACE_PROGRAM_ARGUMENTS_H

#include <linux/bpf.h>
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Registers at a kprobe */

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, cx;
};
#define FIRST_ARGUMENT di
#define SECOND_ARGUMENT si
#define THIRD_ARGUMENT dx
#define FOURTH_ARGUMENT cx
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
};
#define FIRST_ARGUMENT regs[0]
#define SECOND_ARGUMENT regs[1]
#define THIRD_ARGUMENT regs[2]
#define FOURTH_ARGUMENT regs[3]
#endif

/* Registers of a system call: the same object serves both architectures. */

struct pt_regs___x86 {
	unsigned long orig_ax;
	unsigned long di, si;
};

struct pt_regs___arm64 {
	__u64 regs[31];
	__u64 orig_x0;
	int syscallno;
};

/* BPF itself */

struct bpf_array {
	void *pptrs[0]; /* of a per-CPU array: where each CPU's copy is relative to */
};

/* BPF iterators */

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

#pragma clang attribute pop

#endif
