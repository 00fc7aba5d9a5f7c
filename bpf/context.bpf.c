//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Context hooks, whatever the attach method: they run a few times in a
 * connection's life and never for a packet, and leave notes for the reset
 * hooks. The iterator finds who holds a socket that a reset was about.
 */
#define TYPED_ARGUMENTS
#include "pending_owner.h"
#include "clock.h"
#include "closers.h"
#include "embryonic.h"
#include "errors.h"
#include "listeners.h"
#include "connect_note.h"
#include "prev_state.h"
#include "ring.h"
#include "search.h"
#include "socket.h"

/* In both directions, as close does first of all. */
#define SHUT_DOWN (RCV_SHUTDOWN | SEND_SHUTDOWN)

static __always_inline bool shut_down(struct tcp_sock *tcp)
{
	return READ_SOCK(tcp, sk_shutdown) == SHUT_DOWN;
}

/*
 * A transition in a process's own call: close, shutdown, disconnect or its end;
 * or what had waited until the socket was free.
 */
static __always_inline bool ends_in_process(struct tcp_sock *tcp, int from, int to)
{
	if (from == TCP_CLOSE || from == TCP_LISTEN)
		return false;
	/* A refusal that waited until its socket was free only looks like a close. */
	if (from == TCP_SYN_SENT && !shut_down(tcp))
		return false;
	return (to == TCP_FIN_WAIT1 || to == TCP_LAST_ACK || to == TCP_CLOSE) && owned(tcp, from);
}

/*
 * The end of a connection in softirq that no process has closed. What was closed
 * before has its note, and ends as it must. Who only shut it down still has it:
 * it ends by an error.
 */
static __always_inline bool ends_in_softirq(struct tcp_sock *tcp, int from, int to)
{
	if (to != TCP_CLOSE || from == TCP_CLOSE || from == TCP_LISTEN || from == TCP_SYN_SENT ||
	    owned(tcp, from))
		return false;
	return from == TCP_ESTABLISHED || from == TCP_CLOSE_WAIT ||
	       (READ_SOCK(tcp, sk_err) && !(READ_COMMON(tcp, skc_flags) & SOCK_DEAD));
}

/*
 * The error says it: tcp_reset and the timers put it on the socket before they
 * close it. A close may find an older one there, of ICMP, but never that of a RST.
 */
static __always_inline __u8 ended_by(struct tcp_sock *tcp, int to, bool closed)
{
	__u32 error = READ_SOCK(tcp, sk_err);

	if (to != TCP_CLOSE || !error)
		return BY_PROCESS;
	if (error == ECONNRESET || error == EPIPE)
		return BY_RESET;
	/* Others are of tcp_abort, and of MPTCP. */
	return closed || error == ECONNABORTED || error == EBADMSG ? BY_PROCESS : BY_TIMEOUT;
}

static __always_inline void note_end(struct tcp_sock *tcp, int from, int to, bool in_process)
{
	struct net *net = READ_COMMON(tcp, skc_net.net);
	unsigned long flags = READ_COMMON(tcp, skc_flags);
	bool shut = shut_down(tcp) && in_process;
	struct tuple tuple = { .netns = READ(net, ns.inum) };
	__u32 netns_mix = 0;
	struct closing closing = {
		.from = from,
		.to = to,
		/* Who destroys a socket of somebody else does not shut it down first. */
		.unread = shut && unread_bytes(tcp, flags) > 0,
		.linger_zero = shut && flags & SOCK_LINGER && READ_SOCK(tcp, sk_lingertime) == 0,
		.by = ended_by(tcp, to, shut),
		.by_close = shut && (from == TCP_ESTABLISHED || from == TCP_CLOSE_WAIT),
	};

	if (bpf_core_field_exists(net->hash_mix))
		netns_mix = READ(net, hash_mix);
	read_socket_tuple(tcp, &tuple);
	note_closer(mix_tuple(&tuple, netns_mix), (struct sock *)address_of(tcp), &closing,
		    in_process);
}

