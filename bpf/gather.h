/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a hook's arguments to a counted verdict and a record: the one path that
 * all attach methods share. It gathers facts; Go decides what they mean.
 */
#ifndef RSTTRACE_GATHER_H
#define RSTTRACE_GATHER_H

#include "caller.h"
#include "counters.h"
#include "embryonic.h"
#include "filter.h"
#include "listeners.h"
#include "notes.h"
#include "packet.h"
#include "process.h"
#include "record.h"
#include "ring.h"
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

	/* It came from the peer, so its target is the local end. */
	__builtin_memcpy(seen->tuple.local, seen->packet.target, 16);
	__builtin_memcpy(seen->tuple.peer, seen->packet.source, 16);
	seen->tuple.local_port = seen->packet.target_port;
	seen->tuple.peer_port = seen->packet.source_port;
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

/* Everything but caller and reason; false where there is nothing to report. */
static __noinline bool look(struct sighting *seen, __u8 hook, struct sock *typed,
			    struct sk_buff *skb, struct tcp_sock **tcp)
{
	struct sock *sk = UNTYPED(typed);

	if (!seen || !tcp)
		return false;
	__builtin_memset(seen, 0, sizeof(*seen));
	seen->sk = sk;
	seen->verdict.hook = hook;
	/* A NULL socket reads as state 0, on every kernel: see access.h. */
	seen->verdict.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (skb) {
		read_packet(skb, &seen->packet);
		if (seen->packet.family)
			see_packet(seen);
	}
	if (seen->verdict.state) {
		seen->tuple.netns = socket_netns(sk);
		seen->netns_mix = socket_netns_mix(sk);
	} else if (skb) {
		struct net_device *dev = BPF_CORE_READ(skb, dev);
		struct net *net = BPF_CORE_READ(dev, nd_net.net);

		seen->tuple.netns = BPF_CORE_READ(net, ns.inum);
		seen->netns_mix = netns_mix(net);
	}

	*tcp = NULL;
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
	if (!typed)
		return false;
	*tcp = full_socket(typed, seen->verdict.state);
	if (!*tcp)
		return false;
	see_full_socket(seen, *tcp);
	return true;
}

/*
 * Is this a system call on the socket? Either one holds it, or its listener is
 * being ended and nobody had accepted the connection.
 */
static __always_inline bool in_process(const struct verdict *verdict)
{
	return verdict->facts & FACT_OWNED || verdict->caller == CALLER_LISTEN_STOP ||
	       verdict->caller == CALLER_LISTEN_ABORT;
}

/* tcp_abort leaves the state for later; close and disconnect change it first. */
static __always_inline bool is_abort(const struct verdict *verdict)
{
	return verdict->hook == HOOK_SEND_ACTIVE && verdict->state != TCP_CLOSE &&
	       verdict->facts & FACT_OWNED;
}

/* Can the owner still be found through the socket? */
static __always_inline bool holder_wanted(const struct verdict *verdict)
{
	return verdict->facts & FACT_HAS_SOCKET && !(verdict->facts & FACT_REMEMBERED) &&
	       (!in_process(verdict) || is_abort(verdict));
}

