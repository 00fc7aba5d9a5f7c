/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is seen at a hook: facts, addresses and numbers of the packet and of the
 * socket, whatever kind of socket it is.
 */
#ifndef RSTTRACE_SIGHTING_H
#define RSTTRACE_SIGHTING_H

#include "priors.h"
#include "packet.h"
#include "record.h"
#include "socket.h"

/* What is known of a reset while it is gathered. */
struct sighting {
	struct verdict verdict;
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
static __always_inline void see_packet(struct sighting *seen)
{
	const struct segment *segment = &seen->packet.segment;
	struct verdict *verdict = &seen->verdict;

	verdict->family = seen->packet.family;
	verdict->packet = segment->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);
	if (segment->len)
		verdict->facts |= FACT_PAYLOAD;
	if (segment->window)
		verdict->facts |= FACT_WINDOW;
	verdict->facts = opaque(verdict->facts | FACT_SEES_PACKET);
}

/* Data past rcv_nxt: what makes the kernel refuse a packet after close. */
static __always_inline bool is_new_data(const struct segment *segment, __u32 rcv_nxt)
{
	__u32 end = segment->seq + segment->len + !!(segment->flags & TCP_SYN);

	return segment->len && is_after(end, rcv_nxt);
}

static __always_inline void see_full_socket(struct sighting *seen, struct tcp_sock *tcp)
{
	const struct segment *segment = &seen->packet.segment;
	struct verdict *verdict = &seen->verdict;

	verdict->socket = SOCKET_FULL;
	seen->expected.rcv_nxt = READ(tcp, rcv_nxt);
	seen->expected.window = receive_window(tcp);
	verdict->facts = opaque(verdict->facts | full_socket_facts(tcp, verdict->state));
	if (verdict->state == TCP_CLOSE)
		verdict->prior = prior_state((__u64)seen->sk);
	if (!(verdict->facts & FACT_SEES_PACKET)) {
		verdict->family = read_socket_tuple(tcp, &seen->tuple);
		return;
	}
	if (verdict->state == TCP_LISTEN) {
		/* A listener expects nothing: what stands there is left from before. */
		seen->expected.rcv_nxt = 0;
		seen->expected.window = 0;
		return;
	}
	if (is_new_data(segment, seen->expected.rcv_nxt))
		verdict->facts |= FACT_NEW_DATA;
	if (verdict->state == TCP_SYN_SENT && is_after(segment->ack, READ(tcp, snd_una)) &&
	    !is_after(segment->ack, READ(tcp, snd_nxt)))
		verdict->facts |= FACT_ACK_IN_RANGE;
}

static __always_inline void see_time_wait(struct sighting *seen)
{
	struct sock *sk = seen->sk;
	struct inet_timewait_sock *tw = (struct inet_timewait_sock *)sk;
	struct tcp_timewait_sock *tcp_tw = (struct tcp_timewait_sock *)sk;

	seen->verdict.socket = SOCKET_TIME_WAIT;
	seen->verdict.prior = BPF_CORE_READ(tw, tw_substate);
	seen->expected.rcv_nxt = BPF_CORE_READ(tw, __tw_common.skc_tw_rcv_nxt);
	seen->expected.window = BPF_CORE_READ(tcp_tw, tw_rcv_wnd);
	if (is_new_data(&seen->packet.segment, seen->expected.rcv_nxt))
		seen->verdict.facts |= FACT_NEW_DATA;
}

static __always_inline void see_request(struct sighting *seen)
{
	struct sock *sk = seen->sk;
	struct tcp_request_sock *request = (struct tcp_request_sock *)sk;

	seen->verdict.socket = SOCKET_REQUEST;
	seen->expected.rcv_nxt = BPF_CORE_READ(request, rcv_nxt);
	seen->expected.window = BPF_CORE_READ(sk, __sk_common.skc_rcv_wnd);
}

static __always_inline void see_netns(struct sighting *seen, struct net *net)
{
	seen->tuple.netns = READ(net, ns.inum);
	if (bpf_core_field_exists(net->hash_mix))
		seen->netns_mix = READ(net, hash_mix);
}

/* Begins a sighting. address is that of the socket, 0 without. */
static __always_inline void open_eyes(struct sighting *seen, __u8 hook, __u64 address)
{
	__builtin_memset(seen, 0, sizeof(*seen));
	seen->verdict.hook = hook;
	seen->sk = (struct sock *)address;
}

/* Everything but caller and reason; false where there is nothing to report. */
static __noinline bool look(struct sighting *seen, struct sock *typed, struct sk_buff *skb,
			    struct tcp_sock **tcp)
{
	if (!seen || !tcp)
		return false;
	struct sock *sk = seen->sk;

	if (skb) {
		read_packet(skb, &seen->packet, &seen->tuple);
		if (seen->packet.family)
			see_packet(seen);
	}
	*tcp = full_socket(typed, (__u64)sk);
	if (*tcp) {
		seen->verdict.state = READ_COMMON(*tcp, skc_state);
		see_netns(seen, READ_COMMON(*tcp, skc_net.net));
		see_full_socket(seen, *tcp);
		return true;
	}
	if (sk) {
		seen->verdict.state = BPF_CORE_READ(sk, __sk_common.skc_state);
		seen->tuple.netns = socket_netns(sk);
		seen->netns_mix = socket_netns_mix(sk);
	} else if (skb) {
		struct net_device *dev = READ(skb, dev);

		see_netns(seen, READ(dev, nd_net.net));
	}
	switch (seen->verdict.state) {
	case 0:
		seen->verdict.socket = SOCKET_NONE;
		return seen->packet.family;
	case TCP_TIME_WAIT:
		see_time_wait(seen);
		return seen->packet.family;
	case TCP_NEW_SYN_RECV:
		see_request(seen);
		return seen->packet.family;
	}
	return false;
}

#endif
