/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From what a hook collected to counted evidence and, if it is wanted, a record with
 * all that helps to name the owner.
 */
#ifndef RSTTRACE_REPORT_H
#define RSTTRACE_REPORT_H

#include "actor.h"
#include "pending_owner.h"
#include "clock.h"
#include "command.h"
#include "closers.h"
#include "counters.h"
#include "errors.h"
#include "filter.h"
#include "frames.h"
#include "killers.h"
#include "listener_of_reset.h"
#include "namespaces.h"
#include "connect_note.h"
#include "peer_fin.h"
#include "process.h"
#include "ring.h"
#include "reset_ctx.h"
#include "rst_packets.h"
#include "role.h"
#include "tops.h"

static __always_inline bool owner_wanted(const struct evidence *evidence, struct tcp_sock *tcp)
{
	if ((filter_pids || filter_comms) && names_current(evidence) && !current_wanted())
		return false;
	/* The listener that has the addresses of a closed connection may be another's. */
	return evidence->facts & FACT_REMEMBERED || cgroup_wanted(tcp);
}

/*
 * Who connected is the last resort: where file tables may not know the socket,
 * or a kernel thread does what its process has begun.
 */
static __always_inline bool connector_wanted(const struct evidence *evidence,
					     const struct process *current)
{
	return evidence->facts & FACT_HAS_SOCKET && !(evidence->facts & FACT_REMEMBERED) &&
	       (!in_process(evidence) || is_abort(evidence) || current->kernel);
}

/*
 * A handshake, or a finished connection in an accept queue: no descriptor yet,
 * and not closed either.
 */
static __always_inline bool is_unaccepted(const struct evidence *evidence)
{
	if (evidence->socket == SOCKET_REQUEST)
		return true;
	return evidence->socket == SOCKET_FULL && evidence->state != TCP_LISTEN &&
	       !(evidence->facts & (FACT_HAS_SOCKET | FACT_DEAD | FACT_MPTCP));
}

