//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Attach method fentry: all arguments, typed, at the lowest cost. */
#define TYPED_ARGUMENTS
#include "gather.h"

/* volatile: the verifier refuses an argument whose position is computed. */
#define ARGUMENT(position) (*(volatile __u64 *)&ctx[position])

/* A kernel's reason starts at 0; in a verdict 0 means "none". */
#define REASON(position)                         \
	((position) == 2 ? ARGUMENT(2) + 1 : \
	 (position) == 1 ? ARGUMENT(1) + 1 : \
			   0)

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
