/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A control group came: how it is called is known before anything in it can be
 * reset. The id is never used again, and the name never changes.
 */
#ifndef RSTTRACE_CONTEXT_CGROUP_H
#define RSTTRACE_CONTEXT_CGROUP_H

#include "ring.h"

SEC("tp_btf/cgroup_mkdir")
int context_cgroup(__u64 *ctx)
{
	struct cgroup *cgroup = (struct cgroup *)argument(ctx, 0);

	if (BPF_CORE_READ(cgroup, root, hierarchy_id))
		return 0; /* v1 */
	struct cgroup_record *record = RESERVE(struct cgroup_record, RECORD_CGROUP);
	if (!record)
		return 0;
	record->id = BPF_CORE_READ(cgroup, kn, id);
	long size = bpf_probe_read_kernel_str(record->path, sizeof(record->path),
					      (void *)argument(ctx, 1));
	if (size <= 1 || size == sizeof(record->path)) /* not a path, or not all of it */
		bpf_ringbuf_discard(record, 0);
	else
		SUBMIT(record);
	return 0;
}

#endif
