/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time without asking the processor's clock, which waits for all that was read
 * before: bpf_ktime_get_ns takes around 50 ns, the kernel's count of ticks one.
 */
#ifndef RSTTRACE_CLOCK_H
#define RSTTRACE_CLOCK_H

#include "config.h"

#include <bpf/bpf_helpers.h>

/* The nanoseconds since a value of bpf_jiffies64, give or take a tick of at most 10 ms. */
static __always_inline __u64 ns_since(__u64 jiffies)
{
	return (bpf_jiffies64() - jiffies) * jiffy_ns;
}

/* The stretch of time that a budget is for, by its number. */
static __always_inline __u64 current_window(void)
{
	return bpf_jiffies64() >> window_shift;
}

#endif
