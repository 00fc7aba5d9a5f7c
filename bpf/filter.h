/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which details go to user space. Everything has been counted by then: what is
 * held back here is missing on the screen and never in the totals.
 */
#ifndef RSTTRACE_FILTER_H
#define RSTTRACE_FILTER_H

#include "access.h"
#include "clock.h"
#include "config.h"
#include "counters.h"
#include "process.h"
#include "socket.h"

/* Columns whose cause nobody wants to see: written by Go, which knows causes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, COLUMNS);
	__type(key, __u32);
	__type(value, __u32);
} muted SEC(".maps");

/* Namespaces whose details are wanted, by inode number: written by Go at any time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} wanted_netns SEC(".maps");

/* Processes whose details are wanted, by pid and by name: sizes set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} wanted_pids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, char[16]);
	__type(value, __u32);
} wanted_comms SEC(".maps");

/*
 * Control groups whose details nobody wants to see, by id, and until when:
 * written by Go, which knows their paths. What is not in it may be wanted: a
 * group that is new, or whose service was just started again. Where an old
 * entry makes room, Go writes it again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1); /* set by the loader */
	__type(key, __u64);
	__type(value, __u64);
} hidden_cgroups SEC(".maps");

#define FOR_GOOD ~0ull

/* Details of a column on a CPU: (window << 32) | how many went out in it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COLUMNS); /* times CPUs: set by the loader */
	__type(key, __u32);
	__type(value, __u64);
} budgets SEC(".maps");

static __always_inline bool is_muted(__u32 column)
{
	__u32 *flag = bpf_map_lookup_elem(&muted, &column);

	return flag && *flag;
}

/* A softirq in the middle may let one more through. */
static __always_inline bool take_budget(__u32 column, __u32 most)
{
	__u32 cell = bpf_get_smp_processor_id() * COLUMNS + column;
	__u64 window = current_window() << 32;
	__u64 *budget = bpf_map_lookup_elem(&budgets, &cell);
	if (!budget)
		return true;
	__u64 used = *budget;
	if (used >> 32 << 32 != window)
		used = window;
	if ((__u32)used >= most)
		return false;
	*budget = used + 1;
	return true;
}

/*
 * Each kind has a budget of its own, so that a flood of one kind does not hide
 * another.
 */
static __always_inline bool within_budget(__u32 column)
{
	return !window_budget || take_budget(column, window_budget);
}

static __always_inline bool in_prefix(const __u8 *address, const volatile struct prefix *prefix)
{
	const __u32 *word = (const __u32 *)address;

	for (int i = 0; i < 4; i++)
		if ((word[i] & prefix->mask[i]) != prefix->address[i])
			return false;
	return true;
}

static __always_inline bool host_wanted(const struct evidence *evidence, const struct tuple *tuple)
{
	if (!filter_prefix_count)
		return true;
	for (int i = 0; i < FILTER_PREFIXES; i++) {
		if (i >= filter_prefix_count)
			break;
		const volatile struct prefix *prefix = &filter_prefixes[i];
		if (prefix->family == evidence->family &&
		    (in_prefix(tuple->local, prefix) || in_prefix(tuple->peer, prefix)))
			return true;
	}
	return false;
}

static __always_inline bool port_wanted(const struct tuple *tuple)
{
	if (!filter_port_count)
		return true;
	for (int i = 0; i < FILTER_PORTS; i++) {
		if (i >= filter_port_count)
			break;
		__u16 first = filter_ports[i].first, last = filter_ports[i].last;
		if ((tuple->local_port >= first && tuple->local_port <= last) ||
		    (tuple->peer_port >= first && tuple->peer_port <= last))
			return true;
	}
	return false;
}

static __always_inline bool hook_wanted(const struct evidence *evidence)
{
	return !filter_hooks || filter_hooks >> evidence->hook & 1;
}

static __always_inline bool netns_wanted(const struct tuple *tuple)
{
	__u32 netns = tuple->netns;

	return !filter_netns || bpf_map_lookup_elem(&wanted_netns, &netns);
}

/* Only of a full socket: of others, the owner decides, in Go. */
static __always_inline bool cgroup_wanted(struct tcp_sock *tcp)
{
	if (!filter_cgroups || !tcp)
		return true;
	__u64 cgroup = socket_cgroup(tcp);
	__u64 *until = bpf_map_lookup_elem(&hidden_cgroups, &cgroup);

	return !until || (*until != FOR_GOOD && bpf_ktime_get_ns() >= *until);
}

/* For where the running process, and no other, will be named. */
static __noinline bool current_wanted(void)
{
	__u64 ids = bpf_get_current_pid_tgid();
	__u32 pid = ids >> 32;
	char name[16] = {};

	/* It finishes what another began, and that one may be named. */
	if (is_bystander())
		return true;
	if (filter_pids && !bpf_map_lookup_elem(&wanted_pids, &pid))
		return false;
	if (!filter_comms)
		return true;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	/* As a string: behind its end the kernel may have left what stood there before. */
	BPF_CORE_READ_STR_INTO(&name, task, group_leader, comm);
	return bpf_map_lookup_elem(&wanted_comms, &name);
}

static __noinline bool is_wanted(const struct evidence *evidence, const struct tuple *tuple)
{
	return evidence && tuple && hook_wanted(evidence) && netns_wanted(tuple) &&
	       port_wanted(tuple) && host_wanted(evidence, tuple);
}

#endif
