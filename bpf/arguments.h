/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arguments of the kernel functions and tracepoints that programs are attached
 * to. Their positions differ between kernels: the loader finds them by type in
 * BTF, for each program on its own, and sets these constants.
 */
#ifndef RSTTRACE_ARGUMENTS_H
#define RSTTRACE_ARGUMENTS_H

#include "access.h"

/* Positions, from 1; 0: the function has no such argument, or nobody knows where. */
const volatile __u32 sock_arg = 0;
const volatile __u32 packet_arg = 0;
const volatile __u32 reason_arg = 0; /* why a RST is sent */
const volatile __u32 request_arg = 0;
const volatile __u32 device_arg = 0;
const volatile __u32 chain_arg = 0; /* the netfilter hook */

#ifdef TYPED_ARGUMENTS

/*
 * In assembly, because the compiler would turn the choice between positions into
 * a computed one, which the verifier refuses.
 */
#define ARGUMENT(index)                                                 \
	({                                                              \
		__u64 __value;                                          \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                   \
			     : "=r"(__value)                            \
			     : "r"(ctx), "i"((index) * sizeof(__u64))); \
		__value;                                                \
	})

#else

/* A literal: each is another register. */
#define ARGUMENT(index) BPF_CORE_READ(ctx, ARGUMENT_##index)
#define ARGUMENT_0 FIRST_ARGUMENT
#define ARGUMENT_1 SECOND_ARGUMENT
#define ARGUMENT_2 THIRD_ARGUMENT
#define ARGUMENT_3 FOURTH_ARGUMENT

#endif

/* The verifier knows the position, and keeps one branch. */
#define ARGUMENT_AT(position)                     \
	({                                        \
		__u64 __argument = 0;             \
		if ((position) == 1)              \
			__argument = ARGUMENT(0); \
		else if ((position) == 2)         \
			__argument = ARGUMENT(1); \
		else if ((position) == 3)         \
			__argument = ARGUMENT(2); \
		else if ((position) == 4)         \
			__argument = ARGUMENT(3); \
		__argument;                       \
	})

#endif
