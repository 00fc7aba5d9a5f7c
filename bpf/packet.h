/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The packet behind an skb that TCP or a firewall rule is processing: its
 * headers are in the linear part, and the network header's offset is set.
 */
#ifndef RSTTRACE_PACKET_H
#define RSTTRACE_PACKET_H

#include "access.h"
#include "options.h"
#include "record.h"
#include "wire.h"

#define TRANSPORT_UNSET 0xffff

struct packet {
	struct segment segment;
	__u32 transport; /* address of the TCP header, less head */
	__u16 header_len; /* of TCP, options included */
	__u8 family; /* 0: the packet could not be read */
	__u8 protocol; /* what the IP header says comes next */
};

/*
 * Where the TCP header starts. Below IP, in a bridge or at a device, the kernel
 * has not looked yet: what it says there lies before the header, or nowhere.
 */
static __always_inline __u32 find_transport(struct sk_buff *skb, const union ip_header *ip,
					    __u32 network)
{
	__u32 known = READ(skb, transport_header);

	if (known >= network + IP_HEADER && known != TRANSPORT_UNSET)
		return known;
	if (ip->ip4.version_ihl >> 4 == 4)
		return network + (ip->ip4.version_ihl & 0xf) * 4;
	return network + IP6_HEADER;
}

/*
 * Reads the headers; packet->family stays 0 where there is no packet. It came
 * from the peer, so its target is the local end.
 */
static __noinline int read_packet(struct sk_buff *skb, struct packet *packet, struct tuple *tuple)
{
	struct headers headers = {};
	struct tcp_wire other = {};
	const union ip_header *ip = &headers.ip;
	const struct tcp_wire *tcp = &other;

	if (!skb || !packet || !tuple)
		return 0;
	__builtin_memset(packet, 0, sizeof(*packet));

	unsigned char *head = READ(skb, head);
	if (!head)
		return 0;
	__u32 network = READ(skb, network_header);
	__u32 tail = READ(skb, tail);
	if (bpf_probe_read_kernel(&headers, sizeof(headers), head + network))
		return 0;
	__u32 transport = find_transport(skb, ip, network);
	if (transport + TCP_HEADER > tail)
		return 0;
	if (transport == network + IP_HEADER)
		tcp = (const struct tcp_wire *)((const __u8 *)&headers + IP_HEADER);
	else if (transport == network + IP6_HEADER)
		tcp = (const struct tcp_wire *)((const __u8 *)&headers + IP6_HEADER);
	else if (bpf_probe_read_kernel(&other, sizeof(other), head + transport))
		return 0;

	switch (ip->ip4.version_ihl >> 4) {
	case 4:
		packet->segment.ttl = ip->ip4.ttl;
		packet->protocol = ip->ip4.protocol;
		__builtin_memcpy(tuple->peer, ip->ip4.source, 4);
		__builtin_memcpy(tuple->local, ip->ip4.target, 4);
		packet->family = AF_INET;
		break;
	case 6:
		packet->segment.ttl = ip->ip6.hop_limit;
		packet->protocol = ip->ip6.next;
		__builtin_memcpy(tuple->peer, ip->ip6.source, 16);
		__builtin_memcpy(tuple->local, ip->ip6.target, 16);
		packet->family = AF_INET6;
		break;
	default:
		return 0;
	}

	tuple->peer_port = bpf_ntohs(tcp->source);
	tuple->local_port = bpf_ntohs(tcp->dest);
	packet->transport = transport;
	packet->header_len = (tcp->offset >> 4) * 4;
	packet->segment.seq = bpf_ntohl(tcp->seq);
	packet->segment.ack = bpf_ntohl(tcp->ack);
	packet->segment.window = bpf_ntohs(tcp->window);
	packet->segment.flags = tcp->flags;

	/* From the TCP header to the packet's end, whatever was pulled already. */
	__u32 end = READ(skb, data) - head + READ(skb, len);
	__u32 payload = transport + packet->header_len;
	packet->segment.len = end > payload ? end - payload : 0;
	return 0;
}

/* The flags of the TCP header, at the cost of three reads. */
static __always_inline __u8 tcp_flags(struct sk_buff *skb)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u8 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags),
			      head + BPF_CORE_READ(skb, transport_header) +
				      __builtin_offsetof(struct tcp_wire, flags));
	return flags;
}

/* The payload of a packet, as much as is at hand and fits. */
static __always_inline void read_payload(struct sk_buff *skb, const struct packet *packet,
					 __u8 text[RST_PAYLOAD])
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u32 start = packet->transport + packet->header_len;
	__u32 end = BPF_CORE_READ(skb, tail);
	__u32 len = packet->segment.len;

	if (end <= start)
		return;
	if (len > end - start)
		len = end - start;
	if (len > RST_PAYLOAD - 1)
		len = RST_PAYLOAD - 1;
	bpf_probe_read_kernel(text, len & (RST_PAYLOAD - 1), head + start);
}

static __always_inline __u32 read_options(struct sk_buff *skb, const struct packet *packet)
{
	unsigned char *head = BPF_CORE_READ(skb, head);

	if (packet->header_len <= TCP_HEADER)
		return 0;
	return options_at((__u64)(head + packet->transport + TCP_HEADER),
			  packet->header_len - TCP_HEADER);
}

/*
 * The namespace of a packet: of the device that it came by, or else of its
 * route. TCP takes the device away once it has found a socket.
 */
static __always_inline struct net *packet_net(struct sk_buff *skb)
{
	struct net_device *dev = BPF_CORE_READ(skb, dev);

	if (!dev) {
		struct dst_entry *dst = (void *)(BPF_CORE_READ(skb, _skb_refdst) & SKB_DST_PTRMASK);

		dev = BPF_CORE_READ(dst, dev);
	}
	return BPF_CORE_READ(dev, nd_net.net);
}

/* Does the kernel hold the packet's destination for its own unicast address? */
static __always_inline bool for_this_host(struct sk_buff *skb, __u8 family)
{
	void *dst = (void *)(BPF_CORE_READ(skb, _skb_refdst) & SKB_DST_PTRMASK);

	if (family == AF_INET)
		return BPF_CORE_READ((struct rtable *)dst, rt_type) == RTN_LOCAL;
	return BPF_CORE_READ((struct rt6_info *)dst, rt6i_flags) & RTF_LOCAL;
}

#endif
