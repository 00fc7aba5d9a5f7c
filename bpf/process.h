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

/* Who a process is. */
struct identity {
	__u32 pid;
	__u32 uid;
	__u64 comm[2];
	__u64 cgroup; /* v2 id: a pod's end is when its name is needed, and /proc has it no more */
};

/* What the running thread is. */
struct running {
	struct identity identity;
	__u32 tid;
	__u32 exit_status;
	bool kernel;
	bool exiting;
};

/* The v2 control group of the running process, by a helper. */
static __always_inline __u64 current_cgroup(void)
{
	return bpf_get_current_cgroup_id();
}

/*
 * What is read whenever a connection ends: by plain loads, where the kernel gives the running
 * thread a type (5.11 and later). Returns the thread's flags.
 */
static __always_inline __u32 read_thread(struct running *running)
{
	struct identity *identity = &running->identity;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = bpf_get_current_task_btf();
		struct task_struct *leader = task->group_leader;

		identity->pid = task->tgid;
		identity->uid = task->cred->uid.val;
		identity->comm[0] = *(__u64 *)&leader->comm[0];
		identity->comm[1] = *(__u64 *)&leader->comm[8];
		if (bpf_core_field_exists(task->cgroups))
			identity->cgroup = task->cgroups->dfl_cgrp->kn->id;
		running->tid = task->pid;
		return task->flags;
	}
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 ids = bpf_get_current_pid_tgid();

	identity->pid = ids >> 32;
	identity->uid = (__u32)bpf_get_current_uid_gid();
	running->tid = (__u32)ids;
	BPF_CORE_READ_INTO(&identity->comm, task, group_leader, comm);
	identity->cgroup = current_cgroup();
	return BPF_CORE_READ(task, flags);
}

static __always_inline struct running read_running(void)
{
	struct running running = {};
	__u32 flags = read_thread(&running);

	running.kernel = flags & PF_KTHREAD || is_walker(running.tid);
	if (!(flags & PF_EXITING))
		return running;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	/* A thread that ends is not the end of its process. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return running;
	running.exiting = true;
	running.exit_status = BPF_CORE_READ(task, exit_code);
	return running;
}

static __noinline int read_current(struct process *process)
{
	if (!process)
		return 0;
	struct running running = read_running();

	process->pid = running.identity.pid;
	process->tid = running.tid;
	process->uid = running.identity.uid;
	process->exit_status = running.exit_status;
	process->known = 1;
	process->kernel = running.kernel;
	process->exiting = running.exiting;
	process->unused = 0;
	__builtin_memcpy(process->comm, running.identity.comm, sizeof(process->comm));
	return 0;
}

/*
 * Many notes name the same few processes: what they have in common is kept
 * apart from them, and stays in the caches.
 */
#define IDENTITIES 16384

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, IDENTITIES);
	__type(key, __u32);
	__type(value, struct identity);
} identities SEC(".maps");

/* Each process has two places, so that two that share one do not drive each other out. */
static __always_inline struct identity *identity_slot(__u32 pid, bool second)
{
	__u32 at = (second ? pid * 0x9e3779b1u >> 7 : pid) % IDENTITIES;

	return bpf_map_lookup_elem(&identities, &at);
}

static __always_inline bool same_identity(const struct identity *a, const struct identity *b)
{
	return a->pid == b->pid && a->uid == b->uid && a->comm[0] == b->comm[0] &&
	       a->comm[1] == b->comm[1] && a->cgroup == b->cgroup;
}

/* Never 0. */
static __always_inline __u32 identity_hash(const struct identity *identity)
{
	__u64 hash = identity->pid * 0x9e3779b97f4a7c15ull + identity->uid * 0xc2b2ae3d27d4eb4full +
		     identity->comm[0] * 0x165667b19e3779f9ull +
		     identity->comm[1] * 0xd6e8feb86659fd93ull +
		     identity->cgroup * 0xff51afd7ed558ccdull;

	return hash >> 32 | 1;
}

/*
 * Keeps who a process is, and returns the hash by which it is found again. coin
 * says which place to take if both are somebody else's.
 */
static __always_inline __u32 keep_identity(const struct identity *identity, bool coin)
{
	struct identity *first = identity_slot(identity->pid, false);

	if (!first)
		return 0;
	if (!same_identity(first, identity)) {
		struct identity *second = identity_slot(identity->pid, true);

		if (!second)
			return 0;
		if (!same_identity(second, identity))
			*(coin ? first : second) = *identity;
	}
	return identity_hash(identity);
}

/* Who it was; false if that was lost meanwhile. */
static __always_inline bool recall_identity(__u32 pid, __u32 hash, struct identity *identity)
{
	for (int i = 0; i < 2; i++) {
		struct identity *slot = identity_slot(pid, i);
		if (!slot)
			return false;
		*identity = *slot;
		if (identity->pid == pid && identity_hash(identity) == hash)
			return true;
	}
	return false;
}

#endif
