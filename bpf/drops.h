/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Incoming RSTs that never reach tcp_reset: the kernel drops the packet, and
 * kfree_skb is where that shows. Some were obeyed all the same (a request
 * socket or a TIME_WAIT mini-socket is gone), the others were ignored.
 *
 * Every drop of the machine passes here, so the first instruction compares the
 * reason, and all but TCP packets with the RST bit leave soon after.
 */
#ifndef RSTTRACE_DROPS_H
#define RSTTRACE_DROPS_H

#include "rst_target.h"
#include "embryonic.h"
#include "gather.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD

/* What a packet's drop tells, before anything is read. */
struct drop {
	struct sk_buff *skb;
	struct sock *sk; /* that the kernel names, or that was noted; NULL without */
	__u64 location;
	__u32 reason;
};

static __always_inline bool has_reason_in(const volatile __u64 *set, __u32 reason)
{
	return reason < DROP_REASONS && set[reason / 64] >> (reason % 64) & 1;
}

/* The socket that was noted for this packet, or NULL. */
static __always_inline struct sock *noted_target(const struct drop *drop)
{
	if (drop_has_reason && has_reason_in(drop_early_reasons, drop->reason))
		return NULL;
	return take_rst_target(drop->skb);
}

static __always_inline bool is_tcp_reset(struct sk_buff *skb)
{
	__u16 protocol = bpf_ntohs(BPF_CORE_READ(skb, protocol));

	return (protocol == ETH_P_IP || protocol == ETH_P_IPV6) && tcp_flags(skb) & TCP_RST;
}

static __always_inline void collect_sequence(struct reset_ctx *reset)
{
	__s32 offset = reset->packet.segment.seq - reset->expected.rcv_nxt;

	if (offset == 0)
		reset->evidence.facts |= FACT_SEQ_EXACT;
	else if (offset < 0)
		reset->evidence.facts |= FACT_SEQ_OLD;
	else if (offset <= reset->expected.window)
		reset->evidence.facts |= FACT_SEQ_IN_WINDOW;
}

/* A mini-socket that is in no hash table any more was removed by this packet. */
static __always_inline bool is_removed(struct sock *sk)
{
	return !BPF_CORE_READ(sk, __sk_common.skc_node.pprev);
}

/*
 * A drop in tcp_v4_rcv that names the listener is about a request socket. Which
 * one is known only where tcp_check_req was hooked.
 */
static __always_inline bool is_about_request(const struct reset_ctx *reset, const struct drop *drop)
{
	__u8 function = function_at(drop->location);

	if (reset->evidence.state != TCP_LISTEN)
		return false;
	return function == CALLER_RCV || (!function && drop->reason == drop_not_specified);
}

/*
 * The request itself is not at hand, and the listener's state stands for it.
 * A reason that is named decides alone; else the kernel's counter does. A kept
 * request shows where the RST lay on kernels that do only one of two things:
 * name all other reasons (6.18), or end the request for any RST in the window.
 * False where nobody can tell what became of the request.
 */
static __always_inline bool collect_request_of_listener(struct reset_ctx *reset,
							const struct drop *drop,
							enum embryonic_change change)
{
	reset->evidence.socket = SOCKET_REQUEST;
	reset->evidence.facts &= FACT_SEES_PACKET | FACT_PAYLOAD | FACT_WINDOW;
	reset->expected.rcv_nxt = 0;
	reset->expected.window = 0;
	if (drop->reason != drop_not_specified)
		return true;
	if (change == EMBRYONIC_GREW)
		reset->evidence.hook = HOOK_RECEIVE;
	else if (drop_tells_request)
		reset->evidence.facts |= FACT_SEQ_IN_WINDOW;
	else if (change == EMBRYONIC_SAME && !challenges_requests)
		reset->evidence.facts |= FACT_SEQ_OUTSIDE;
	return change != EMBRYONIC_UNKNOWN;
}

