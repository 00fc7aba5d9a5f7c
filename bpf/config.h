/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the loader tells the programs about the running kernel before they are
 * verified. The verifier prunes branches on these constants, so code for other
 * kernels may stand here that this one would refuse.
 */
#ifndef RSTTRACE_CONFIG_H
#define RSTTRACE_CONFIG_H

#include "record.h"

/* tcp_reset(sk, skb) rather than tcp_reset(sk): 5.11 and later. */
const volatile bool reset_has_packet = false;

/* Position, from 0, of the reason argument; 0 where the kernel has none. */
const volatile __u32 active_reason_arg = 0;
const volatile __u32 reply_reason_arg = 0;

/* Which hooks the tcp_send_reset tracepoint serves: the others are attached otherwise. */
const volatile bool tracepoint_serves_active = false;
const volatile bool tracepoint_serves_reply4 = false;
const volatile bool tracepoint_serves_reply6 = false;

/* Address ranges of the functions in enum caller; empty without kallsyms. */
#define CALLERS 16
struct function_range {
	__u64 start;
	__u64 end;
	__u64 caller;
};
const volatile struct function_range callers[CALLERS] = {};

#endif
