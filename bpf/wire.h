/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Headers as they are on the wire. */
#ifndef RSTTRACE_WIRE_H
#define RSTTRACE_WIRE_H

#include <linux/types.h>

#define IP_HEADER 20 /* without options */
#define IP6_HEADER 40
#define TCP_HEADER 20

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct tcp_wire {
	__be16 source, dest;
	__be32 seq, ack;
	__u8 offset; /* header length in the upper four bits, in words */
	__u8 flags;
	__be16 window;
	__be16 checksum, urgent;
};

struct ip_wire {
	__u8 version_ihl, tos;
	__be16 len, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__u8 source[4], target[4];
};

struct ip6_wire {
	__be32 version_flow;
	__be16 len;
	__u8 next, hop_limit;
	__u8 source[16], target[16];
};

union ip_header {
	struct ip_wire ip4;
	struct ip6_wire ip6;
};

/*
 * What most packets begin with: an IP header without options or extensions,
 * and the TCP header. Behind the packet's end there is more of the skb.
 */
struct headers {
	union ip_header ip;
	__u8 more[TCP_HEADER];
};

#endif
