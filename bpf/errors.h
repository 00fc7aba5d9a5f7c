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

#define ERRORS 4096
#define ERROR_BITS 12

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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ERRORS);
	__type(key, __u32);
	__type(value, struct error_note);
} errors SEC(".maps");

static __always_inline struct error_note *error_slot(__u64 sk)
{
	__u32 at = hash_address(sk, ERROR_BITS);

	return bpf_map_lookup_elem(&errors, &at);
}

/* Can an error come after this, and is anybody left whom it could reach? */
static __always_inline bool leaves_error(const struct verdict *verdict)
{
	return follow_errors &&
	       (verdict->hook == HOOK_RECEIVE || verdict->hook == HOOK_SEND_ACTIVE) &&
	       verdict->socket == SOCKET_FULL && !(verdict->facts & FACT_DEAD);
}

static __always_inline void await_error(struct sock *sk, struct tcp_sock *tcp, __u64 now)
{
	__u64 reset_sk = (__u64)sk;

	if (is_mptcp(tcp)) {
		sk = application_socket(tcp);
		if (!sk)
			return;
	}
	struct error_note *slot = error_slot((__u64)sk);
	if (!slot)
		return;
	slot->inode = socket_inode(sk);
	slot->reset_sk = reset_sk;
	slot->reset_time_ns = now;
	slot->sk = (__u64)sk;
}

#endif
