/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Did a RST remove a request socket, or was it only challenged? Where no
 * function can be hooked, nothing tells but the kernel's own counter: this
 * CPU's EmbryonicRsts of the namespace grows exactly on a removal. So its last
 * value is kept for every namespace with a listener.
 */
#ifndef RSTTRACE_EMBRYONIC_H
#define RSTTRACE_EMBRYONIC_H

#include "access.h"
#include "config.h"

#define MAX_CPUS 1024

struct cell {
	__u64 netns; /* its cookie, which is never used again */
	__u64 cpu;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct cell);
	__type(value, __u64);
} embryonic SEC(".maps");

static __always_inline __u64 read_cell(struct net *net, __u32 cpu)
{
	struct linux_mib *per_cpu = BPF_CORE_READ(net, mib.net_statistics);
	__u64 offset = 0, value = 0;

	if (!per_cpu_offset ||
	    bpf_probe_read_kernel(&offset, sizeof(offset), (void *)(per_cpu_offset + cpu * 8ull)))
		return 0;
	per_cpu = (struct linux_mib *)((__u64)per_cpu + offset);
	bpf_probe_read_kernel(&value, sizeof(value), &per_cpu->mibs[MIB_EMBRYONIC_RSTS]);
	return value;
}

static __always_inline struct net *net_of(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net);
}

/* Starts to watch the namespace of a listener, unless that was done before. */
static __always_inline void watch_embryonic(struct sock *sk)
{
	struct net *net = net_of(sk);
	struct cell cell = {};

	if (!per_cpu_offset || !bpf_core_field_exists(net->net_cookie))
		return;
	cell.netns = BPF_CORE_READ(net, net_cookie);
	for (__u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu >= cpus)
			break;
		__u64 value = read_cell(net, cpu);

		cell.cpu = cpu;
		if (bpf_map_update_elem(&embryonic, &cell, &value, BPF_NOEXIST) && !cpu)
			break; /* it is watched already */
	}
}

enum embryonic_change {
	EMBRYONIC_UNKNOWN,
	EMBRYONIC_SAME,
	EMBRYONIC_GREW,
};

/* Compares with the last value of this CPU, and keeps the new one plus ahead. */
static __always_inline enum embryonic_change embryonic_change(struct sock *sk, __u64 ahead)
{
	struct net *net = net_of(sk);
	struct cell cell = {};

	if (!bpf_core_field_exists(net->net_cookie))
		return EMBRYONIC_UNKNOWN;
	cell.netns = BPF_CORE_READ(net, net_cookie);
	cell.cpu = bpf_get_smp_processor_id();
	__u64 *last = bpf_map_lookup_elem(&embryonic, &cell);
	if (!last)
		return EMBRYONIC_UNKNOWN;
	__u64 value = read_cell(net, cell.cpu);
	bool grew = value != *last;
	*last = value + ahead;
	return grew ? EMBRYONIC_GREW : EMBRYONIC_SAME;
}

#endif
