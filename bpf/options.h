/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options of a TCP header. */
#ifndef RSTTRACE_OPTIONS_H
#define RSTTRACE_OPTIONS_H

#include "access.h"

#define TCP_OPTIONS 40 /* at most */

#define TCPOPT_END 0
#define TCPOPT_NOP 1
#define TCPOPT_MD5SIG 19
#define TCPOPT_AO 29
#define TCPOPT_MPTCP 30
#define MPTCPOPT_MP_JOIN 1
#define MPTCPOPT_MP_TCPRST 8
#define MP_TCPRST_SIZE 4

enum option {
	OPTION_SIGNATURE = 1, /* MD5 or AO */
	OPTION_MP_JOIN = 2,
	OPTION_MP_TCPRST = 4,
	OPTION_REASON_SHIFT = 8, /* above the set: the reason of MP_TCPRST */
};

/*
 * Which of the options that matter there are, as a set, and the reason of a RST.
 * Global, so that the verifier goes through the loop once and not once for every
 * packet and socket that may come with it.
 */
__attribute__((noinline, weak)) __u64 options_at(__u64 address, __u64 len)
{
	__u8 options[64] = {};
	__u32 found = 0;
	__u32 at = 0;

	if (len > TCP_OPTIONS ||
	    bpf_probe_read_kernel(options, (__u32)len & 63, (const void *)address))
		return 0;
	/* Any option but NOP and END is at least two bytes long. */
	for (int i = 0; i < TCP_OPTIONS; i++) {
		at = opaque(at);
		if (at + 1 >= len || at >= TCP_OPTIONS)
			break;
		__u8 kind = options[at & 63];
		if (kind == TCPOPT_END)
			break;
		if (kind == TCPOPT_NOP) {
			at++;
			continue;
		}
		__u8 size = options[(at + 1) & 63];
		if (size < 2)
			break;
		if (kind == TCPOPT_MD5SIG || kind == TCPOPT_AO)
			found |= OPTION_SIGNATURE;
		__u8 subtype = options[(at + 2) & 63] >> 4;
		if (kind == TCPOPT_MPTCP && subtype == MPTCPOPT_MP_JOIN)
			found |= OPTION_MP_JOIN;
		if (kind == TCPOPT_MPTCP && subtype == MPTCPOPT_MP_TCPRST && size == MP_TCPRST_SIZE)
			found |= OPTION_MP_TCPRST | (__u32)options[(at + 3) & 63]
							    << OPTION_REASON_SHIFT;
		found = opaque(found);
		at += size;
	}
	return found;
}

#endif
