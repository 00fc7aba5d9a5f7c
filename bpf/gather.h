/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The three kinds of reset hooks, from their arguments on: the one path that all
 * attach methods share. It gathers facts; Go decides what they mean.
 */
#ifndef RSTTRACE_GATHER_H
#define RSTTRACE_GATHER_H

#include "caller.h"
#include "closers.h"
#include "embryonic.h"
#include "report.h"

/*
 * Only where the fields cannot tell close, disconnect and a dying listener
 * apart, or a subflow that was destroyed from one that MPTCP gave up.
 */
static __always_inline bool active_needs_caller(const struct evidence *evidence)
{
	const __u32 both = FACT_SHUT_RCV | FACT_SHUT_SEND;
	__u32 facts = evidence->facts;

	if (facts & FACT_MPTCP)
		return is_abort(evidence) && evidence->reason == reason_not_specified &&
		       !(facts & FACT_FAST_CLOSE);
	if (evidence->state != TCP_CLOSE || facts & FACT_DEAD)
		return false;
	if (!(facts & FACT_OWNED))
		return true;
	if ((facts & both) != both)
		return false;
	if (!(facts & FACT_LINGER_ZERO))
		return !(facts & FACT_UNREAD);
	return !evidence->prior ||
	       (evidence->prior != TCP_CLOSE_WAIT && is_closing(evidence->prior));
}

static __always_inline int send_active(void *ctx, struct sock *sk, __u64 address, __u8 reason)
{
	struct reset_ctx reset;
	struct tcp_sock *tcp;

	reset_init(&reset, HOOK_SEND_ACTIVE, address);
	reset.evidence.reason = reason;
	if (!collect_evidence(&reset, sk, NULL, &tcp))
		return 0;
	if (active_needs_caller(&reset.evidence))
		reset.evidence.caller = find_caller(ctx);
	report(ctx, &reset, NULL, tcp);
	return 0;
}

/*
 * A segment of a connection that this host closed a while ago: its socket is
 * gone, and it comes to nobody, or to the listener that stands in its place.
 */
static __always_inline bool is_remembered(const struct reset_ctx *reset)
{
	const struct evidence *evidence = &reset->evidence;
	struct note note;

	if (!flow_memory || evidence->packet & (TCP_SYN | TCP_RST) ||
	    (evidence->socket != SOCKET_NONE && evidence->state != TCP_LISTEN))
		return false;
	if (!find_closer(mix_tuple(&reset->tuple, reset->netns_mix), &note))
		return false;
	return note_from(&note) != TCP_SYN_SENT; /* that was no connection yet */
}

/*
 * An ACK that draws a reset at a full listener: was it to complete a handshake?
 * Kernels that give no reason leave that to the caller.
 */
static __always_inline bool reply_needs_caller(const struct evidence *evidence)
{
	return evidence->state == TCP_LISTEN && !evidence->reason &&
	       evidence->facts & FACT_QUEUE_FULL && evidence->packet & TCP_ACK;
}

/*
 * Entry of tcp_v4_send_reset or tcp_v6_send_reset, which return without a RST
 * where the packet is for another host, or carries a signature that no socket
 * can check. A packet that is itself a RST is reported as what it is.
 */
static __always_inline bool is_silent(struct reset_ctx *reset, struct sk_buff *skb, __u32 options)
{
	if (reset->packet.segment.flags & TCP_RST)
		return false;
	if (reset->evidence.socket == SOCKET_NONE && !for_this_host(skb, reset->packet.family))
		return true;
	return reset->evidence.socket != SOCKET_FULL && options & OPTION_SIGNATURE;
}

static __always_inline bool is_invalid_syn(const struct evidence *evidence)
{
	return evidence->reason && evidence->reason == reason_invalid_syn;
}

static __always_inline int send_reply(void *ctx, struct sock *sk, __u64 address,
				      struct sk_buff *skb, __u8 reason, bool at_entry)
{
	struct reset_ctx reset;
	struct tcp_sock *tcp;
	__u32 options = 0;

	reset_init(&reset, HOOK_SEND_REPLY, address);
	reset.evidence.reason = reason;
	if (!collect_evidence(&reset, sk, skb, &tcp) || !reset.packet.family)
		return 0;
	/*
	 * A signature decides at function entry whether anything is sent; MP_JOIN
	 * matters at a listener. Elsewhere the options are checked already.
	 */
	if (reset.evidence.state == TCP_LISTEN || (at_entry && !tcp))
		options = read_options(skb, &reset.packet);
	if (at_entry && is_silent(&reset, skb, options))
		return 0;
	if (reset.evidence.packet & TCP_RST && !watch_ignored)
		return 0;
	if (reset.evidence.state == TCP_LISTEN)
		embryonic_change(reset.sk, is_invalid_syn(&reset.evidence));
	if (is_remembered(&reset))
		reset.evidence.facts |= FACT_REMEMBERED;
	if (reply_needs_caller(&reset.evidence))
		reset.evidence.caller = find_caller(ctx);
	if (options & OPTION_MP_JOIN)
		reset.evidence.facts |= FACT_MP_JOIN;
	report(ctx, &reset, skb, tcp);
	return 0;
}

/*
 * tcp_reset also runs for data after close, with no RST in sight. Where the
 * packet is not passed the caller tells, and only the states in which that can
 * happen ask for it.
 */
static __always_inline bool is_reset_received(void *ctx, struct evidence *evidence)
{
	if (evidence->state == TCP_CLOSE)
		return false;
	if (evidence->facts & FACT_SEES_PACKET)
		return evidence->packet & TCP_RST;
	if (is_closing(evidence->state) && evidence->facts & FACT_SHUT_RCV)
		evidence->caller = find_caller(ctx);
	return evidence->caller != CALLER_RCV_STATE_PROCESS;
}

static __always_inline int receive(void *ctx, struct sock *sk, __u64 address, struct sk_buff *skb)
{
	struct reset_ctx reset;
	struct tcp_sock *tcp;

	reset_init(&reset, HOOK_RECEIVE, address);
	if (!collect_evidence(&reset, sk, skb, &tcp))
		return 0;
	if (!is_reset_received(ctx, &reset.evidence))
		return 0;
	report(ctx, &reset, skb, tcp);
	return 0;
}

#endif