static __always_inline bool is_refused_syn(const struct verdict *verdict)
{
	return verdict->socket == SOCKET_NONE && (verdict->packet & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/*
 * A handshake, or a finished connection in an accept queue: no descriptor yet,
 * and not closed either.
 */
static __always_inline bool is_unaccepted(const struct verdict *verdict)
{
	if (verdict->socket == SOCKET_REQUEST)
		return true;
	return verdict->socket == SOCKET_FULL && verdict->state != TCP_LISTEN &&
	       !(verdict->facts & (FACT_HAS_SOCKET | FACT_DEAD | FACT_MPTCP));
}

/* Is it told by whoever closed it? Then nobody holds it any more. */
static __always_inline bool is_closed_by_process(const struct verdict *verdict)
{
	if (verdict->facts & FACT_REMEMBERED)
		return true;
	return verdict->socket != SOCKET_NONE && !(verdict->facts & FACT_HAS_SOCKET);
}

/*
 * Who listens, or listened, for packets to the local end of a tuple: bound to
 * the address, to all, or to all of IPv6 with IPv4 included.
 */
static __always_inline struct listener_note *find_listener(const struct sighting *seen)
{
	struct tuple key = key_of(&seen->tuple, seen->netns_mix);
	__u8 family = seen->verdict.family;
	struct listener_note *note;

	__builtin_memset(key.peer, 0, sizeof(key.peer));
	key.peer_port = family;
	note = listener_at(&key);
	if (note)
		return note;
	__builtin_memset(key.local, 0, sizeof(key.local));
	note = listener_at(&key);
	if (note)
		return note;
	key.peer_port = AF_INET6;
	return family == AF_INET ? listener_at(&key) : NULL;
}

/* The listener that a connection waits at, or that a SYN was meant for. */
static __noinline int see_listener(struct sighting *seen, struct reset_record *record)
{
	if (!seen || !record)
		return 0;
	struct listener_note *note = find_listener(seen);
	if (!note)
		return 0;

	__u64 check = note->check, sk = note->sk;
	bool shared = note->shared;
	if (is_refused_syn(&seen->verdict)) {
		record->closer = note->process;
		record->closing = note->closing;
		if (!STILL_WHOLE(note, check)) {
			__builtin_memset(&record->closer, 0, sizeof(record->closer));
			__builtin_memset(&record->closing, 0, sizeof(record->closing));
		}
	} else if (!shared && STILL_WHOLE(note, check)) {
		record->listener = sk;
		record->listener_inode = socket_inode((struct sock *)sk);
		await_holder(sk, record->listener_inode);
	}
	return 0;
}

/* Counts what was seen, and sends the details if they are wanted. */
static __noinline int report(void *ctx, struct sighting *seen, struct sk_buff *skb,
			     struct tcp_sock *tcp)
{
	if (!seen)
		return 0;
	struct sock *sk = seen->sk;
	__u32 column = count_verdict(&seen->verdict);
	__u64 now = bpf_ktime_get_ns();

	if (!details || !is_wanted(&seen->verdict, &seen->tuple) || is_muted(column) ||
	    !within_budget(column, now))
		return 0;
	if (holder_wanted(&seen->verdict))
		await_holder((__u64)seen->sk, socket_inode(sk));

	struct reset_record *record = RESERVE(struct reset_record, COLUMN_LOST);
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	record->kind = RECORD_RESET;
	record->verdict = seen->verdict;
	record->time_ns = now;
	record->stack = take_stacks ? bpf_get_stackid(ctx, &stacks, 0) : -1;
	record->tuple = seen->tuple;
	record->packet = seen->packet.segment;
	record->expected = seen->expected;
	if (seen->verdict.state) {
		record->sk = (__u64)seen->sk;
		record->cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	}
	if (tcp) {
		record->inode = socket_inode(sk);
		record->cgroup = socket_cgroup(sk);
		read_numbers(tcp, &record->numbers);
	}
	if (in_process(&seen->verdict))
		read_current(&record->current);
	if (is_closed_by_process(&seen->verdict)) {
		struct tuple key = key_of(&seen->tuple, seen->netns_mix);

		read_closer(&key, &record->closer, &record->closing);
	}
	if (seen->verdict.hook != HOOK_REJECT &&
	    (is_unaccepted(&seen->verdict) || is_refused_syn(&seen->verdict)))
		see_listener(seen, record);
	if (skb) {
		struct net_device *dev = BPF_CORE_READ(skb, dev);

		if (dev)
			BPF_CORE_READ_INTO(&record->ifname, dev, name);
	}
	SUBMIT(record);
	return 0;
}

/* Only where the fields cannot tell close, disconnect and a dying listener apart. */
static __always_inline bool active_needs_caller(const struct verdict *verdict)
{
	const __u32 both = FACT_SHUT_RCV | FACT_SHUT_SEND;
	__u32 facts = verdict->facts;

	if (verdict->state != TCP_CLOSE || facts & (FACT_DEAD | FACT_MPTCP))
		return false;
	if (!(facts & FACT_OWNED))
		return true;
	if ((facts & both) != both)
		return false;
	if (!(facts & FACT_LINGER_ZERO))
		return !(facts & FACT_UNREAD);
	return !verdict->prior || (verdict->prior != TCP_CLOSE_WAIT && is_closing(verdict->prior));
}

static __always_inline int send_active(void *ctx, struct sock *sk, __u8 reason)
{
	struct sighting seen;
	struct tcp_sock *tcp;

	if (!look(&seen, HOOK_SEND_ACTIVE, sk, NULL, &tcp))
		return 0;
	seen.verdict.reason = reason;
	if (active_needs_caller(&seen.verdict))
		seen.verdict.caller = find_caller(ctx);
	report(ctx, &seen, NULL, tcp);
	return 0;
}

/*
 * Entry of tcp_v4_send_reset or tcp_v6_send_reset, which return without a RST
 * where the packet is for another host, or carries a signature that no socket
 * can check. A packet that is itself a RST is reported as what it is.
 */
/*
 * A segment of a connection that this host closed a while ago: its socket is
 * gone, and it comes to nobody, or to the listener that stands in its place.
 */
static __always_inline bool is_remembered(const struct sighting *seen)
{
	const struct verdict *verdict = &seen->verdict;
	struct tuple key = key_of(&seen->tuple, seen->netns_mix);

	if (!flow_memory || verdict->packet & (TCP_SYN | TCP_RST) ||
	    (verdict->socket != SOCKET_NONE && verdict->state != TCP_LISTEN))
		return false;
	return find_closer(&key);
}

/*
 * An ACK that draws a reset at a full listener: was it to complete a handshake?
 * Kernels that give no reason leave that to the caller.
 */
static __always_inline bool reply_needs_caller(const struct verdict *verdict)
{
	return verdict->state == TCP_LISTEN && !verdict->reason &&
	       verdict->facts & FACT_QUEUE_FULL && verdict->packet & TCP_ACK;
}

static __always_inline bool is_silent(struct sighting *seen, struct sk_buff *skb, __u32 options)
{
	if (seen->packet.segment.flags & TCP_RST)
		return false;
	if (seen->verdict.socket == SOCKET_NONE && !for_this_host(skb, seen->packet.family))
		return true;
	return seen->verdict.socket != SOCKET_FULL && options & OPTION_SIGNATURE;
}

static __always_inline int send_reply(void *ctx, struct sock *sk, struct sk_buff *skb, __u8 reason,
				      bool at_entry)
{
	struct sighting seen;
	struct tcp_sock *tcp;
	__u32 options = 0;

	skb = UNTYPED(skb);
	if (!look(&seen, HOOK_SEND_REPLY, sk, skb, &tcp) || !seen.packet.family)
		return 0;
	seen.verdict.reason = reason;
	/* On a connection the options have been seen to already. */
	if (!tcp || seen.verdict.state == TCP_LISTEN)
		options = read_options(skb, &seen.packet);
	if (at_entry && is_silent(&seen, skb, options))
		return 0;
	if (seen.verdict.packet & TCP_RST && !watch_ignored)
		return 0;
	if (seen.verdict.state == TCP_LISTEN)
		embryonic_change(seen.sk, reason && reason == reason_invalid_syn);
	if (is_remembered(&seen))
		seen.verdict.facts |= FACT_REMEMBERED;
	if (reply_needs_caller(&seen.verdict))
		seen.verdict.caller = find_caller(ctx);
	if (options & OPTION_MP_JOIN)
		seen.verdict.facts |= FACT_MP_JOIN;
	report(ctx, &seen, skb, tcp);
	return 0;
}

/*
 * tcp_reset also runs for data after close, with no RST in sight. Where the
 * packet is not passed the caller tells, and only the states in which that can
 * happen ask for it.
 */
static __always_inline bool is_reset_received(void *ctx, struct verdict *verdict)
{
	if (verdict->state == TCP_CLOSE)
		return false;
	if (verdict->facts & FACT_SEES_PACKET)
		return verdict->packet & TCP_RST;
	if (is_closing(verdict->state) && verdict->facts & FACT_SHUT_RCV)
		verdict->caller = find_caller(ctx);
	return verdict->caller != CALLER_RCV_STATE_PROCESS;
}

static __always_inline int receive(void *ctx, struct sock *sk, struct sk_buff *skb)
{
	struct sighting seen;
	struct tcp_sock *tcp;

	skb = UNTYPED(skb);
	if (!look(&seen, HOOK_RECEIVE, sk, skb, &tcp))
		return 0;
	if (!is_reset_received(ctx, &seen.verdict))
		return 0;
	report(ctx, &seen, skb, tcp);
	return 0;
}

#endif
