/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is running. In softirq that is nobody's business: see owned() in socket.h. */
#ifndef RSTTRACE_PROCESS_H
#define RSTTRACE_PROCESS_H

#include "access.h"
#include "record.h"

static __always_inline void read_current(struct process *process)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid();
	__u32 flags = BPF_CORE_READ(task, flags);

	process->pid = ids >> 32;
	process->tid = (__u32)ids;
	process->uid = (__u32)bpf_get_current_uid_gid();
	process->known = 1;
	process->kernel = !!(flags & PF_KTHREAD);
	process->exiting = !!(flags & PF_EXITING);
	process->exit_status = process->exiting ? BPF_CORE_READ(task, exit_code) : 0;
	process->unused = 0;
	bpf_get_current_comm(process->comm, sizeof(process->comm));
}

#endif
