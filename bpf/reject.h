/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A firewall rule that answers with a RST: nf_send_reset and kin build the
 * packet themselves, past everything that TCP does and counts.
 */
#ifndef RSTTRACE_REJECT_H
#define RSTTRACE_REJECT_H

#include "gather.h"

/* In the output hook the packet is ours: the other way round, with a socket. */
static __always_inline void see_output(struct sighting *seen, struct sk_buff *skb)
{
	struct tuple *tuple = &seen->tuple, turned = *tuple;
	struct sock *sk = BPF_CORE_READ(skb, sk);

	__builtin_memcpy(tuple->local, turned.peer, 16);
	__builtin_memcpy(tuple->peer, turned.local, 16);
	tuple->local_port = turned.peer_port;
	tuple->peer_port = turned.local_port;

	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (!state || state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return;
	seen->sk = sk;
	seen->verdict.state = state;
	if (BPF_CORE_READ(sk, sk_socket))
		seen->verdict.facts |= FACT_HAS_SOCKET;
	if (BPF_CORE_READ(sk, sk_lock.owned))
		seen->verdict.facts |= FACT_OWNED;
}

/* The functions return without a RST for what is no TCP segment, or is a RST. */
static __always_inline int reject(void *ctx, struct sk_buff *skb, __u32 nf_hook)
{
	struct sighting seen;

	open_eyes(&seen, HOOK_REJECT, 0);
	seen.verdict.socket = SOCKET_NONE;
	read_packet(skb, &seen.packet, &seen.tuple);
	if (!seen.packet.family || seen.packet.segment.flags & TCP_RST)
		return 0;
	see_packet(&seen);
	seen.verdict.chain = nf_hook + 1;
	struct net *net = packet_net(skb);
	seen.tuple.netns = BPF_CORE_READ(net, ns.inum);
	seen.netns_mix = netns_mix(net);
	if (nf_hook == NF_INET_LOCAL_OUT)
		see_output(&seen, skb);
	report(ctx, &seen, skb, NULL);
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
