//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Attach method kprobe: all arguments, as numbers, on any kernel with CONFIG_KPROBES. */
#include "rst_target.h"
#include "gather.h"
#include "reject.h"

#define SOCK (struct sock *)BPF_CORE_READ(ctx, FIRST_ARGUMENT)
#define SKB (struct sk_buff *)BPF_CORE_READ(ctx, SECOND_ARGUMENT)
#define REASON(position)                                             \
	((position) == 2 ? BPF_CORE_READ(ctx, THIRD_ARGUMENT) + 1 :  \
	 (position) == 1 ? BPF_CORE_READ(ctx, SECOND_ARGUMENT) + 1 : \
			   0)

SEC("kprobe/tcp_send_active_reset")
int kprobe_send_active(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_active(ctx, sk, (__u64)sk, REASON(active_reason_arg));
}

SEC("kprobe/tcp_v4_send_reset")
int kprobe_send_reply4(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, (__u64)sk, SKB, REASON(reply_reason_arg), true);
}

SEC("kprobe/tcp_v6_send_reset")
int kprobe_send_reply6(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, (__u64)sk, SKB, REASON(reply_reason_arg), true);
}

SEC("kprobe/tcp_reset")
int kprobe_receive(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;
	struct sk_buff *skb = NULL;

	if (reset_has_packet)
		skb = SKB;
	return receive(ctx, sk, (__u64)sk, skb);
}

/* Which socket a RST is for: see rst_target.h. */

SEC("kprobe/tcp_check_req")
int kprobe_note_request(struct pt_regs *ctx)
{
	return note_request(SOCK, SKB, (void *)BPF_CORE_READ(ctx, THIRD_ARGUMENT));
}

SEC("kprobe/tcp_timewait_state_process")
int kprobe_note_time_wait(struct pt_regs *ctx)
{
	return note_rst_target(SKB, SOCK);
}

SEC("kprobe/tcp_validate_incoming")
int kprobe_note_validate(struct pt_regs *ctx)
{
	return note_rst_target(SKB, SOCK);
}

SEC("kprobe/tcp_rcv_state_process")
int kprobe_note_state(struct pt_regs *ctx)
{
	return note_rst_target(SKB, SOCK);
}

/*
 * Firewall rules: (net, sk, oldskb, hook), or without sk before 5.10. Where the
 * module has no BTF nothing says which, but only one of the two is a packet.
 */
static __always_inline int reject_rule(struct pt_regs *ctx)
{
	struct sk_buff *skb = (struct sk_buff *)BPF_CORE_READ(ctx, THIRD_ARGUMENT);

	if (BPF_CORE_READ(skb, head))
		return reject(ctx, skb, BPF_CORE_READ(ctx, FOURTH_ARGUMENT));
	return reject(ctx, SKB, BPF_CORE_READ(ctx, THIRD_ARGUMENT));
}

SEC("kprobe/nf_send_reset")
int kprobe_reject4(struct pt_regs *ctx)
{
	return reject_rule(ctx);
}

SEC("kprobe/nf_send_reset6")
int kprobe_reject6(struct pt_regs *ctx)
{
	return reject_rule(ctx);
}

/* In a bridge or a device's ingress: (net, oldskb, dev, hook). */

SEC("kprobe/nf_reject_skb_v4_tcp_reset")
int kprobe_reject_link4(struct pt_regs *ctx)
{
	return reject_link(ctx, SKB, BPF_CORE_READ(ctx, THIRD_ARGUMENT),
			   BPF_CORE_READ(ctx, FOURTH_ARGUMENT));
}

SEC("kprobe/nf_reject_skb_v6_tcp_reset")
int kprobe_reject_link6(struct pt_regs *ctx)
{
	return reject_link(ctx, SKB, BPF_CORE_READ(ctx, THIRD_ARGUMENT),
			   BPF_CORE_READ(ctx, FOURTH_ARGUMENT));
}

char _license[] SEC("license") = "Dual BSD/GPL";