/* sk is untyped: the iterator has it as something else. */
static __always_inline void note_listener(struct sock *sk, bool closed)
{
	struct inet_sock *inet = (struct inet_sock *)sk;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	struct listener_note note = {
		.sk = (__u64)sk,
		.tuple.netns = socket_netns(sk) ^ socket_netns_mix(sk),
		.tuple.local_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport)),
		.tuple.peer_port = family,
		.shared = BPF_CORE_READ_BITFIELD_PROBED(sk, __sk_common.skc_reuseport),
	};

	if (family == AF_INET6)
		BPF_CORE_READ_INTO(&note.tuple.local, sk, __sk_common.skc_v6_rcv_saddr);
	else
		*(__u32 *)note.tuple.local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
	if (closed) {
		note.closing.time_ns = bpf_ktime_get_ns();
		note.closing.from = TCP_LISTEN;
		note.closing.to = TCP_CLOSE;
		write_ender(&note.process, sk, 0);
	}
	write_listener(&note);
}

static __always_inline void report_closer(const struct pending_owner *note)
{
	struct holder_record *record = RESERVE(struct holder_record, COLUMN_HOLDER_LOST);

	if (!record)
		return;
	record->kind = RECORD_HOLDER;
	record->closed = 1;
	record->sk = note->sk;
	record->inode = note->inode;
	record->cgroup = write_ender(&record->process, NULL, note->cred);
	SUBMIT(record);
}

/*
 * A close that leaves an orphan behind: the socket itself will be destroyed
 * later, in nobody's process.
 */
static __always_inline void report_orphaner(__u64 sk, struct tcp_sock *tcp)
{
	struct pending_owner note;

	if (owner_pending(sk) && shut_down(tcp) && take_pending(sk, &note))
		report_closer(&note);
}

/* A listener ends whose connections wait for their owner. */
static __always_inline void report_listener_closer(__u64 sk, struct tcp_sock *tcp)
{
	struct pending_owner note;

	/* Who destroys a listener of somebody else does not shut it down first. */
	if (shut_down(tcp) && take_pending_listener(sk, &note))
		report_closer(&note);
}

/*
 * An MPTCP socket has no tcp_destroy_sock. Its own worker ends it as well, and
 * is nobody's closer.
 */
static __always_inline void report_mptcp_closer(struct sock *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	struct pending_owner note;

	if (!owner_pending((__u64)sk) || !BPF_CORE_READ(sk, sk_lock.owned) ||
	    BPF_CORE_READ(task, flags) & PF_KTHREAD)
		return;
	if (take_pending((__u64)sk, &note))
		report_closer(&note);
}

/* A process calls connect, or the peer's connection is complete. */
static __always_inline int begins(struct sock *sk, bool by_process)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (tcp)
		note_connect(address_of(sk), tcp, by_process);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int context_state(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	int from = ctx[1], to = ctx[2];

	if (to == TCP_SYN_SENT || (to == TCP_ESTABLISHED && from != TCP_SYN_SENT))
		return details && flow_memory ? begins(sk, to == TCP_SYN_SENT) : 0;
	if (to != TCP_CLOSE && to != TCP_FIN_WAIT1 && to != TCP_LAST_ACK && to != TCP_LISTEN)
		return 0;
	/* An attempt that failed: no RST is sent for it, and nobody remembers it. */
	if (from == TCP_SYN_SENT && to == TCP_CLOSE && sk->sk_shutdown != SHUT_DOWN)
		return 0;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	struct sock *untyped = UNTYPED(sk);
	if (!tcp) {
		report_mptcp_closer(untyped);
		return 0;
	}
	if (to == TCP_LISTEN) {
		watch_embryonic(untyped);
		note_listener(untyped, false);
	}
	if (from == TCP_LISTEN && to == TCP_CLOSE) {
		note_listener(untyped, true);
		report_listener_closer((__u64)untyped, tcp);
	}
	if (to == TCP_CLOSE)
		note_prev_state((__u64)untyped, from);
	bool in_process = ends_in_process(tcp, from, to);
	/* An orphan's end is not the doing of who ends it: it was closed before. */
	bool noted = in_process ? !(READ_COMMON(tcp, skc_flags) & SOCK_DEAD) :
				  ends_in_softirq(tcp, from, to);
	if (flow_memory && noted)
		note_end(tcp, from, to, in_process);
	if (in_process)
		report_orphaner((__u64)untyped, tcp);
	return 0;
}

