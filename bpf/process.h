/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is running. In softirq that is nobody's business: see owned() in socket.h. */
#ifndef RSTTRACE_PROCESS_H
#define RSTTRACE_PROCESS_H

#include "access.h"
#include "record.h"

/*
 * The thread that walked the file tables last. While it looks at a file it
 * holds a reference; if the owner closes the file meanwhile, the last reference
 * goes, and the close runs, in the walker: it is then nobody's closer.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} walker SEC(".maps");

static __always_inline void note_walker(void)
{
	__u32 first = 0;
	__u32 *tid = bpf_map_lookup_elem(&walker, &first);

	if (tid)
		*tid = (__u32)bpf_get_current_pid_tgid();
}

static __always_inline bool is_walker(__u32 tid)
{
	__u32 first = 0;
	__u32 *walking = bpf_map_lookup_elem(&walker, &first);

	return walking && *walking == tid;
}

/* A process is called as its first thread is. Others may have names of their own. */
static __always_inline void read_name(struct process *process, struct task_struct *task)
{
	BPF_CORE_READ_INTO(&process->comm, task, group_leader, comm);
}

/*
 * What is read whenever a connection ends: by plain loads, where the kernel gives the running
 * thread a type (5.11 and later). Returns the thread's flags.
 */
static __always_inline __u32 read_identity(struct process *process)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = bpf_get_current_task_btf();
		struct task_struct *leader = task->group_leader;

		process->pid = task->tgid;
		process->tid = task->pid;
		((__u64 *)process->comm)[0] = *(__u64 *)&leader->comm[0];
		((__u64 *)process->comm)[1] = *(__u64 *)&leader->comm[8];
		return task->flags;
	}
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid();

	process->pid = ids >> 32;
	process->tid = (__u32)ids;
	read_name(process, task);
	return BPF_CORE_READ(task, flags);
}

static __always_inline void read_current(struct process *process)
{
	__u32 flags = read_identity(process);
	struct task_struct *task;

	process->uid = (__u32)bpf_get_current_uid_gid();
	process->known = 1;
	process->kernel = flags & PF_KTHREAD || is_walker(process->tid);
	process->exiting = 0;
	process->exit_status = 0;
	process->unused = 0;
	if (!(flags & PF_EXITING))
		return;
	task = (struct task_struct *)bpf_get_current_task();
	/* A thread that ends is not the end of its process. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return;
	process->exiting = 1;
	process->exit_status = BPF_CORE_READ(task, exit_code);
}

#endif
