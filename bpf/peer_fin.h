/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes of when the peer's FIN came, and for how long no data had gone before it. They are
 * there for as long as the socket lives.
 */
#ifndef RSTTRACE_PEER_FIN_H
#define RSTTRACE_PEER_FIN_H

#include "hash.h"
#include "socket.h"

#define PEER_FIN_BITS 12

/*
 * The youngest two of a slot: a tag of the socket's address << 32 | jiffies. The second
 * number is the idle time in jiffies plus 1, with the same tag. Each
 * connection that gets a FIN writes its own, and is only asked for it if it got one.
 * So a note of the last socket at an address is left only where a hook did not run.
 */
struct peer_fins {
	__u64 last[2];
	__u64 idle[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << PEER_FIN_BITS);
	__type(key, __u32);
	__type(value, struct peer_fins);
} peer_fins SEC(".maps");

static __always_inline struct peer_fins *peer_fin_slot(__u64 sk)
{
	__u32 at = hash_address(sk, PEER_FIN_BITS);

	return bpf_map_lookup_elem(&peer_fins, &at);
}

static __always_inline __u64 peer_fin_tag(__u64 sk)
{
	return sk >> 6 << 32;
}

static __always_inline int note_peer_fin(__u64 sk, struct tcp_sock *tcp)
{
	struct peer_fins *slot = peer_fin_slot(sk);

	if (!slot)
		return 0;
	slot->last[1] = slot->last[0];
	slot->idle[1] = slot->idle[0];
	slot->idle[0] = peer_fin_tag(sk) | idle_since(tcp);
	slot->last[0] = peer_fin_tag(sk) | (__u32)bpf_jiffies64();
	return 0;
}

static __always_inline bool is_of_socket(__u64 note, __u64 sk)
{
	return note && note >> 32 << 32 == peer_fin_tag(sk);
}

/* Jiffies since then and without data before it, each plus 1, or 0 if that is not known. */
static __always_inline void find_peer_fin(__u64 sk, __u32 *since, __u32 *idle)
{
	struct peer_fins *slot = peer_fin_slot(sk);

	if (!slot)
		return;
	for (int i = 0; i < 2; i++) {
		__u64 note = slot->last[i], idle_note = slot->idle[i];

		if (!is_of_socket(note, sk))
			continue;
		*since = (__u32)bpf_jiffies64() - (__u32)note + 1;
		if (is_of_socket(idle_note, sk))
			*idle = (__u32)idle_note;
		return;
	}
}

#endif