static __always_inline void note_old_listener(struct sock *sk)
{
	watch_embryonic(sk);
	note_listener(sk, false);
}

/* Listeners that are older than rsttrace: those of its own namespace. */
SEC("iter/tcp")
int listeners(struct bpf_iter__tcp *ctx)
{
	struct sock *sk = UNTYPED((struct sock *)ctx->sk_common);

	if (sk && BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		note_old_listener(sk);
	return 0;
}

struct sock___protocol {
	__u16 sk_protocol;
} __attribute__((preserve_access_index));

/* Global, so that the verifier sees it once. */
__attribute__((noinline, weak)) int note_if_listener(__u64 file)
{
	struct sock *sk = socket_of((struct file *)file);

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN ||
	    BPF_CORE_READ((struct sock___protocol *)sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family == AF_INET || family == AF_INET6)
		note_old_listener(sk);
	return 0;
}

/* A callback for bpf_loop. */
static long inspect_block(__u64 index, void *unused)
{
	struct search *search = the_search();

	if (!search || !read_block(search, search->first + index * BLOCK))
		return 1;
	for (__u32 i = 0; i < BLOCK; i++) {
		if (search->block[i])
			note_if_listener(search->block[i]);
	}
	return 0;
}

/*
 * The same of all namespaces, except those that only the kernel holds: an iterator of
 * sockets sees one namespace.
 */
SEC("iter/task")
int held_listeners(struct bpf_iter__task *ctx)
{
	struct search *search = the_search();
	struct task_struct *task = ctx->task;

	if (task && search && owns_table(task))
		walk_table(search, task, BLOCKS_TO_INSPECT, inspect_block);
	return 0;
}

/* The same by references: before 5.17. */
SEC("iter/task_file")
int held_listeners_by_file(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;

	if (file)
		note_if_listener(number_of(file));
	return 0;
}

/* The last close of a socket runs in its closer's process. */
SEC("tp_btf/tcp_destroy_sock")
int context_destroy(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	__u64 address = address_of(sk);

	struct pending_owner note;

	/* A listener comes here only if somebody else ended it, and its owner closes it now. */
	if (!take_pending(address, &note) && !take_pending_listener(address, &note))
		return 0;
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);
	if (!tcp || !owned(tcp, TCP_CLOSE))
		return 0;
	report_closer(&note);
	return 0;
}

/* Every process that has a sought socket, as a found_holder. */
SEC("iter/task")
int holders(struct bpf_iter__task *ctx)
{
	struct search *search = the_search();
	struct task_struct *task = ctx->task;

	if (!task || !search)
		return 0;
	if (ctx->meta->seq_num == 0 && search->first == 0)
		bpf_loop(search->count, seek_file, NULL, 0);
	if (owns_table(task) && !was_searched(search, task))
		walk_table(search, task, BLOCKS_TO_SEARCH, search_block);
	return 0;
}

/* Every descriptor of a socket whose owner is pending, as a holder_record: before 5.17. */
SEC("iter/task_file")
int holders_by_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct holder_record record = {};

	if (!task || !file)
		return 0;
	record.sk = (__u64)socket_of(file);
	if (!record.sk || (!owner_pending(record.sk) && !listener_owner_pending(record.sk)))
		return 0;

	record.kind = RECORD_HOLDER;
	record.inode = BPF_CORE_READ(file, f_inode, i_ino);
	record.started = BPF_CORE_READ(task, group_leader, start_time);
	record.process.pid = BPF_CORE_READ(task, tgid);
	record.process.tid = BPF_CORE_READ(task, pid);
	record.process.uid = BPF_CORE_READ(task, cred, uid.val);
	record.process.known = 1;
	record.process.kernel = !!(BPF_CORE_READ(task, flags) & PF_KTHREAD);
	read_name(&record.process, task);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

/*
 * nf_reject_ipv4 and nf_reject_ipv6 are modules on most machines, loaded with
 * the first rule that rejects: their functions are attached to as soon as they
 * come.
 */
SEC("tp_btf/module_load")
int context_module(__u64 *ctx)
{
	struct module *module = (struct module *)ctx[0];
	char name[20] = {};

	BPF_CORE_READ_STR_INTO(&name, module, name);
	if (__builtin_memcmp(name, "nf_reject_ipv", 13))
		return 0;
	struct module_record *record = RESERVE(struct module_record, COLUMN_HOLDER_LOST);
	if (!record)
		return 0;
	record->kind = RECORD_MODULE;
	__builtin_memcpy(record->name, name, sizeof(name));
	SUBMIT(record);
	return 0;
}

