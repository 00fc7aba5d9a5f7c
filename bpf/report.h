/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From what was seen to a counted verdict and, if it is wanted, a record with
 * all that helps to name the owner.
 */
#ifndef RSTTRACE_REPORT_H
#define RSTTRACE_REPORT_H

#include "awaited.h"
#include "clock.h"
#include "closers.h"
#include "counters.h"
#include "errors.h"
#include "filter.h"
#include "listeners.h"
#include "namespaces.h"
#include "origins.h"
#include "process.h"
#include "ring.h"
#include "sighting.h"
#include "tops.h"

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

/*
 * Is the running process, and nobody else, the one that Go will name? A listener
 * that is aborted, and a connection, may have another owner.
 */
static __always_inline bool names_current(const struct verdict *verdict)
{
	return in_process(verdict) && !is_abort(verdict) && verdict->caller != CALLER_ABORT &&
	       verdict->caller != CALLER_LISTEN_ABORT;
}

static __always_inline bool owner_wanted(const struct verdict *verdict, struct tcp_sock *tcp)
{
	if ((filter_pids || filter_comms) && names_current(verdict) && !current_wanted())
		return false;
	/* The listener in the place of a closed connection may be another's. */
	return verdict->facts & FACT_REMEMBERED || cgroup_wanted(tcp);
}

/* Can the owner still be found through the socket? */
static __always_inline bool holder_wanted(const struct verdict *verdict)
{
	return verdict->facts & FACT_HAS_SOCKET && !(verdict->facts & FACT_REMEMBERED) &&
	       (!in_process(verdict) || is_abort(verdict));
}

/*
 * Who connected is the last resort: where file tables may not know the socket,
 * or a kernel thread does what its process has begun.
 */
