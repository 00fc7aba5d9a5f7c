/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line of a process that resets sockets of others, such as ss -K. It may end
 * before anybody could look for it in /proc.
 */
#ifndef RSTTRACE_COMMAND_H
#define RSTTRACE_COMMAND_H

#include "access.h"
#include "reset_ctx.h"
#include "ring.h"

/* The running process acts on the socket of another one. Before its reset_record. */
static __noinline int send_command(const struct reset_ctx *reset, __u64 now)
{
	if (!reset)
		return 0;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);

	if (!start || end <= start)
		return 0;
	struct command_record *record = RESERVE(struct command_record, RECORD_COMMAND);
	if (!record)
		return 0;
	__u64 length = AT_MOST(COMMAND_MAX, end - start);
	/* It fails softly if the page is not in memory. */
	if (!bpf_probe_read_user(record->text, length, (const void *)start))
		record->length = length;
	record->reset_sk = reset->evidence.state ? (__u64)reset->sk : 0;
	record->reset_time_ns = now;
	SUBMIT(record);
	return 0;
}

#endif
