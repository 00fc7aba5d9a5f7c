//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Attach method kprobe: all arguments, as numbers, on any kernel with CONFIG_KPROBES. */
#include "gather.h"

#define SOCK (struct sock *)BPF_CORE_READ(ctx, FIRST_ARGUMENT)
#define SKB (struct sk_buff *)BPF_CORE_READ(ctx, SECOND_ARGUMENT)
#define REASON(position)                                             \
	((position) == 2 ? BPF_CORE_READ(ctx, THIRD_ARGUMENT) + 1 :  \
	 (position) == 1 ? BPF_CORE_READ(ctx, SECOND_ARGUMENT) + 1 : \
			   0)

SEC("kprobe/tcp_send_active_reset")
int kprobe_send_active(struct pt_regs *ctx)
{
	return send_active(ctx, SOCK, REASON(active_reason_arg));
}

SEC("kprobe/tcp_v4_send_reset")
int kprobe_send_reply4(struct pt_regs *ctx)
{
	return send_reply(SOCK, SKB, REASON(reply_reason_arg), true);
}

SEC("kprobe/tcp_v6_send_reset")
int kprobe_send_reply6(struct pt_regs *ctx)
{
	return send_reply(SOCK, SKB, REASON(reply_reason_arg), true);
}

SEC("kprobe/tcp_reset")
int kprobe_receive(struct pt_regs *ctx)
{
	struct sk_buff *skb = NULL;

	if (reset_has_packet)
		skb = SKB;
	return receive(ctx, SOCK, skb);
}

char _license[] SEC("license") = "Dual BSD/GPL";
