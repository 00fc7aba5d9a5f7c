/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets byte for byte, for those who write packets: only with take_packets. A packet
 * is copied from its IP header on, as far as it is in the linear part of its skb.
 */
#ifndef RSTTRACE_FRAMES_H
#define RSTTRACE_FRAMES_H

#include "access.h"
#include "config.h"
#include "reset_ctx.h"
#include "ring.h"

#define DEVICE_HASH_MASK 255 /* NETDEV_HASHENTRIES less 1 */
#define DEVICES_IN_BUCKET 8 /* that are looked at */

/*
 * The device of a number in a namespace, or NULL. Nothing is locked. A device that goes
 * meanwhile is freed later, and a wrong one has another number.
 */
static __always_inline struct net_device *device_at(struct net *net, __u32 ifindex)
{
	struct hlist_head *bucket = BPF_CORE_READ(net, dev_index_head);
	struct hlist_node *node = NULL;

	if (!bucket)
		return NULL;
	bpf_probe_read_kernel(&node, sizeof(node), (void **)bucket + (ifindex & DEVICE_HASH_MASK));
	for (int i = 0; i < DEVICES_IN_BUCKET && node; i++) {
		__u64 offset = bpf_core_field_offset(struct net_device, index_hlist);
		struct net_device *dev = (void *)node - offset;

		if (BPF_CORE_READ(dev, ifindex) == ifindex)
			return dev;
		node = BPF_CORE_READ(node, next);
	}
	return NULL;
}

/*
 * The device that a packet came by. TCP takes it away once it has found a socket. What
 * is left then is its number, in the namespace of the socket.
 */
static __always_inline void read_device(struct sk_buff *skb, struct sock *sk,
					struct frame_record *record)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);
	struct net *net = NULL;

	if (dev) {
		record->ifindex = BPF_CORE_READ(dev, ifindex);
		net = BPF_CORE_READ(dev, nd_net.net);
	} else {
		net = sk ? BPF_CORE_READ(sk, __sk_common.skc_net.net) : packet_net(skb);
		record->ifindex = BPF_CORE_READ(skb, skb_iif);
		if (record->ifindex && net)
			dev = device_at(net, record->ifindex);
	}
	record->netns = BPF_CORE_READ(net, ns.inum);
	if (dev)
		BPF_CORE_READ_INTO(&record->ifname, dev, name);
}

static __always_inline void read_bytes(struct sk_buff *skb, struct frame_record *record)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u32 network = BPF_CORE_READ(skb, network_header);
	__u32 tail = BPF_CORE_READ(skb, tail);

	if (tail <= network)
		return;
	__u64 captured = AT_MOST(FRAME_MAX, tail - network);
	if (bpf_probe_read_kernel(record->data, captured, head + network))
		return;
	record->captured = captured;
	record->length = BPF_CORE_READ(skb, data) - head + BPF_CORE_READ(skb, len) - network;
}

/* What the socket puts into a RST of its own, beyond its numbers: see tcp_transmit_skb. */
static __always_inline void read_sent(struct tcp_sock *tcp, __u8 family, __u64 now,
				      struct frame_record *record)
{
	__s16 ttl = READ_INET(tcp, uc_ttl);

	record->sent = 1;
	record->tos = READ_INET(tcp, tos);
	if (family == AF_INET6) {
		struct ipv6_pinfo *inet6 = (void *)address_of(READ_INET(tcp, pinet6));

		ttl = BPF_CORE_READ_BITFIELD_PROBED(inet6, hop_limit);
		record->tos = BPF_CORE_READ(inet6, tclass);
	}
	record->ttl = ttl > 0 ? ttl : 0;
	if (!READ_BITS(tcp, rx_opt.tstamp_ok))
		return;
	bool micros = bpf_core_field_exists(tcp->tcp_usec_ts) && READ_BITS(tcp, tcp_usec_ts);
	record->timestamps = 1;
	record->tsval = (__u32)(now / (micros ? 1000 : 1000000)) + READ(tcp, tsoffset);
	record->tsecr = READ(tcp, rx_opt.ts_recent);
}

/* Before its reset_record, as a payload_record. */
static __noinline int send_frame(const struct reset_ctx *reset, struct sk_buff *skb,
				 struct tcp_sock *tcp, __u64 now)
{
	if (!reset)
		return 0;
	bool sends = tcp && reset->evidence.hook == HOOK_SEND_ACTIVE;
	if (!skb && !sends)
		return 0;
	struct frame_record *record = RESERVE(struct frame_record, RECORD_FRAME);
	if (!record)
		return 0;
	record->reset_sk = reset->evidence.state ? (__u64)reset->sk : 0;
	record->reset_time_ns = now;
	if (skb) {
		read_device(skb, reset->evidence.state ? reset->sk : NULL, record);
		read_bytes(skb, record);
	}
	if (sends)
		read_sent(tcp, reset->evidence.family, now, record);
	SUBMIT(record);
	return 0;
}

#endif
