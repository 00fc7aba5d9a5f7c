/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notes of who sent a signal that ends a process unless it handles it. */
#ifndef RSTTRACE_KILLERS_H
#define RSTTRACE_KILLERS_H

#include "access.h"
#include "clock.h"
#include "process.h"
#include "record.h"

#define KILLERS 1024

/* Of pid and signal, the last one that was delivered. */
struct killer_note {
	__u64 when; /* in jiffies */
	struct killer killer;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KILLERS);
	__type(key, __u64);
	__type(value, struct killer_note);
} killers SEC(".maps");

static __always_inline __u64 killer_key(__u32 pid, __u32 signal)
{
	return (__u64)pid << 32 | signal;
}

/* Signals that people and programs end processes with, and those of faults. */
#define DEADLY                                                                         \
	(1u << SIGHUP | 1u << SIGINT | 1u << SIGQUIT | 1u << SIGILL | 1u << SIGTRAP |  \
	 1u << SIGABRT | 1u << SIGBUS | 1u << SIGFPE | 1u << SIGKILL | 1u << SIGSEGV | \
	 1u << SIGTERM | 1u << SIGXCPU | 1u << SIGSYS)

static __always_inline bool is_deadly(__u32 signal)
{
	return signal < 32 && DEADLY >> signal & 1;
}

/* Who sends a signal; false if the code says that it is not known. */
static __always_inline bool read_killer(__u64 info, struct task_struct *victim,
					struct killer *killer)
{
	struct kernel_siginfo *sent = (struct kernel_siginfo *)info;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (info == SEND_SIG_PRIV) {
		killer->kernel = 1;
	} else if (info != SEND_SIG_NOINFO) {
		int code = BPF_CORE_READ(sent, si_code);

		if (code > 0) /* a fault: it is its own doing */
			task = victim;
		else if (code != SI_USER && code != SI_QUEUE && code != SI_TKILL)
			return false; /* of a timer, say: the running process has no part in it */
	}
	if (!killer->kernel) {
		killer->kernel = !!(BPF_CORE_READ(task, flags) & PF_KTHREAD);
		killer->pid = BPF_CORE_READ(task, tgid);
		BPF_CORE_READ_INTO(&killer->comm, task, group_leader, comm);
	}
	killer->known = 1;
	return true;
}

static __always_inline int note_killer(__u32 signal, __u64 info, struct task_struct *victim)
{
	struct killer_note note = { .when = bpf_jiffies64() };
	__u64 key = killer_key(BPF_CORE_READ(victim, tgid), signal);

	if (read_killer(info, victim, &note.killer))
		bpf_map_update_elem(&killers, &key, &note, BPF_ANY);
	return 0;
}

/*
 * Who sent the signal that ended a process. It did so before ended_ns. Otherwise the
 * note is about another process, which has the number now.
 */
static __always_inline int find_killer(const struct process *dead, __u64 now_ns, __u64 ended_ns,
				       struct killer *killer)
{
	if (!dead || !killer || !dead->exiting || !(dead->exit_status & 0x7f))
		return 0;
	__u64 key = killer_key(dead->pid, dead->exit_status & 0x7f);
	struct killer_note *note = bpf_map_lookup_elem(&killers, &key);

	if (note && now_ns - ns_since(note->when) <= ended_ns + 2 * jiffy_ns)
		*killer = note->killer;
	return 0;
}

#endif
