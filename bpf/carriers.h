/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which socket a RST is being held against, from the function that does so to
 * the place where the packet is dropped. Only packets with the RST bit are
 * noted, so an entry is written next to never and read by the very next hook.
 */
#ifndef RSTTRACE_CARRIERS_H
#define RSTTRACE_CARRIERS_H

#include "access.h"
#include "notes.h"
#include "packet.h"

#define CARRIERS 1024

struct carrier {
	__u64 skb;
	__u64 socket; /* struct sock, request_sock or inet_timewait_sock */
	__u64 check; /* of both: two writers at once spoil it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CARRIERS);
	__type(key, __u32);
	__type(value, struct carrier);
} carriers SEC(".maps");

static __always_inline __u64 carrier_check(__u64 skb, __u64 socket)
{
	return (skb * 0x9e3779b97f4a7c15ull) ^ socket;
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
	slot->skb = address;
	slot->socket = address_of(socket);
	slot->check = carrier_check(address, slot->socket);
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
static __always_inline struct sock *carried_socket(__u64 skb)
{
	__u32 at = hash_address(skb, 10);
	struct carrier *slot = bpf_map_lookup_elem(&carriers, &at);

	if (!slot || slot->skb != skb)
		return NULL;
	__u64 socket = slot->socket;
	if (slot->check != carrier_check(skb, socket))
		return NULL;
	slot->skb = 0;
	return (struct sock *)socket;
}

#endif
