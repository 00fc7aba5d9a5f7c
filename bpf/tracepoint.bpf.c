//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attach method tracepoint: the kernel's own tcp_send_reset and
 * tcp_receive_reset with BTF types, for kernels that refuse fentry and kprobes.
 * The first stands behind all silent returns of the reply functions (and, for
 * active resets, behind the transmission); the second never passes the packet.
 */
#define TYPED_ARGUMENTS
#include "gather.h"

/* Does this tracepoint serve the hook that the event belongs to? */
static __always_inline bool serves(struct sk_buff *skb, __u8 *hook)
{
	unsigned char *head = skb ? BPF_CORE_READ(skb, head) : NULL;
	__u8 version = 0;

	if (!head) {
		*hook = HOOK_SEND_ACTIVE;
		return tracepoint_serves_active;
	}
	*hook = HOOK_SEND_REPLY;
	bpf_probe_read_kernel(&version, sizeof(version), head + BPF_CORE_READ(skb, network_header));
	return version >> 4 == 6 ? tracepoint_serves_reply6 : tracepoint_serves_reply4;
}

SEC("tp_btf/tcp_send_reset")
int tracepoint_send(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct sk_buff *skb = UNTYPED((struct sk_buff *)ctx[1]);
	__u8 reason = 0, hook;

	if (reply_reason_arg)
		reason = ctx[2] + 1;
	if (!serves(skb, &hook))
		return 0;
	if (hook == HOOK_SEND_ACTIVE)
		return send_active(ctx, sk, reason);
	return send_reply(ctx, sk, skb, reason, false);
}

SEC("tp_btf/tcp_receive_reset")
int tracepoint_receive(__u64 *ctx)
{
	return receive(ctx, (struct sock *)ctx[0], NULL);
}

char _license[] SEC("license") = "Dual BSD/GPL";
