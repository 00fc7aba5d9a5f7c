/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is running. In softirq that is nobody's business: see owned() in socket.h. */
#ifndef RSTTRACE_PROCESS_H
#define RSTTRACE_PROCESS_H

#include "access.h"
#include "hash.h"
#include "record.h"
#include "walker.h"

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
	bool exiting; /* the whole process */
	bool thread_exits;
	bool creator; /* not the running thread at all: see name_creator() */
};

/* The v2 control group of the running process, by a helper. */
static __always_inline __u64 current_cgroup(void)
{
	return bpf_get_current_cgroup_id();
}

/*
 * Which process has which credentials. A file keeps the credentials of the process
 * that opened it, the very object, and no other process has the same one. A process
 * is noted here when it opens or ends a connection.
 */
#define CREATORS_BITS 12

struct creator {
	__u64 cred;
	__u64 leader; /* first thread of the process */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << CREATORS_BITS);
	__type(key, __u32);
	__type(value, struct creator);
} creators SEC(".maps");

static __always_inline struct creator *creator_slot(__u64 cred)
{
	__u32 at = hash_address(cred, CREATORS_BITS);

	return bpf_map_lookup_elem(&creators, &at);
}

static __always_inline void note_creator(__u64 cred, __u64 leader)
{
	struct creator *slot = creator_slot(cred);

	if (!slot || (slot->cred == cred && slot->leader == leader))
		return;
	slot->cred = cred;
	slot->leader = leader;
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
		note_creator(number_of(task->cred), number_of(leader));
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

/* The credentials of the file of a socket, 0 if it has none any more. */
static __always_inline __u64 file_cred(struct sock *sk)
{
	return (__u64)BPF_CORE_READ(sk, sk_socket, file, f_cred);
}

/*
 * The process that opened a file with these credentials, if it is there and has not changed its
 * credentials since. Else nobody: running->kernel.
 *
 * The proof: the file holds its credentials, so they are still those of the file. The
 * first thread of a process has its own until the kernel frees the thread.
 */
static __noinline int name_creator(struct running *running, __u64 cred)
{
	if (!running)
		return 0;
	struct creator *slot = creator_slot(cred);

	running->kernel = true;
	if (!cred || !slot || slot->cred != cred)
		return 0;
	struct task_struct *leader = (struct task_struct *)slot->leader;

	if ((__u64)BPF_CORE_READ(leader, cred) != cred)
		return 0;
	running->identity.pid = BPF_CORE_READ(leader, tgid);
	running->identity.uid = BPF_CORE_READ(leader, cred, uid.val);
	running->identity.cgroup = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn, id);
	BPF_CORE_READ_INTO(&running->identity.comm, leader, comm);
	running->tid = 0;
	running->kernel = false;
	running->creator = true;
	return 0;
}

static __always_inline __u32 thread_flags(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		return bpf_get_current_task_btf()->flags;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, flags);
}

/* Does the running thread only finish what others began? */
static __always_inline bool is_bystander(void)
{
	__u32 flags = thread_flags();

	return flags & PF_KTHREAD || (!(flags & PF_EXITING) && looks_at_files());
}

static __always_inline void read_exit(struct running *running)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	/* A thread that ends is not the end of its process. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return;
	running->exiting = true;
	running->exit_status = BPF_CORE_READ(task, exit_code);
	if (running->exit_status & 0x7f && BPF_CORE_READ(task, signal, oom_mm))
		running->exit_status |= STATUS_OOM;
}

/* Who runs, whatever it does to a socket. */
static __always_inline struct running read_running(void)
{
	struct running running = {};
	__u32 flags = read_thread(&running);

	running.kernel = flags & PF_KTHREAD;
	running.thread_exits = flags & PF_EXITING;
	if (running.thread_exits)
		read_exit(&running);
	return running;
}

/*
 * Who ends a socket: the running process, unless it was only left with the last
 * reference to the file. Then the creator of the file, which had the socket once, is the
 * best that is known. cred is that of the file, or 0 as long as the socket has its file.
 */
static __always_inline struct running read_ender(struct sock *sk, __u64 cred)
{
	struct running running = read_running();

	if (!running.kernel && !running.thread_exits && looks_at_files())
		name_creator(&running, cred ? cred : file_cred(sk));
	return running;
}

static __always_inline void write_process(const struct running *running, struct process *process)
{
	process->pid = running->identity.pid;
	process->tid = running->tid;
	process->uid = running->identity.uid;
	process->exit_status = running->exit_status;
	process->known = 1;
	process->kernel = running->kernel;
	process->exiting = running->exiting;
	process->creator = running->creator;
	__builtin_memcpy(process->comm, running->identity.comm, sizeof(process->comm));
}

static __noinline int read_current(struct process *process)
{
	if (!process)
		return 0;
	struct running running = read_running();

	write_process(&running, process);
	return 0;
}

/* The same of a record or note. Returns the control group. */
static __noinline __u64 write_ender(struct process *process, struct sock *sk, __u64 cred)
{
	if (!process)
		return 0;
	struct running running = read_ender(sk, cred);

	write_process(&running, process);
	return running.identity.cgroup;
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

/* Each process has two slots, so that two that share one do not displace each other. */
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
 * Keeps who a process is, and returns the hash by which it is found again.
 * second_slot: which slot to take if both are another process's. Callers pass a
 * bit that is as good as random.
 */
static __always_inline __u32 keep_identity(const struct identity *identity, bool second_slot)
{
	struct identity *first = identity_slot(identity->pid, false);

	if (!first)
		return 0;
	if (!same_identity(first, identity)) {
		struct identity *second = identity_slot(identity->pid, true);

		if (!second)
			return 0;
		if (!same_identity(second, identity))
			*(second_slot ? second : first) = *identity;
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
