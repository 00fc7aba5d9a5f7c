/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which socket a RST is being held against, from the function that does so to
 * the place where the packet is dropped. Only packets with the RST bit are
 * noted, so an entry is written next to never and read by the very next hook.
 */
#ifndef RSTTRACE_CARRIERS_H
#define RSTTRACE_CARRIERS_H

#include "access.h"
#include "hash.h"
#include "packet.h"

#define CARRIERS 1024

struct carrier {
	__u64 skb;
	__u64 socket; /* struct sock, request_sock or inet_timewait_sock */
	__u64 mark; /* of the packet: an skb is used again at once */
	__u64 check; /* of all: two writers at once spoil it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARRIERS);
	__type(key, __u32);
	__type(value, struct carrier);
} carriers SEC(".maps");

static __always_inline __u64 carrier_check(const struct carrier *carrier)
{
	__u64 sum = carrier->skb * 0x9e3779b97f4a7c15ull ^ carrier->socket;

	return sum * 0x9e3779b97f4a7c15ull ^ carrier->mark;
}

/* Ports, sequence number and acknowledgement of a packet. */
static __always_inline __u64 packet_mark(struct sk_buff *skb)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u64 words[2] = {};

	bpf_probe_read_kernel(words, 12, head + BPF_CORE_READ(skb, transport_header));
	return mix(words, sizeof(words));
}

static __always_inline int note_carrier(struct sk_buff *skb, void *socket)
{
	__u64 address = address_of(skb);
	__u32 at = hash_address(address, 10);

	skb = (struct sk_buff *)address;
	if (!(tcp_flags(skb) & TCP_RST))
		return 0;
	struct carrier *slot = bpf_map_lookup_elem(&carriers, &at);
	if (!slot)
		return 0;
	struct carrier carrier = {
		.skb = address,
		.socket = address_of(socket),
		.mark = packet_mark(skb),
	};
	carrier.check = carrier_check(&carrier);
	*slot = carrier;
	return 0;
}

/* A request socket counts only at its listener: a Fast Open child is a full socket. */
static __always_inline int note_request(struct sock *listener, struct sk_buff *skb, void *request)
{
	struct sock *sk = UNTYPED(listener);

	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	return note_carrier(skb, request);
}

/* The socket that the packet was held against, or NULL. */
static __always_inline struct sock *carried_socket(struct sk_buff *skb)
{
	__u32 at = hash_address((__u64)skb, 10);
	struct carrier *slot = bpf_map_lookup_elem(&carriers, &at);

	if (!slot || slot->skb != (__u64)skb)
		return NULL;
	struct carrier carrier = *slot;
	if (carrier.check != carrier_check(&carrier) || carrier.mark != packet_mark(skb))
		return NULL;
	slot->skb = 0;
	return (struct sock *)carrier.socket;
}

#endif
