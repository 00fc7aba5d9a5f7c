//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attach method tracepoint: the kernel's own tcp_send_reset and
 * tcp_receive_reset with BTF types, for kernels that refuse fentry and kprobes.
 * The first stands behind all silent returns of the reply functions (and, for
 * active resets, behind the transmission); the second never passes the packet.
 */
#define TYPED_ARGUMENTS
#include "arguments.h"
#include "gather.h"

/* Does this tracepoint serve the reply hook of the packet's family? */
static __always_inline bool serves_reply(struct sk_buff *skb)
{
	__u8 version = 0;

	if (tracepoint_serves_reply4 == tracepoint_serves_reply6)
		return tracepoint_serves_reply4;
	bpf_probe_read_kernel(&version, sizeof(version), skb->head + skb->network_header);
	return version >> 4 == 6 ? tracepoint_serves_reply6 : tracepoint_serves_reply4;
}

/*
 * Either argument may be NULL, and some kernels' verifiers think otherwise:
 * only its address tells.
 */
SEC("tp_btf/tcp_send_reset")
int tracepoint_send(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ARGUMENT_AT(sock_arg);
	struct sk_buff *skb = (struct sk_buff *)ARGUMENT_AT(packet_arg);
	__u8 reason = reason_arg ? ARGUMENT_AT(reason_arg) + 1 : 0;

	if (!number_of(skb))
		return tracepoint_serves_active ? send_active(ctx, sk, number_of(sk), reason) : 0;
	if (!skb || !serves_reply(skb))
		return 0;
	return send_reply(ctx, sk, number_of(sk), skb, reason, false);
}

SEC("tp_btf/tcp_receive_reset")
int tracepoint_receive(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ARGUMENT_AT(sock_arg);

	return receive(ctx, sk, number_of(sk), NULL);
}

char _license[] SEC("license") = "Dual BSD/GPL";
