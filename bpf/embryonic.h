/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Did a RST remove a request socket, or was it only challenged? Where no
 * function can be hooked, nothing tells but the kernel's own counter: this
 * CPU's EmbryonicRsts of the namespace grows exactly on a removal. So its last
 * value is kept for every namespace with a listener. It is of use only where a
 * drop names its socket: that is 6.11 and later.
 */
#ifndef RSTTRACE_EMBRYONIC_H
#define RSTTRACE_EMBRYONIC_H

#include "access.h"
#include "config.h"

#define MAX_CPUS 1024

struct embryonic_key {
	__u64 netns; /* its cookie, which is never used again */
	__u64 cpu;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct embryonic_key);
	__type(value, __u64);
} embryonic SEC(".maps");

/*
 * An anchor in per-CPU memory: the kernel's table of per-CPU offsets has no
 * address that every machine shows, but a per-CPU map knows its own.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} anchor SEC(".maps");

/* What to add to a per-CPU pointer for one CPU; 0 where that is not known. */
static __always_inline __u64 per_cpu_offset(__u32 cpu)
{
	struct bpf_array *array = (struct bpf_array *)number_of(&anchor);
	__u32 first = 0;
	void *slot = bpf_map_lookup_percpu_elem(&anchor, &first, cpu);

	return slot ? number_of(slot) - (__u64)BPF_CORE_READ(array, pptrs[0]) : 0;
}

static __always_inline __u64 read_cell(struct net *net, __u32 cpu)
{
	__u64 per_cpu = (__u64)BPF_CORE_READ(net, mib.net_statistics);
	struct linux_mib *mib = (struct linux_mib *)(per_cpu + per_cpu_offset(cpu));
	__u64 value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), &mib->mibs[MIB_EMBRYONIC_RSTS]);
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
	struct embryonic_key key = {};

	if (!drop_has_socket)
		return;
	key.netns = BPF_CORE_READ(net, net_cookie);
	for (__u32 cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (cpu >= cpus)
			break;
		__u64 value = read_cell(net, cpu);

		key.cpu = cpu;
		if (bpf_map_update_elem(&embryonic, &key, &value, BPF_NOEXIST) && !cpu)
			break; /* it is watched already */
	}
}

enum embryonic_change {
	EMBRYONIC_UNKNOWN,
	EMBRYONIC_SAME,
	EMBRYONIC_GREW,
};

/*
 * Compares with the last value of this CPU, and keeps the new one.
 * due: what the kernel is about to add.
 */
static __always_inline enum embryonic_change embryonic_change(struct sock *sk, __u64 due)
{
	struct net *net = net_of(sk);
	struct embryonic_key key = {};

	if (!drop_has_socket)
		return EMBRYONIC_UNKNOWN;
	key.netns = BPF_CORE_READ(net, net_cookie);
	key.cpu = bpf_get_smp_processor_id();
	__u64 *last = bpf_map_lookup_elem(&embryonic, &key);
	if (!last)
		return EMBRYONIC_UNKNOWN;
	__u64 value = read_cell(net, key.cpu);
	bool grew = value != *last;
	*last = value + due;
	return grew ? EMBRYONIC_GREW : EMBRYONIC_SAME;
}

#endif
