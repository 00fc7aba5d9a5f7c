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

static __always_inline void read_current(struct process *process)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid();
	__u32 flags = BPF_CORE_READ(task, flags);

	process->pid = ids >> 32;
	process->tid = (__u32)ids;
	process->uid = (__u32)bpf_get_current_uid_gid();
	process->known = 1;
	process->kernel = flags & PF_KTHREAD || is_walker(process->tid);
	process->exiting = !!(flags & PF_EXITING);
	process->exit_status = process->exiting ? BPF_CORE_READ(task, exit_code) : 0;
	process->unused = 0;
	read_name(process, task);
}

#endif
