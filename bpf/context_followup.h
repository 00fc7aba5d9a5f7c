/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happens to an application after a reset: SIGPIPE, and the error on its socket.
 */
#ifndef RSTTRACE_CONTEXT_FOLLOWUP_H
#define RSTTRACE_CONTEXT_FOLLOWUP_H

#include "clock.h"
#include "errors.h"
#include "killers.h"
#include "process.h"
#include "ring.h"

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
 * What a write to a connection does that was reset: kill(2) comes with an info, a
 * write without. And what ends processes.
 */
SEC("tp_btf/signal_generate")
int context_signal(__u64 *ctx)
{
	struct task_struct *task = (struct task_struct *)argument(ctx, 2);
	__u32 signal = (__u32)ctx[0];

	if ((int)ctx[4] != SIGNAL_DELIVERED)
		return 0;
	if (is_deadly(signal))
		return note_killer(signal, argument(ctx, 1), task);
	if (signal != SIGPIPE)
		return 0;
	if (argument(ctx, 1) || (__u64)task != bpf_get_current_task())
		return 0;
	if (too_many_signals())
		return 0;
	struct signal_record *record = RESERVE(struct signal_record, RECORD_SIGNAL);
	if (!record)
		return 0;
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
	struct error_record *record = RESERVE(struct error_record, RECORD_ERROR);
	if (!record)
		return 0;
	record->error = error;
	record->time_ns = now;
	record->reset_sk = found.reset_sk;
	record->reset_time_ns = found.reset_time_ns;
	SUBMIT(record);
	return 0;
}

#endif
