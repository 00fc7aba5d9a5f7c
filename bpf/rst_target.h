/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The socket that an incoming RST is for: noted where the kernel checks the RST
 * for that socket, and read where the packet is dropped. Only packets with the
 * RST bit are noted, so an entry is rarely written and read by the very next hook.
 */
#ifndef RSTTRACE_RST_TARGET_H
#define RSTTRACE_RST_TARGET_H

#include "access.h"
#include "hash.h"
#include "packet.h"

#define RST_TARGETS 1024

/*
 * The kernel drops the packet right after the note was made, or frees it without
 * a word: then the note stays. A RST that is sent again has the same numbers, and
 * often the same skb.
 */
#define RST_TARGET_LIFETIME_NS (1000ull * 1000 * 1000)

struct rst_target {
	__u64 skb;
	__u64 socket; /* struct sock, request_sock or inet_timewait_sock */
	__u64 packet; /* its hash: an skb is used again at once */
	__u64 when;
	__u64 check; /* of all: two writers at once spoil it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RST_TARGETS);
	__type(key, __u32);
	__type(value, struct rst_target);
} rst_targets SEC(".maps");

static __always_inline __u64 rst_target_check(const struct rst_target *target)
{
	__u64 sum = target->skb * 0x9e3779b97f4a7c15ull ^ target->socket;

	return (sum * 0x9e3779b97f4a7c15ull ^ target->packet) * 0x9e3779b97f4a7c15ull ^
	       target->when;
}

/* Ports, sequence number and acknowledgement of a packet. */
static __always_inline __u64 packet_hash(struct sk_buff *skb)
{
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u64 words[2] = {};

	bpf_probe_read_kernel(words, 12, head + BPF_CORE_READ(skb, transport_header));
	return mix(words, sizeof(words));
}

static __always_inline int note_rst_target(struct sk_buff *skb, void *socket)
{
	__u64 address = address_of(skb);
	__u32 at = hash_address(address, 10);

	skb = (struct sk_buff *)address;
	if (!(tcp_flags(skb) & TCP_RST))
		return 0;
	struct rst_target *slot = bpf_map_lookup_elem(&rst_targets, &at);
	if (!slot)
		return 0;
	struct rst_target target = {
		.skb = address,
		.socket = address_of(socket),
		.packet = packet_hash(skb),
		.when = bpf_ktime_get_ns(),
	};
	target.check = rst_target_check(&target);
	*slot = target;
	return 0;
}

/* A request socket counts only at its listener: a Fast Open child is a full socket. */
static __always_inline int note_request(struct sock *listener, struct sk_buff *skb, void *request)
{
	struct sock *sk = UNTYPED(listener);

	if (BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	return note_rst_target(skb, request);
}

/* The socket that the packet is for, or NULL. The note is gone then. */
static __always_inline struct sock *take_rst_target(struct sk_buff *skb)
{
	__u32 at = hash_address((__u64)skb, 10);
	struct rst_target *slot = bpf_map_lookup_elem(&rst_targets, &at);

	if (!slot || slot->skb != (__u64)skb)
		return NULL;
	struct rst_target target = *slot;
	if (target.check != rst_target_check(&target) || target.packet != packet_hash(skb))
		return NULL;
	slot->skb = 0;
	if (bpf_ktime_get_ns() - target.when > RST_TARGET_LIFETIME_NS)
		return NULL;
	return (struct sock *)target.socket;
}

#endif
