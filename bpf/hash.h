/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hashes. The upper bits are the good ones. */
#ifndef RSTTRACE_HASH_H
#define RSTTRACE_HASH_H

#include "record.h"

/* Fibonacci hashing; the low bits of an address are always 0. */
static __always_inline __u32 hash_address(__u64 address, __u32 bits)
{
	return (address >> 6) * 0x9e3779b97f4a7c15ull >> (64 - bits);
}

#define HASH_FACTOR(i) ((0x9e3779b97f4a7c15ull ^ (i) * 0xff51afd7ed558ccdull) | 1)

/* Multilinear hashing: the products do not wait for one another. */
static __always_inline __u64 mix(const void *data, __u32 size)
{
	const __u64 *word = data;
	__u64 hash = 0x9e3779b97f4a7c15ull;

	for (__u64 i = 0; i < size / sizeof(*word); i++)
		hash += word[i] * HASH_FACTOR(i);
	return hash;
}

/*
 * The same of a tuple that was put together just now: in the pieces in which it
 * was written, as a processor waits before it reads two of them as one. Numbers
 * of namespaces are used again as soon as one is gone: netns_mix is the random
 * number that each of them has for its own hashes.
 */
static __always_inline __u64 mix_tuple(const struct tuple *tuple, __u32 netns_mix)
{
	const __u32 *local = (const __u32 *)tuple->local, *peer = (const __u32 *)tuple->peer;
	__u64 hash = (tuple->netns ^ netns_mix) * HASH_FACTOR(9ull);

	hash += ((__u64)tuple->local_port << 32 | tuple->peer_port) * HASH_FACTOR(8ull);
	for (__u64 i = 0; i < 4; i++)
		hash += local[i] * HASH_FACTOR(i) + peer[i] * HASH_FACTOR(4 + i);
	return hash;
}

#endif
