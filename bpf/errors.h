/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The error that a reset leaves on its socket. The kernel itself says which,
 * in sk_error_report, as a rule before the function that was hooked returns.
 */
#ifndef RSTTRACE_ERRORS_H
#define RSTTRACE_ERRORS_H

#include "config.h"
#include "hash.h"
#include "socket.h"

#define ERROR_BITS 11

/* In a window on a CPU: with no limit on records a storm would double them. */
#define ERRORS_PER_WINDOW 1024

/* Later the address may be another socket's, and the error another reset's. */
#define ERROR_LIFETIME_NS (1000ull * 1000 * 1000)

/*
 * A reset whose record went out. Address and time together name the record, so
 * what two writers at once leave behind names none.
 */
struct error_note {
	__u64 sk; /* where the application gets the error */
	__u64 inode;
	__u64 reset_sk;
	__u64 reset_time_ns;
};

/* Both ends of a connection may be reset at once, and share a slot. */
struct errors {
	struct error_note last[2]; /* the youngest first */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << ERROR_BITS);
	__type(key, __u32);
	__type(value, struct errors);
} errors SEC(".maps");

static __always_inline struct errors *errors_at(__u64 sk)
{
	__u32 at = hash_address(sk, ERROR_BITS);

	return bpf_map_lookup_elem(&errors, &at);
}

/* What is known of a reset of this socket, or NULL. */
static __always_inline struct error_note *error_slot(__u64 sk)
{
	struct errors *found = errors_at(sk);

	if (!found)
		return NULL;
	if (found->last[0].sk == sk)
		return &found->last[0];
	return found->last[1].sk == sk ? &found->last[1] : NULL;
}

/* Can an error come after this, and is anybody left whom it could reach? */
static __always_inline bool leaves_error(const struct evidence *evidence)
{
	return follow_errors &&
	       (evidence->hook == HOOK_RECEIVE || evidence->hook == HOOK_SEND_ACTIVE) &&
	       evidence->socket == SOCKET_FULL && !(evidence->facts & FACT_DEAD);
}

static __always_inline void await_error(struct sock *sk, struct tcp_sock *tcp, __u64 now)
{
	__u64 reset_sk = (__u64)sk;

	if (is_mptcp(tcp)) {
		sk = application_socket(tcp);
		if (!sk)
			return;
	}
	struct errors *found = errors_at((__u64)sk);
	if (!found)
		return;
	struct error_note *youngest = &found->last[0];
	if (youngest->sk != (__u64)sk)
		found->last[1] = *youngest;
	youngest->inode = socket_inode(sk);
	youngest->reset_sk = reset_sk;
	youngest->reset_time_ns = now;
	youngest->sk = (__u64)sk;
}

#endif
