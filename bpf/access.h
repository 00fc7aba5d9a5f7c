/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How kernel memory is read.
 *
 * fentry and BTF tracepoints know the type of a socket and of a packet, so
 * both are read with plain loads, which cost about a nanosecond. A kprobe only
 * has numbers and must ask a helper for every read. The file that includes
 * this says which one it is: #define TYPED_ARGUMENTS.
 *
 * Where a pointer may be NULL although the verifier of some kernel thinks that
 * it cannot be (raw tracepoint arguments of 6.4 to 6.12), or where the object
 * may be smaller than its type, read with BPF_CORE_READ: it fails softly and
 * gives 0.
 */
#ifndef RSTTRACE_ACCESS_H
#define RSTTRACE_ACCESS_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

#ifdef TYPED_ARGUMENTS
#define READ(pointer, field) ((pointer)->field)
#define READ_BITS(pointer, field) BPF_CORE_READ_BITFIELD(pointer, field)
#else
#define READ(pointer, field) BPF_CORE_READ(pointer, field)
#define READ_BITS(pointer, field) BPF_CORE_READ_BITFIELD_PROBED(pointer, field)
#endif

/* Fields of the types that a tcp_sock begins with. */
#define READ_SOCK(tcp, field) READ(tcp, inet_conn.icsk_inet.sk.field)
#define READ_COMMON(tcp, field) READ(tcp, inet_conn.icsk_inet.sk.__sk_common.field)
#define READ_INET(tcp, field) READ(tcp, inet_conn.icsk_inet.field)

/* Its own address: the one pointer that is known as a number too. */
static volatile __u64 self_addr;

static __always_inline __u64 self_number(void)
{
	if (!self_addr)
		self_addr = (__u64)&self_addr;
	return self_addr;
}

/*
 * A pointer as a number. The verifier forbids pointer arithmetic, except
 * subtracting one pointer from another.
 */
static __always_inline __u64 number_of(const void *pointer)
{
	__u64 number = (__u64)pointer;

	asm volatile("%0 -= %1" : "+r"(number) : "r"(&self_addr));
	return number + self_number();
}

/*
 * The same number, forgotten by the verifier. It follows each combination of
 * facts separately for as long as it knows them, which takes it hundreds of
 * milliseconds; a global function's result it takes for any number.
 */
__attribute__((noinline, weak)) __u64 opaque(__u64 number)
{
	asm volatile("" : "+r"(number));
	return number;
}

/* The address of a kernel object; without typed arguments it is a number anyway. */
static __always_inline __u64 address_of(const void *pointer)
{
#ifdef TYPED_ARGUMENTS
	return number_of(pointer);
#else
	return (__u64)pointer;
#endif
}

/*
 * An argument of a raw tracepoint as a number. Of some pointers kernels know
 * that they may be none, and take them for numbers (info of signal_generate on
 * 7.3): then the verifier refuses what number_of does.
 */
static __always_inline __u64 argument(const __u64 *ctx, int position)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &ctx[position]);
	return number;
}

/*
 * The same pointer without its type, for BPF_CORE_READ: the verifier refuses
 * to add an offset to a pointer that it knows may be NULL.
 */
#define UNTYPED(pointer) ((typeof(pointer))address_of(pointer))

/* In assembly, so that the register that is checked is the one that is used: see WITHIN. */
#define AT_MOST(most, number)                                                              \
	({                                                                                 \
		__u64 __number = (number);                                                 \
		asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(__number) : "i"(most)); \
		__number;                                                                  \
	})

/*
 * The full TCP socket behind a typed sk whose address is known, or NULL. Only
 * the address says reliably that there is a socket at all.
 */
static __always_inline struct tcp_sock *full_socket(struct sock *sk, __u64 address)
{
	if (!address || !sk)
		return NULL;
#ifdef TYPED_ARGUMENTS
	return bpf_skc_to_tcp_sock(sk);
#else
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (state == 0 || state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV)
		return NULL;
	return (struct tcp_sock *)sk;
#endif
}

#endif