/*
 * No socket is named, so the location of the drop and the reason must do. RSTs
 * for a connection end in tcp_validate_incoming. The other locations drop only
 * those that meet a listener or an attempt to connect: without ACK in
 * tcp_rcv_state_process, with ACK in tcp_v4_do_rcv, where kernels before 6.9
 * give no reason. The notes of listeners say which of the two it was.
 */
static __always_inline bool collect_location(struct reset_ctx *reset, const struct drop *drop)
{
	bool has_reason = drop_has_reason && drop->reason != drop_not_specified;
	__u8 function = function_at(drop->location);

	if (drop_old_sequence && drop->reason == drop_invalid_sequence)
		reset->evidence.facts |= FACT_SEQ_OUTSIDE;
	if (function == CALLER_VALIDATE_INCOMING)
		reset->evidence.caller = function;
	if (!listeners_noted || (function != CALLER_RCV_STATE_PROCESS && function != CALLER_DO_RCV))
		return has_reason;
	reset->evidence.caller = function;
	if (listens(reset))
		reset->evidence.facts |= FACT_LISTENER;
	return has_reason || (function == CALLER_DO_RCV && reset->packet.segment.flags & TCP_ACK);
}

/*
 * tcp_v4_do_rcv drops what it handed to tcp_v4_send_reset. If the addresses of
 * functions are hidden: of the sockets that are connecting, all RSTs with ACK.
 */
static __always_inline bool is_reply_dropped(const struct reset_ctx *reset, const struct drop *drop)
{
	if (callers[0].start)
		return function_at(drop->location) == CALLER_DO_RCV;
	return reset->evidence.state == TCP_SYN_SENT && reset->packet.segment.flags & TCP_ACK;
}

/* What the RST did, or why it did nothing; false where that is told elsewhere. */
static __always_inline bool collect_drop(struct reset_ctx *reset, const struct drop *drop,
					 enum embryonic_change change)
{
	if (replies_see_resets && is_reply_dropped(reset, drop))
		return false;
	switch (reset->evidence.state) {
	case 0:
		return collect_location(reset, drop);
	case TCP_CLOSE: /* obeyed: tcp_reset has reported it */
		return false;
	case TCP_TIME_WAIT:
	case TCP_NEW_SYN_RECV:
		collect_sequence(reset);
		if (is_removed(reset->sk))
			reset->evidence.hook = HOOK_RECEIVE;
		return true;
	case TCP_LISTEN:
		if (is_about_request(reset, drop))
			return collect_request_of_listener(reset, drop, change);
		return true;
	default:
		collect_sequence(reset);
		return true;
	}
}

static __always_inline int dropped(void *ctx, struct drop *drop)
{
	enum embryonic_change change = EMBRYONIC_UNKNOWN;
	struct sk_buff *skb = drop->skb;
	struct reset_ctx reset;
	struct tcp_sock *tcp;
	struct sock *sk = drop->sk;

	if (sk && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		change = opaque(embryonic_change(sk, 0));
	if (!is_tcp_reset(skb))
		return 0;
	struct sock *target = noted_target(drop);
	if (target)
		sk = target;
	reset_init(&reset, HOOK_IGNORE, (__u64)sk);
	if (!collect_evidence(&reset, sk, skb, &tcp) || reset.packet.protocol != IPPROTO_TCP)
		return 0;
	if (!reset.tuple.netns)
		collect_netns(&reset, packet_net(skb));
	if (!collect_drop(&reset, drop, change))
		return 0;
	if (reset.evidence.hook == HOOK_IGNORE && !watch_ignored)
		return 0;
	if (drop_has_reason) {
		reset.evidence.reason = drop->reason + 1;
		reset.evidence.dropped = 1;
	}
	if (reset.evidence.socket == SOCKET_REQUEST)
		tcp = NULL;
	report(ctx, &reset, skb, tcp);
	return 0;
}

#endif
