/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the loader tells the programs about the running kernel before they are
 * verified. The verifier prunes branches on these constants, so code for other
 * kernels may stand here that this one would refuse.
 */
#ifndef RSTTRACE_CONFIG_H
#define RSTTRACE_CONFIG_H

#include "record.h"

/* Report incoming RSTs that were not obeyed. */
const volatile bool watch_ignored = false;

/*
 * Do the reply hooks see incoming RSTs too? They do at function entry; then the
 * drop of such a RST is not reported a second time.
 */
const volatile bool replies_see_resets = false;

/* INVALID_SYN as evidence has it; 0: this kernel has no such reason. */
const volatile __u32 reason_invalid_syn = 0;

/* NOT_SPECIFIED as evidence has it; 0 too if the kernel gives no reasons. */
const volatile __u32 reason_not_specified = 0;

/* Which hooks the tcp_send_reset tracepoint serves: the others are attached otherwise. */
const volatile bool tracepoint_serves_active = false;
const volatile bool tracepoint_serves_reply4 = false;
const volatile bool tracepoint_serves_reply6 = false;

/* kfree_skb(skb, location, reason, rx_sk): the arguments it has. */
const volatile bool drop_has_reason = false; /* 5.17 and later */
const volatile bool drop_has_socket = false; /* 6.11 and later */

/* The drop reasons that are looked at, a bit each; all, where there are none. */
#define DROP_REASONS 256
const volatile __u64 drop_reasons[DROP_REASONS / 64] = {};
/* Of these, the reasons that come before any hook notes a socket: no note is about them. */
const volatile __u64 drop_early_reasons[DROP_REASONS / 64] = {};
const volatile __u32 drop_not_specified = 0;

/* Request sockets have reasons of their own for a wrong sequence number: 6.18. */
const volatile bool drop_tells_request = false;

/* RSTs before the window have a reason of their own (6.6), by number; 0: they have none. */
const volatile __u32 drop_old_sequence = 0;
const volatile __u32 drop_invalid_sequence = 0;

/* A RST inside the window of a handshake is challenged. Other kernels end the handshake. */
const volatile bool challenges_requests = false;

/* All listeners are noted: see listeners.h. */
const volatile bool listeners_noted = false;

/* Number of possible CPUs. */
const volatile __u32 cpus = 0;

/*
 * Note who opened and closed connections. Without it, closed-earlier looks like
 * half-open, and owners after a close and ages are not known.
 */
const volatile bool flow_memory = true;

/* Tell of the error that the kernel reports on a socket after its reset. */
const volatile bool follow_errors = false;

/* Count owners, peers and ports; sets of a table on a CPU, a power of two. */
const volatile bool take_tops = false;
const volatile __u32 top_sets = 1;
const volatile __u64 top_seed = 0;

/* Count by network namespace, too: see namespaces.h. */
const volatile bool count_netns = false;

/* Send details to user space at all; the counters need none. */
const volatile bool details = true;

/* Length of a jiffy. */
const volatile __u32 jiffy_ns = 0;

/* Details of one kind on one CPU in a window of 2^window_shift jiffies; 0: no limit. */
const volatile __u32 window_budget = 0;
const volatile __u32 window_shift = 0;

/*
 * System calls, by number, in which a thread looks at files of other processes, and those in
 * which it does only if what it reads is such a list: see walker.h.
 */
#define SYSTEM_CALLS 512
const volatile __u64 walking_calls[SYSTEM_CALLS / 64] = {};
const volatile __u64 reading_calls[SYSTEM_CALLS / 64] = {};
const volatile __u32 sendfile_call = 0; /* it reads its second argument, not its first */

/* Send the packet of every detail, too: see frames.h. */
const volatile bool take_packets = false;

/* Note all RSTs that arrive, for a hook that does not get them: see rst_packets.h. */
const volatile bool see_packets = false;

/* Take the kernel stack of every detail. */
const volatile bool take_stacks = false;

/* What details to send: see filter.h. Each list applies if it is not empty. */
const volatile __u32 filter_hooks = 0; /* a bit for each enum hook */
const volatile bool filter_netns = false; /* only of the namespaces in wanted_netns */
const volatile bool filter_pids = false; /* only of the processes in wanted_pids */
const volatile bool filter_comms = false; /* only of those whose name is in wanted_comms */
const volatile bool filter_cgroups = false; /* none of the control groups in hidden_cgroups */

#define FILTER_PORTS 16
struct port_range {
	__u16 first;
	__u16 last;
};
const volatile __u32 filter_port_count = 0;
const volatile struct port_range filter_ports[FILTER_PORTS] = {};

#define FILTER_PREFIXES 16
struct prefix {
	__u32 address[4]; /* network order, masked; IPv4 in the first word */
	__u32 mask[4];
	__u32 family;
};
const volatile __u32 filter_prefix_count = 0;
const volatile struct prefix filter_prefixes[FILTER_PREFIXES] = {};

/* Address ranges of the functions in enum caller; empty without kallsyms. */
#define CALLERS 24
struct function_range {
	__u64 start;
	__u64 end;
	__u64 caller;
};
const volatile struct function_range callers[CALLERS] = {};

#endif
