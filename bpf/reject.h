/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A firewall rule that answers with a RST: nf_send_reset and kin build the
 * packet themselves, past everything that TCP does and counts.
 */
#ifndef RSTTRACE_REJECT_H
#define RSTTRACE_REJECT_H

#include "gather.h"

/* In the output hook the packet is ours: the other way round, with a socket. */
static __always_inline void collect_output(struct reset_ctx *reset, struct sk_buff *skb)
{
	struct tuple *tuple = &reset->tuple, turned = *tuple;
	struct sock *sk = BPF_CORE_READ(skb, sk);

	__builtin_memcpy(tuple->local, turned.peer, 16);
	__builtin_memcpy(tuple->peer, turned.local, 16);
	tuple->local_port = turned.peer_port;
	tuple->peer_port = turned.local_port;

	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (!state || state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return;
	reset->sk = sk;
	reset->evidence.state = state;
	if (BPF_CORE_READ(sk, sk_socket))
		reset->evidence.facts |= FACT_HAS_SOCKET;
	if (BPF_CORE_READ(sk, sk_lock.owned))
		reset->evidence.facts |= FACT_OWNED;
}

/* The functions return without a RST for what is no TCP segment, or is a RST. */
static __always_inline int reject(void *ctx, struct sk_buff *skb, __u32 nf_hook)
{
	struct reset_ctx reset;

	reset_init(&reset, HOOK_REJECT, 0);
	reset.evidence.socket = SOCKET_NONE;
	read_packet(skb, &reset.packet, &reset.tuple);
	if (!reset.packet.family || reset.packet.segment.flags & TCP_RST)
		return 0;
	collect_packet(&reset);
	reset.evidence.chain = nf_hook + 1;
	struct net *net = packet_net(skb);
	reset.tuple.netns = BPF_CORE_READ(net, ns.inum);
	reset.netns_mix = netns_mix(net);
	if (nf_hook == NF_INET_LOCAL_OUT)
		collect_output(&reset, skb);
	report(ctx, &reset, skb, NULL);
	return 0;
}

/*
 * The same below IP: a bridge numbers its chains like IP and passes no device,
 * a device has ingress only.
 */
static __always_inline int reject_link(void *ctx, struct sk_buff *skb, __u64 device, __u32 nf_hook)
{
	return reject(ctx, skb, device ? NF_INET_INGRESS : nf_hook);
}

#endif