static __always_inline bool connector_wanted(const struct verdict *verdict,
					     const struct process *current)
{
	return verdict->facts & FACT_HAS_SOCKET && !(verdict->facts & FACT_REMEMBERED) &&
	       (!in_process(verdict) || is_abort(verdict) || current->kernel);
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
	if (verdict->socket == SOCKET_NONE) /* a SYN-ACK may be for an attempt that was given up */
		return (verdict->packet & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	return !(verdict->facts & FACT_HAS_SOCKET);
}

/*
 * Who listens, or listened, for packets to the local end of a tuple: bound to
 * the address, to all, or to all of IPv6 with IPv4 included.
 */
static __always_inline struct listener_note *find_listener(const struct sighting *seen)
{
	struct tuple key = seen->tuple;
	__u8 family = seen->verdict.family;
	struct listener_note *note;

	key.netns ^= seen->netns_mix;
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

/* Does a socket listen now where the packet was sent to? */
static __always_inline bool listens(const struct sighting *seen)
{
	struct listener_note *note = find_listener(seen);

	return note && !note->closing.time_ns;
}

/* The listener of a handshake, which the kernel knows, or NULL. */
static __always_inline struct sock *listener_of_request(const struct sighting *seen)
{
	struct sock *sk = seen->sk;

	if (seen->verdict.socket != SOCKET_REQUEST)
		return NULL;
	if (seen->verdict.state != TCP_LISTEN) /* else the listener stands for its request */
		sk = BPF_CORE_READ(sk, __sk_common.skc_listener);
	return BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN ? sk : NULL;
}

static __always_inline void await_listener(struct reset_record *record, struct sock *sk)
{
	record->listener = (__u64)sk;
	record->listener_inode = socket_inode(sk);
	await_listener_holder(sk, record->listener_inode);
}

/* The listener that a connection waits at, or that a SYN was meant for. */
static __noinline int see_listener(struct sighting *seen, struct reset_record *record)
{
	if (!seen || !record)
		return 0;
	struct sock *known = listener_of_request(seen);
	if (known) {
		await_listener(record, known);
		return 0;
	}
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
		await_listener(record, (struct sock *)sk);
	}
	return 0;
}

/* Of a listener, or of what stands in another's place, there is none. */
static __noinline int see_origin(const struct sighting *seen, struct tcp_sock *tcp,
				 struct reset_record *record)
{
	struct note note;

	if (!seen || !tcp || !record || seen->verdict.state == TCP_LISTEN ||
	    !find_origin((__u64)seen->sk, tcp, &note))
		return 0;
	record->connected_ns = record->time_ns - ns_since(note.when);
	if (connector_wanted(&seen->verdict, &record->current))
		read_signature(&note, &record->connector);
	return 0;
}

static __noinline int see_closer(const struct sighting *seen, struct reset_record *record)
{
	struct note note;

	if (!seen || !record || !find_closer(mix_tuple(&seen->tuple, seen->netns_mix), &note))
		return 0;
	record->closer_cgroup = read_signature(&note, &record->closer);
	read_closing(&note, record->time_ns, &record->closing);
	return 0;
}

/*
 * Waits for news of who holds the socket, or closes it. Of an MPTCP connection
 * the application holds another socket, with the same file.
 */
static __always_inline void await_owner(const struct sighting *seen, struct tcp_sock *tcp,
					__u64 inode)
{
	await_holder(seen->sk, inode);
	if (tcp && seen->verdict.facts & FACT_MPTCP)
		await_holder(application_socket(tcp), inode);
}

/*
 * A connection that nobody has accepted has no file. Where a bystander ended its
 * listener, the note of that one knows the creator: see name_creator().
 */
static __noinline int see_listener_ender(const struct sighting *seen, struct reset_record *record)
{
	if (!seen || !record)
		return 0;
	struct listener_note *note = find_listener(seen);
	if (!note || !note->process.creator)
		return 0;

	__u64 check = note->check;
	record->current = note->process;
	if (!STILL_WHOLE(note, check)) {
		__builtin_memset(&record->current, 0, sizeof(record->current));
		record->current.known = record->current.kernel = 1;
	}
	return 0;
}

static __always_inline void see_current(const struct sighting *seen, struct reset_record *record)
{
	if (!names_current(&seen->verdict)) {
		read_current(&record->current);
		return;
	}
	write_ender(&record->current, seen->sk, 0);
	if (record->current.kernel && seen->verdict.caller == CALLER_LISTEN_STOP)
		see_listener_ender(seen, record);
}

/* The part of a record that every reset has. */
static __noinline int fill(struct sighting *seen, struct tcp_sock *tcp, struct sk_buff *skb,
			   struct reset_record *record)
{
	if (!seen || !record)
		return 0;
	record->kind = RECORD_RESET;
	record->verdict = seen->verdict;
	record->tuple = seen->tuple;
	record->packet = seen->packet.segment;
	record->expected = seen->expected;
	if (seen->verdict.state) {
		record->sk = (__u64)seen->sk;
		record->cookie = socket_cookie(seen->sk, tcp);
	}
	if (in_process(&seen->verdict))
		see_current(seen, record);
	if (is_closed_by_process(&seen->verdict))
		see_closer(seen, record);
	if (seen->verdict.hook != HOOK_REJECT &&
	    (is_unaccepted(&seen->verdict) || is_refused_syn(&seen->verdict) ||
	     seen->verdict.facts & FACT_LISTENER))
		see_listener(seen, record);
	/*
	 * By a helper: the verifier comes by often, and behind a pointer that is known
	 * to be valid it looks through all types of the kernel for every pointer.
	 */
	if (skb)
		BPF_CORE_READ_INTO(&record->ifname, skb, dev, name);
	return 0;
}

/* The part of a full socket; the time is there already. */
static __noinline int fill_socket(const struct sighting *seen, struct tcp_sock *tcp,
				  struct reset_record *record)
{
	if (!seen || !tcp || !record)
		return 0;
	if (!(seen->verdict.facts & FACT_REMEMBERED))
		record->cgroup = socket_cgroup(tcp);
	if (in_process(&seen->verdict))
		record->current_cgroup = record->current.creator ? 0 : current_cgroup();
	read_numbers(tcp, &record->numbers);
	see_origin(seen, tcp, record);
	return 0;
}

/* What is looked at only for details; the names are those of reset_record. */
struct detail {
	__u64 time_ns;
	__u64 inode;
	__s32 stack;
};

/* size is a constant: where the record ends. */
static __always_inline bool send_part(__u32 size, struct sighting *seen, struct sk_buff *skb,
				      struct tcp_sock *tcp, const struct detail *detail)
{
	struct reset_record *record = RESERVE_PART(struct reset_record, size, COLUMN_LOST);

	if (!record)
		return false;
	record->time_ns = detail->time_ns;
	record->stack = detail->stack;
	fill(seen, tcp, skb, record);
	if (tcp) {
		record->inode = detail->inode;
		fill_socket(seen, tcp, record);
	}
	SUBMIT(record);
	return true;
}

static __always_inline bool send(struct sighting *seen, struct sk_buff *skb, struct tcp_sock *tcp,
				 const struct detail *detail)
{
	if (tcp)
		return send_part(sizeof(struct reset_record), seen, skb, tcp, detail);
	return send_part(RESET_WITHOUT_SOCKET, seen, skb, NULL, detail);
}

/* RSTs may say why. */
static __noinline int send_text(const struct sighting *seen, struct sk_buff *skb, __u64 now)
{
	if (!seen || !skb)
		return 0;
	struct text_record *record = RESERVE(struct text_record, COLUMN_HOLDER_LOST);
	if (!record)
		return 0;
	record->kind = RECORD_TEXT;
	record->reset_sk = seen->verdict.state ? (__u64)seen->sk : 0;
	record->reset_time_ns = now;
	read_payload(skb, &seen->packet, record->payload);
	SUBMIT(record);
	return 0;
}

/* Counts what was seen, and sends the details if they are wanted. */
static __noinline int report(void *ctx, struct sighting *seen, struct sk_buff *skb,
			     struct tcp_sock *tcp)
{
	if (!seen)
		return 0;
	__u32 column = count_verdict(&seen->verdict);

	if (count_netns)
		count_in_netns(seen, column);
	if (take_tops)
		count_tops(seen, column, tcp,
			   in_process(&seen->verdict) && !is_abort(&seen->verdict));
	if (!details || !is_wanted(&seen->verdict, &seen->tuple) || is_muted(column) ||
	    !owner_wanted(&seen->verdict, tcp) || !within_budget(column))
		return 0;
	struct detail detail = {
		.time_ns = bpf_ktime_get_ns(),
		.inode = tcp ? file_inode(READ_SOCK(tcp, sk_socket)) : socket_inode(seen->sk),
		.stack = take_stacks ? bpf_get_stackid(ctx, &stacks, 0) : -1,
	};

	if (holder_wanted(&seen->verdict))
		await_owner(seen, tcp, detail.inode);
	if (skb && seen->verdict.packet & TCP_RST && seen->packet.segment.len)
		send_text(seen, skb, detail.time_ns);
	if (send(seen, skb, tcp, &detail) && tcp && leaves_error(&seen->verdict) &&
	    spend(COLUMN_ERRORS, ERRORS_PER_WINDOW))
		await_error(seen->sk, tcp, detail.time_ns);
	return 0;
}

#endif
