/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process that closes a socket whose owner is still being searched for: Go hears of
 * it at once, since no file table has the socket any more.
 */
#ifndef RSTTRACE_LATE_CLOSER_H
#define RSTTRACE_LATE_CLOSER_H

#include "connection_end.h"
#include "pending_owner.h"
#include "ring.h"

static __always_inline void report_closer(const struct pending_owner *note)
{
	struct holder_record *record = RESERVE(struct holder_record, RECORD_HOLDER);

	if (!record)
		return;
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

#endif
