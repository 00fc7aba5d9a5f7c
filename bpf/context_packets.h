/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every packet that arrives, where somebody asked for that: it notes RSTs. The first
 * instructions look at the protocol and at the flags of TCP. Nothing else is read of
 * other packets.
 */
#ifndef RSTTRACE_CONTEXT_PACKETS_H
#define RSTTRACE_CONTEXT_PACKETS_H

#include "options.h"
#include "rst_packets.h"
#include "socket.h"
#include "wire.h"

#define PROTOCOL_IP 0x0800
#define PROTOCOL_IPV6 0x86DD

struct arrived {
	struct headers headers;
	struct tcp_wire tcp;
	__u32 transport; /* where the TCP header begins, from the IP header on */
};

/*
 * Does the linear part of an skb have so many bytes of the packet? By helpers: some
 * verifiers (7.3) take its fields for pointers, and others for numbers.
 */
static __always_inline bool is_linear(struct sk_buff *skb, __u32 bytes)
{
	__u64 data = (__u64)BPF_CORE_READ(skb, data), head = (__u64)BPF_CORE_READ(skb, head);

	return bytes <= BPF_CORE_READ(skb, tail) - (data - head);
}

/* The TCP header behind the IP header; extension headers of IPv6 are not followed. */
static __always_inline bool is_arriving_rst(struct sk_buff *skb, struct arrived *arrived)
{
	const union ip_header *ip = &arrived->headers.ip;
	__u16 protocol = bpf_ntohs(skb->protocol);
	unsigned char *data = skb->data;

	if ((protocol != PROTOCOL_IP && protocol != PROTOCOL_IPV6) ||
	    bpf_probe_read_kernel(&arrived->headers, sizeof(arrived->headers), data))
		return false;
	if (protocol == PROTOCOL_IP) {
		arrived->transport = (ip->ip4.version_ihl & 0xf) * 4;
		if (ip->ip4.protocol != IPPROTO_TCP)
			return false;
	} else {
		arrived->transport = IP6_HEADER;
		if (ip->ip6.next != IPPROTO_TCP)
			return false;
	}
	if (bpf_probe_read_kernel(&arrived->tcp, sizeof(arrived->tcp), data + arrived->transport))
		return false;
	return arrived->tcp.flags & TCP_RST && is_linear(skb, arrived->transport + TCP_HEADER);
}

static __always_inline __u32 arriving_options(struct sk_buff *skb, const struct arrived *arrived)
{
	__u32 header_len = (arrived->tcp.offset >> 4) * 4, start = arrived->transport + TCP_HEADER;

	if (header_len <= TCP_HEADER || !is_linear(skb, arrived->transport + header_len))
		return 0;
	return options_at((__u64)BPF_CORE_READ(skb, data) + start, header_len - TCP_HEADER);
}

SEC("tp_btf/netif_receive_skb")
int context_packet(__u64 *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)ctx[0];
	struct arrived arrived = {};

	if (!is_arriving_rst(skb, &arrived))
		return 0;
	const union ip_header *ip = &arrived.headers.ip;
	struct net *net = BPF_CORE_READ(skb, dev, nd_net.net);
	struct rst_packet note = {
		.ifindex = BPF_CORE_READ(skb, dev, ifindex),
		.segment.seq = bpf_ntohl(arrived.tcp.seq),
		.segment.ack = bpf_ntohl(arrived.tcp.ack),
		.segment.window = bpf_ntohs(arrived.tcp.window),
		.segment.flags = arrived.tcp.flags,
	};
	struct tuple tuple = {
		.netns = BPF_CORE_READ(net, ns.inum),
		.peer_port = bpf_ntohs(arrived.tcp.source),
		.local_port = bpf_ntohs(arrived.tcp.dest),
	};
	__u32 payload = arrived.transport + (arrived.tcp.offset >> 4) * 4, end;

	if (ip->ip4.version_ihl >> 4 == 4) {
		note.segment.ttl = ip->ip4.ttl;
		end = bpf_ntohs(ip->ip4.len);
		__builtin_memcpy(tuple.peer, ip->ip4.source, 4);
		__builtin_memcpy(tuple.local, ip->ip4.target, 4);
	} else {
		note.segment.ttl = ip->ip6.hop_limit;
		end = IP6_HEADER + bpf_ntohs(ip->ip6.len);
		__builtin_memcpy(tuple.peer, ip->ip6.source, 16);
		__builtin_memcpy(tuple.local, ip->ip6.target, 16);
	}
	note.segment.len = end > payload ? end - payload : 0;
	__u32 options = arriving_options(skb, &arrived);
	if (options & OPTION_MP_TCPRST)
		note.mptcp_reason = (options >> OPTION_REASON_SHIFT) + 1;
	note_rst_packet(mix_tuple(&tuple, netns_mix(net)), &note);
	return 0;
}

#endif
