/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a hook knows of a reset: facts, addresses and numbers of the packet and of the
 * socket, whatever kind of socket it is.
 */
#ifndef RSTTRACE_RESET_CTX_H
#define RSTTRACE_RESET_CTX_H

#include "prev_state.h"
#include "packet.h"
#include "record.h"
#include "socket.h"

/* What is known of a reset while it is gathered. */
struct reset_ctx {
	struct evidence evidence;
	struct tuple tuple;
	struct packet packet;
	struct expectation expected;
	__u32 netns_mix;
	struct sock *sk; /* untyped */
};

static __always_inline bool is_closing(__u8 state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSE_WAIT ||
	       state == TCP_CLOSING || state == TCP_LAST_ACK;
}

static __always_inline bool is_after(__u32 seq, __u32 than)
{
	return (__s32)(seq - than) > 0;
}

/* Facts about the packet that need no socket. */
static __always_inline void collect_packet(struct reset_ctx *reset)
{
	const struct segment *segment = &reset->packet.segment;
	struct evidence *evidence = &reset->evidence;

	evidence->family = reset->packet.family;
	evidence->packet = segment->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);
	if (segment->len)
		evidence->facts |= FACT_PAYLOAD;
	if (segment->window)
		evidence->facts |= FACT_WINDOW;
	evidence->facts = opaque(evidence->facts | FACT_SEES_PACKET);
}

/* Data past rcv_nxt: what makes the kernel refuse a packet after close. */
static __always_inline bool is_new_data(const struct segment *segment, __u32 rcv_nxt)
{
	__u32 end = segment->seq + segment->len + !!(segment->flags & TCP_SYN);

	return segment->len && is_after(end, rcv_nxt);
}

static __always_inline void collect_full_socket(struct reset_ctx *reset, struct tcp_sock *tcp)
{
	const struct segment *segment = &reset->packet.segment;
	struct evidence *evidence = &reset->evidence;

	evidence->socket = SOCKET_FULL;
	reset->expected.rcv_nxt = READ(tcp, rcv_nxt);
	reset->expected.window = receive_window(tcp);
	evidence->facts = opaque(evidence->facts | full_socket_facts(tcp, evidence->state));
	if (evidence->state == TCP_CLOSE)
		evidence->prior = find_prev_state((__u64)reset->sk);
	if (!(evidence->facts & FACT_SEES_PACKET)) {
		evidence->family = read_socket_tuple(tcp, &reset->tuple);
		return;
	}
	if (evidence->state == TCP_LISTEN) {
		/* A listener expects nothing: the values are left from before. */
		reset->expected.rcv_nxt = 0;
		reset->expected.window = 0;
		return;
	}
	if (is_new_data(segment, reset->expected.rcv_nxt))
		evidence->facts |= FACT_NEW_DATA;
	if (evidence->state == TCP_SYN_SENT && is_after(segment->ack, READ(tcp, snd_una)) &&
	    !is_after(segment->ack, READ(tcp, snd_nxt)))
		evidence->facts |= FACT_ACK_IN_RANGE;
}

static __always_inline void collect_time_wait(struct reset_ctx *reset)
{
	struct sock *sk = reset->sk;
	struct inet_timewait_sock *tw = (struct inet_timewait_sock *)sk;
	struct tcp_timewait_sock *tcp_tw = (struct tcp_timewait_sock *)sk;

	reset->evidence.socket = SOCKET_TIME_WAIT;
	reset->evidence.prior = BPF_CORE_READ(tw, tw_substate);
	reset->expected.rcv_nxt = BPF_CORE_READ(tw, __tw_common.skc_tw_rcv_nxt);
	reset->expected.window = BPF_CORE_READ(tcp_tw, tw_rcv_wnd);
	if (is_new_data(&reset->packet.segment, reset->expected.rcv_nxt))
		reset->evidence.facts |= FACT_NEW_DATA;
}

static __always_inline void collect_request(struct reset_ctx *reset)
{
	struct sock *sk = reset->sk;
	struct tcp_request_sock *request = (struct tcp_request_sock *)sk;

	reset->evidence.socket = SOCKET_REQUEST;
	reset->expected.rcv_nxt = BPF_CORE_READ(request, rcv_nxt);
	reset->expected.window = BPF_CORE_READ(sk, __sk_common.skc_rcv_wnd);
}

static __always_inline void collect_netns(struct reset_ctx *reset, struct net *net)
{
	reset->tuple.netns = READ(net, ns.inum);
	if (bpf_core_field_exists(net->hash_mix))
		reset->netns_mix = READ(net, hash_mix);
}

/* address is that of the socket, 0 without. */
static __always_inline void reset_init(struct reset_ctx *reset, __u8 hook, __u64 address)
{
	__builtin_memset(reset, 0, sizeof(*reset));
	reset->evidence.hook = hook;
	reset->sk = (struct sock *)address;
}

/* Everything but caller and reason; false where there is nothing to report. */
static __noinline bool collect_evidence(struct reset_ctx *reset, struct sock *typed,
					struct sk_buff *skb, struct tcp_sock **tcp)
{
	if (!reset || !tcp)
		return false;
	struct sock *sk = reset->sk;

	if (skb) {
		read_packet(skb, &reset->packet, &reset->tuple);
		if (reset->packet.family)
			collect_packet(reset);
	}
	*tcp = full_socket(typed, (__u64)sk);
	if (*tcp) {
		reset->evidence.state = READ_COMMON(*tcp, skc_state);
		collect_netns(reset, READ_COMMON(*tcp, skc_net.net));
		collect_full_socket(reset, *tcp);
		return true;
	}
	if (sk) {
		reset->evidence.state = BPF_CORE_READ(sk, __sk_common.skc_state);
		reset->tuple.netns = socket_netns(sk);
		reset->netns_mix = socket_netns_mix(sk);
	} else if (skb) {
		struct net_device *dev = READ(skb, dev);

		collect_netns(reset, READ(dev, nd_net.net));
	}
	switch (reset->evidence.state) {
	case 0:
		reset->evidence.socket = SOCKET_NONE;
		return reset->packet.family;
	case TCP_TIME_WAIT:
		collect_time_wait(reset);
		return reset->packet.family;
	case TCP_NEW_SYN_RECV:
		collect_request(reset);
		return reset->packet.family;
	}
	return false;
}

#endif