/*
 * A control group came: how it is called is known before anything in it can be
 * reset. The id is never used again, and the name never changes.
 */
SEC("tp_btf/cgroup_mkdir")
int context_cgroup(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)argument(ctx, 0);

	if (BPF_CORE_READ(cgroup, root, hierarchy_id))
		return 0; /* v1 */
	struct cgroup_record *record = RESERVE(struct cgroup_record, COLUMN_HOLDER_LOST);
	if (!record)
		return 0;
	record->kind = RECORD_CGROUP;
	record->id = BPF_CORE_READ(cgroup, kn, id);
	long size = bpf_probe_read_kernel_str(record->path, sizeof(record->path),
					      (void *)argument(ctx, 1));
	if (size <= 1 || size == sizeof(record->path)) /* not a path, or not all of it */
		bpf_ringbuf_discard(record, 0);
	else
		SUBMIT(record);
	return 0;
}

/*
 * Does SIGPIPE end the process: default action, not held back, nobody to
 * intercept it? The index is a literal: only then CO-RE takes the size of an
 * action from the kernel.
 */
static __always_inline bool fatal_sigpipe(struct task_struct *task)
{
	return !BPF_CORE_READ(task, sighand, action[SIGPIPE - 1].sa.sa_handler) &&
	       !(BPF_CORE_READ(task, blocked.sig[0]) & 1ul << (SIGPIPE - 1)) &&
	       !BPF_CORE_READ(task, ptrace);
}

/*
 * A process that handles SIGPIPE and writes on gets one for every write. The
 * count is not exact: two CPUs may add at once.
 */
#define SIGNALS_PER_WINDOW 64
static __u64 signal_window;
static __u32 signals;

static __always_inline bool too_many_signals(void)
{
	__u64 window = current_window();

	if (signal_window != window) {
		signal_window = window;
		signals = 0;
	}
	return signals++ >= SIGNALS_PER_WINDOW;
}

/*
 * What a write to a connection does that was reset. kill(2) comes with an info,
 * a write without.
 */
SEC("tp_btf/signal_generate")
int context_signal(__u64 *ctx)
{
	if ((int)ctx[0] != SIGPIPE || (int)ctx[4] != SIGNAL_DELIVERED)
		return 0;
	struct task_struct *task = (struct task_struct *)argument(ctx, 2);
	if (argument(ctx, 1) || (__u64)task != bpf_get_current_task())
		return 0;
	if (too_many_signals())
		return 0;
	struct signal_record *record = RESERVE(struct signal_record, COLUMN_HOLDER_LOST);
	if (!record)
		return 0;
	record->kind = RECORD_SIGNAL;
	record->time_ns = bpf_ktime_get_ns();
	record->fatal = fatal_sigpipe(task);
	read_current(&record->process);
	SUBMIT(record);
	return 0;
}

/*
 * The kernel reports an error on a socket, and has woken who waits for it. Any
 * error of any socket comes here; one that no reset has announced is nobody's
 * business.
 */
SEC("tp_btf/inet_sk_error_report")
int context_error(__u64 *ctx)
{
	struct sock *sk = (struct sock *)address_of((void *)ctx[0]);
	struct error_note *note = error_slot((__u64)sk);

	if (!note)
		return 0;
	__u64 now = bpf_ktime_get_ns();
	struct error_note found = *note;
	note->sk = 0;
	__u32 error = BPF_CORE_READ(sk, sk_err); /* 0: fetched already, or handed on by MPTCP */
	if (!error || found.inode != socket_inode(sk) ||
	    now - found.reset_time_ns > ERROR_LIFETIME_NS)
		return 0;
	struct error_record *record = RESERVE(struct error_record, COLUMN_HOLDER_LOST);
	if (!record)
		return 0;
	record->kind = RECORD_ERROR;
	record->error = error;
	record->time_ns = now;
	record->reset_sk = found.reset_sk;
	record->reset_time_ns = found.reset_time_ns;
	SUBMIT(record);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