/* Is it told by whoever closed it? Then nobody holds it any more. */
static __always_inline bool is_closed_by_process(const struct evidence *evidence)
{
	if (evidence->facts & FACT_REMEMBERED)
		return true;
	if (evidence->socket == SOCKET_NONE) /* a SYN-ACK may be for an attempt that was given up */
		return (evidence->packet & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	return !(evidence->facts & FACT_HAS_SOCKET);
}

/* A listener has none, nor has what took the place of a closed connection. */
static __noinline int fill_connect(const struct reset_ctx *reset, struct tcp_sock *tcp,
				   struct reset_record *record)
{
	struct note note;

	if (!reset || !tcp || !record || reset->evidence.state == TCP_LISTEN ||
	    !find_connect_note((__u64)reset->sk, tcp, &note))
		return 0;
	record->connected_ns = record->time_ns - ns_since(note.when);
	record->conn.role = note.thread ? ROLE_CLIENT : ROLE_SERVER;
	if (connector_wanted(&reset->evidence, &record->current))
		read_signature(&note, &record->connector);
	return 0;
}

/* Has this end sent its FIN, and does the socket still know? */
static __always_inline bool sent_fin(const struct evidence *evidence)
{
	__u8 state = evidence->state == TCP_CLOSE ? evidence->prior : evidence->state;

	return is_closing(state) && state != TCP_CLOSE_WAIT;
}

/* When the two ends said that they send no more. */
static __noinline int fill_fins(const struct reset_ctx *reset, struct reset_record *record)
{
	struct note note;

	if (!reset || !record)
		return 0;
	if (reset->evidence.facts & FACT_PEER_FIN)
		find_peer_fin((__u64)reset->sk, &record->conn.since_peer_fin,
			      &record->conn.idle_before_peer_fin);
	if (sent_fin(&reset->evidence) &&
	    find_fin(mix_tuple(&reset->tuple, reset->netns_mix), &note)) {
		record->conn.since_fin = since_closing(&note) + 1;
		record->conn.idle_before_fin = note_idle(&note);
	}
	return 0;
}

static __noinline int fill_closer(const struct reset_ctx *reset, struct reset_record *record)
{
	struct note note;

	if (!reset || !record || !find_closer(mix_tuple(&reset->tuple, reset->netns_mix), &note))
		return 0;
	record->closer_cgroup = read_signature(&note, &record->closer);
	read_closing(&note, record->time_ns, &record->closing);
	return 0;
}

/*
 * Waits for news of who holds the socket, or closes it. Of an MPTCP connection
 * the application holds another socket, with the same file.
 */
static __always_inline void await_owners(const struct reset_ctx *reset, struct tcp_sock *tcp,
					 __u64 inode)
{
	await_owner(reset->sk, inode);
	if (tcp && reset->evidence.facts & FACT_MPTCP)
		await_owner(application_socket(tcp), inode);
}

/*
 * A connection that nobody has accepted has no file. Where a bystander ended its
 * listener, the note of that one knows the creator: see name_creator().
 */
static __noinline int fill_listener_ender(const struct reset_ctx *reset,
					  struct reset_record *record)
{
	if (!reset || !record)
		return 0;
	struct listener_note *note = find_listener(reset);
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

static __always_inline void fill_current(const struct reset_ctx *reset, struct reset_record *record)
{
	if (!names_current(&reset->evidence)) {
		read_current(&record->current);
		return;
	}
	write_ender(&record->current, reset->sk, 0);
	if (record->current.kernel && reset->evidence.caller == CALLER_LISTEN_STOP)
		fill_listener_ender(reset, record);
}

/* It may be gone from /proc when the record is read. A creator does not run here. */
static __noinline int fill_parent(struct reset_record *record)
{
	if (!record || record->current.kernel || record->current.creator)
		return 0;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *parent = BPF_CORE_READ(task, group_leader, real_parent);

	record->parent.pid = BPF_CORE_READ(parent, tgid);
	BPF_CORE_READ_INTO(&record->parent.comm, parent, group_leader, comm);
	return 0;
}

static __noinline int fill_killer(struct reset_record *record)
{
	if (!record)
		return 0;
	if (record->current.exiting)
		return find_killer(&record->current, record->time_ns, record->time_ns,
				   &record->killer);
	return find_killer(&record->closer, record->time_ns, record->closing.time_ns,
			   &record->killer);
}

/* The part of a record that every reset has. */
static __noinline int fill(struct reset_ctx *reset, struct tcp_sock *tcp, struct sk_buff *skb,
			   struct reset_record *record)
{
	if (!reset || !record)
		return 0;
	record->evidence = reset->evidence;
	record->tuple = reset->tuple;
	record->packet = reset->packet.segment;
	record->expected = reset->expected;
	if (reset->evidence.state) {
		record->sk = (__u64)reset->sk;
		record->cookie = socket_cookie(reset->sk, tcp);
	}
	if (reset->evidence.state == TCP_LISTEN && !(reset->evidence.facts & FACT_REMEMBERED))
		read_queue(&reset->evidence, reset->sk, &record->queue);
	if (in_process(&reset->evidence)) {
		fill_current(reset, record);
		fill_parent(record);
	}
	if (is_closed_by_process(&reset->evidence))
		fill_closer(reset, record);
	if (reset->evidence.hook != HOOK_REJECT &&
	    (is_unaccepted(&reset->evidence) || is_refused_syn(&reset->evidence) ||
	     reset->evidence.facts & FACT_LISTENER))
		fill_listener(reset, record);
	fill_killer(record);
	/*
	 * By a helper: the verifier comes by often, and behind a pointer that is known
	 * to be valid it looks through all types of the kernel for every pointer.
	 */
	if (skb)
		BPF_CORE_READ_INTO(&record->ifname, skb, dev, name);
	return 0;
}

/* The RST that a connection obeys, where the hook does not get it. */
static __noinline int fill_noted_packet(const struct reset_ctx *reset, struct reset_record *record)
{
	struct rst_packet note;

	if (!reset || !record || reset->evidence.hook != HOOK_RECEIVE ||
	    reset->evidence.facts & FACT_SEES_PACKET ||
	    !take_rst_packet(mix_tuple(&reset->tuple, reset->netns_mix), &note))
		return 0;
	record->packet = note.segment;
	record->conn.packet_noted = 1;
	if (reset->evidence.facts & FACT_MPTCP)
		record->conn.mptcp_reason = note.mptcp_reason;
	struct sock *sk = reset->sk;
	struct net *net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	struct net_device *dev = device_at(net, note.ifindex);
	if (dev)
		BPF_CORE_READ_INTO(&record->ifname, dev, name);
	return 0;
}

/* The part of a full socket; the time is there already. */
static __noinline int fill_socket(const struct reset_ctx *reset, struct tcp_sock *tcp,
				  struct reset_record *record)
{
	if (!reset || !tcp || !record)
		return 0;
	if (!(reset->evidence.facts & FACT_REMEMBERED))
		record->cgroup = socket_cgroup(tcp);
	if (in_process(&reset->evidence))
		record->current_cgroup = record->current.creator ? 0 : current_cgroup();
	read_conn_stats(tcp, &record->conn);
	record->conn.role = role_by_port(tcp);
	fill_connect(reset, tcp, record);
	fill_fins(reset, record);
	if (see_packets)
		fill_noted_packet(reset, record);
	return 0;
}

/* Why the peer of an MPTCP connection reset this subflow, if its RST says so. */
static __noinline int fill_mptcp_reason(const struct reset_ctx *reset, struct sk_buff *skb,
					struct reset_record *record)
{
	if (!reset || !skb || !record || !(reset->evidence.packet & TCP_RST) ||
	    !(reset->evidence.facts & FACT_MPTCP))
		return 0;
	__u32 options = read_options(skb, &reset->packet);

	if (options & OPTION_MP_TCPRST)
		record->conn.mptcp_reason = (options >> OPTION_REASON_SHIFT) + 1;
	return 0;
}

/* What is looked at only for details; the names are those of reset_record. */
struct detail {
	__u64 time_ns;
	__u64 inode;
	__s32 stack;
};

/* size is a constant: where the record ends. */
static __always_inline bool send_part(__u32 size, struct reset_ctx *reset, struct sk_buff *skb,
				      struct tcp_sock *tcp, const struct detail *detail)
{
	struct reset_record *record = RESERVE_PART(struct reset_record, size, RECORD_RESET);

	if (!record)
		return false;
	record->time_ns = detail->time_ns;
	record->stack = detail->stack;
	fill(reset, tcp, skb, record);
	if (tcp) {
		record->inode = detail->inode;
		fill_socket(reset, tcp, record);
		fill_mptcp_reason(reset, skb, record);
	}
	SUBMIT(record);
	return true;
}

static __always_inline bool send(struct reset_ctx *reset, struct sk_buff *skb, struct tcp_sock *tcp,
				 const struct detail *detail)
{
	if (tcp)
		return send_part(sizeof(struct reset_record), reset, skb, tcp, detail);
	return send_part(RESET_WITHOUT_SOCKET, reset, skb, NULL, detail);
}

/* RSTs may say why. */
static __noinline int send_payload(const struct reset_ctx *reset, struct sk_buff *skb, __u64 now)
{
	if (!reset || !skb)
		return 0;
	struct payload_record *record = RESERVE(struct payload_record, RECORD_PAYLOAD);
	if (!record)
		return 0;
	record->reset_sk = reset->evidence.state ? (__u64)reset->sk : 0;
	record->reset_time_ns = now;
	read_payload(skb, &reset->packet, record->payload);
	SUBMIT(record);
	return 0;
}

/* Counts the evidence, and sends the details if they are wanted. */
static __noinline int report(void *ctx, struct reset_ctx *reset, struct sk_buff *skb,
			     struct tcp_sock *tcp)
{
	if (!reset)
		return 0;
	__u32 column = count_evidence(&reset->evidence);

	if (count_netns)
		count_in_netns(reset, column);
	if (take_tops)
		count_tops(reset, column, tcp,
			   in_process(&reset->evidence) && !is_abort(&reset->evidence));
	if (!details || !is_wanted(&reset->evidence, &reset->tuple) || is_muted(column) ||
	    !owner_wanted(&reset->evidence, tcp) || !within_budget(column))
		return 0;
	struct detail detail = {
		.time_ns = bpf_ktime_get_ns(),
		.inode = tcp ? file_inode(READ_SOCK(tcp, sk_socket)) : socket_inode(reset->sk),
		.stack = take_stacks ? bpf_get_stackid(ctx, &stacks, 0) : -1,
	};

	if (holder_wanted(&reset->evidence))
		await_owners(reset, tcp, detail.inode);
	if (skb && reset->evidence.packet & TCP_RST && reset->packet.segment.len)
		send_payload(reset, skb, detail.time_ns);
	if (in_process(&reset->evidence) && !names_current(&reset->evidence))
		send_command(reset, detail.time_ns);
	if (take_packets)
		send_frame(reset, skb, tcp, detail.time_ns);
	if (send(reset, skb, tcp, &detail) && tcp && leaves_error(&reset->evidence) &&
	    take_budget(COLUMN_ERRORS, ERRORS_PER_WINDOW))
		await_error(reset->sk, tcp, detail.time_ns);
	return 0;
}

#endif
