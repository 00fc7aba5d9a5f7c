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
#define FRAMES 12

/*
 * The function that an address is in, or 0. Global, so that the verifier goes
 * through the loop once and not once for every frame.
 */
__attribute__((noinline, weak)) __u64 function_at(__u64 address)
{
	for (int i = 0; i < CALLERS; i++)
		if (address >= callers[i].start && address < callers[i].end)
			return callers[i].caller;
	return 0;
}

/*
 * What is found with one frame more, from within outwards; the first that is
 * known counts. Global for the same reason.
 */
__attribute__((noinline, weak)) __u64 caller_with(__u64 found, __u64 frame)
{
	__u64 caller = function_at(frame);

	/* A listener ends by its own close, or is aborted from outside. */
	if (found == CALLER_LISTEN_STOP && caller == CALLER_ABORT)
		return CALLER_LISTEN_ABORT;
	return found ?: caller;
}

static __noinline __u8 find_caller(void *ctx)
{
	__u64 frames[FRAMES] = {};
	__u64 found = 0;

	if (!callers[0].start || bpf_get_stack(ctx, frames, sizeof(frames), 0) <= 0)
		return 0;
	for (int i = 0; i < FRAMES; i++)
		found = caller_with(found, frames[i]);
	return found ?: CALLER_OTHER;
}

#endif
