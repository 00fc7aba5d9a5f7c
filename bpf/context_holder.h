/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The iterators that find which processes hold a socket that a reset was about.
 */
#ifndef RSTTRACE_CONTEXT_HOLDER_H
#define RSTTRACE_CONTEXT_HOLDER_H

#include "pending_owner.h"
#include "search.h"

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

#endif
