//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Attach method fentry: all arguments, typed, at the lowest cost. */
#define TYPED_ARGUMENTS
#include "gather.h"

/*
 * An argument by its position. In assembly, because the compiler would turn the
 * choice between two positions into a computed one, which the verifier refuses.
 */
#define ARGUMENT(position)                                                 \
	({                                                                 \
		__u64 __value;                                             \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                      \
			     : "=r"(__value)                               \
			     : "r"(ctx), "i"((position) * sizeof(__u64))); \
		__value;                                                   \
	})

/* A kernel's reason starts at 0; in a verdict 0 means "none". */
#define REASON(position) ((position) == 2 ? ARGUMENT(2) + 1 : (position) == 1 ? ARGUMENT(1) + 1 : 0)

SEC("fentry/tcp_send_active_reset")
int fentry_send_active(__u64 *ctx)
{
	return send_active(ctx, (struct sock *)ctx[0], REASON(active_reason_arg));
}

SEC("fentry/tcp_v4_send_reset")
int fentry_send_reply4(__u64 *ctx)
{
	return send_reply((struct sock *)ctx[0], (struct sk_buff *)ctx[1], REASON(reply_reason_arg),
			  true);
}

SEC("fentry/tcp_v6_send_reset")
int fentry_send_reply6(__u64 *ctx)
{
	return send_reply((struct sock *)ctx[0], (struct sk_buff *)ctx[1], REASON(reply_reason_arg),
			  true);
}

SEC("fentry/tcp_reset")
int fentry_receive(__u64 *ctx)
{
	struct sk_buff *skb = NULL;

	if (reset_has_packet)
		skb = (struct sk_buff *)ctx[1];
	return receive(ctx, (struct sock *)ctx[0], skb);
}

char _license[] SEC("license") = "Dual BSD/GPL";
