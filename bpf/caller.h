/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which kernel function led here, where no field tells. Walking the stack
 * costs several hundred nanoseconds, so only rare, ambiguous cases ask.
 */
#ifndef RSTTRACE_CALLER_H
#define RSTTRACE_CALLER_H

#include "access.h"
#include "config.h"

/* Trampoline and program frames come first; what is searched stands within. */
#define FRAMES 10

static __noinline __u8 find_caller(void *ctx)
{
	__u64 frames[FRAMES] = {};

	if (!callers[0].start || bpf_get_stack(ctx, frames, sizeof(frames), 0) <= 0)
		return 0;
	for (int f = 0; f < FRAMES; f++)
		for (int c = 0; c < CALLERS; c++)
			if (frames[f] >= callers[c].start && frames[f] < callers[c].end)
				return callers[c].caller;
	return CALLER_OTHER;
}

#endif
