/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * RSTs that arrived a moment ago, for kernels whose receive hook does not get the packet.
 * Only with see_packets: the program that notes them runs for every packet.
 */
#ifndef RSTTRACE_RST_PACKETS_H
#define RSTTRACE_RST_PACKETS_H

#include "clock.h"
#include "hash.h"
#include "record.h"

#define RST_PACKET_BITS 10

/* A RST for a busy socket waits until the socket is free. */
#define RST_PACKET_LIFETIME_NS (1000ull * 1000 * 1000)

struct rst_packet {
	__u64 check; /* over the key and all that follows: two writers at once spoil it */
	__u64 when; /* in jiffies; 0: taken */
	struct segment segment;
	__u32 ifindex;
	__u32 differs; /* another RST came for the connection: which one counts is not known */
	__u32 mptcp_reason; /* of its option MP_TCPRST, plus 1; 0: none */
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << RST_PACKET_BITS);
	__type(key, __u32);
	__type(value, struct rst_packet);
} rst_packets SEC(".maps");

static __always_inline struct rst_packet *rst_packet_slot(__u64 key)
{
	__u32 at = key >> (64 - RST_PACKET_BITS);

	return bpf_map_lookup_elem(&rst_packets, &at);
}

static __always_inline __u64 rst_packet_check(__u64 key, const struct rst_packet *note)
{
	return key +
	       mix((const char *)note + sizeof(note->check), sizeof(*note) - sizeof(note->check));
}

/* Is it a RST of this connection, of a moment ago? */
static __always_inline bool is_recent(__u64 key, const struct rst_packet *note)
{
	return note->when && note->check == rst_packet_check(key, note) &&
	       ns_since(note->when) <= RST_PACKET_LIFETIME_NS;
}

static __always_inline bool same_segment(const struct segment *a, const struct segment *b)
{
	return a->seq == b->seq && a->ack == b->ack && a->len == b->len && a->window == b->window &&
	       a->flags == b->flags && a->ttl == b->ttl;
}

/* key is mix_tuple of the connection. */
static __always_inline void note_rst_packet(__u64 key, struct rst_packet *note)
{
	struct rst_packet *slot = rst_packet_slot(key);

	if (!slot)
		return;
	struct rst_packet before = *slot;
	note->when = bpf_jiffies64();
	note->differs = is_recent(key, &before) &&
			(before.differs || !same_segment(&before.segment, &note->segment));
	note->check = rst_packet_check(key, note);
	*slot = *note;
}

/* The one RST that came for a connection a moment ago; false if that is not known. */
static __always_inline bool take_rst_packet(__u64 key, struct rst_packet *note)
{
	struct rst_packet *slot = rst_packet_slot(key);

	if (!slot)
		return false;
	*note = *slot;
	if (!is_recent(key, note))
		return false;
	slot->when = 0;
	return !note->differs;
}

#endif
