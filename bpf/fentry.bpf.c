//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Attach method fentry: all arguments, typed, at the lowest cost. */
#define TYPED_ARGUMENTS
#include "rst_target.h"
#include "gather.h"
#include "reject.h"

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

/* A kernel's reason starts at 0; in evidence 0 means "none". */
#define REASON(position) ((position) == 2 ? ARGUMENT(2) + 1 : (position) == 1 ? ARGUMENT(1) + 1 : 0)

SEC("fentry/tcp_send_active_reset")
int fentry_send_active(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	return send_active(ctx, sk, number_of(sk), REASON(active_reason_arg));
}

SEC("fentry/tcp_v4_send_reset")
int fentry_send_reply4(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	return send_reply(ctx, sk, number_of(sk), (struct sk_buff *)ctx[1],
			  REASON(reply_reason_arg), true);
}

SEC("fentry/tcp_v6_send_reset")
int fentry_send_reply6(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];

	return send_reply(ctx, sk, number_of(sk), (struct sk_buff *)ctx[1],
			  REASON(reply_reason_arg), true);
}

SEC("fentry/tcp_reset")
int fentry_receive(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	struct sk_buff *skb = NULL;

	if (reset_has_packet)
		skb = (struct sk_buff *)ctx[1];
	return receive(ctx, sk, number_of(sk), skb);
}

/* Which socket a RST is for: see rst_target.h. */

SEC("fentry/tcp_check_req")
int fentry_note_request(__u64 *ctx)
{
	return note_request((struct sock *)ctx[0], (struct sk_buff *)ctx[1], (void *)ctx[2]);
}

SEC("fentry/tcp_timewait_state_process")
int fentry_note_time_wait(__u64 *ctx)
{
	return note_rst_target((struct sk_buff *)ctx[1], (void *)ctx[0]);
}

SEC("fentry/tcp_validate_incoming")
int fentry_note_validate(__u64 *ctx)
{
	return note_rst_target((struct sk_buff *)ctx[1], (void *)ctx[0]);
}

SEC("fentry/tcp_rcv_state_process")
int fentry_note_state(__u64 *ctx)
{
	return note_rst_target((struct sk_buff *)ctx[1], (void *)ctx[0]);
}

/* Firewall rules: (net, sk, oldskb, hook), or without sk before 5.10. */

static __always_inline int reject_rule(__u64 *ctx)
{
	if (reject_packet_arg == 2)
		return reject(ctx, (struct sk_buff *)ARGUMENT(2), ARGUMENT(3));
	return reject(ctx, (struct sk_buff *)ARGUMENT(1), ARGUMENT(2));
}

SEC("fentry/nf_send_reset")
int fentry_reject4(__u64 *ctx)
{
	return reject_rule(ctx);
}

SEC("fentry/nf_send_reset6")
int fentry_reject6(__u64 *ctx)
{
	return reject_rule(ctx);
}

/* In a bridge or a device's ingress: (net, oldskb, dev, hook). */

SEC("fentry/nf_reject_skb_v4_tcp_reset")
int fentry_reject_link4(__u64 *ctx)
{
	return reject_link(ctx, (struct sk_buff *)ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

SEC("fentry/nf_reject_skb_v6_tcp_reset")
int fentry_reject_link6(__u64 *ctx)
{
	return reject_link(ctx, (struct sk_buff *)ARGUMENT(1), ARGUMENT(2), ARGUMENT(3));
}

char _license[] SEC("license") = "Dual BSD/GPL";
