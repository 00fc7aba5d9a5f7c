//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attach method fentry: all arguments, typed, at the lowest cost. Which function a
 * program is attached to, and where its arguments are, is in the loader's table of
 * hooks.
 */
#define TYPED_ARGUMENTS
#include "arguments.h"
#include "rst_target.h"
#include "gather.h"
#include "reject.h"

#define SOCK ((struct sock *)ARGUMENT_AT(sock_arg))
#define PACKET ((struct sk_buff *)ARGUMENT_AT(packet_arg))
/* A kernel's reason starts at 0; in evidence 0 means "none". */
#define REASON (reason_arg ? ARGUMENT_AT(reason_arg) + 1 : 0)

SEC("fentry")
int fentry_send_active(__u64 *ctx)
{
	struct sock *sk = SOCK;

	return send_active(ctx, sk, number_of(sk), REASON);
}

SEC("fentry")
int fentry_send_reply4(__u64 *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, number_of(sk), PACKET, REASON, true);
}

SEC("fentry")
int fentry_send_reply6(__u64 *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, number_of(sk), PACKET, REASON, true);
}

SEC("fentry")
int fentry_receive(__u64 *ctx)
{
	struct sock *sk = SOCK;

	return receive(ctx, sk, number_of(sk), PACKET);
}

/* Which socket a RST is for: see rst_target.h. */

SEC("fentry")
int fentry_note_request(__u64 *ctx)
{
	return note_request(SOCK, PACKET, (void *)ARGUMENT_AT(request_arg));
}

SEC("fentry")
int fentry_note_time_wait(__u64 *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

SEC("fentry")
int fentry_note_validate(__u64 *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

SEC("fentry")
int fentry_note_state(__u64 *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

/* Firewall rules. */

SEC("fentry")
int fentry_reject4(__u64 *ctx)
{
	return reject(ctx, PACKET, ARGUMENT_AT(chain_arg));
}

SEC("fentry")
int fentry_reject6(__u64 *ctx)
{
	return reject(ctx, PACKET, ARGUMENT_AT(chain_arg));
}

/* In a bridge or a device's ingress. */

SEC("fentry")
int fentry_reject_link4(__u64 *ctx)
{
	return reject_link(ctx, PACKET, ARGUMENT_AT(device_arg), ARGUMENT_AT(chain_arg));
}

SEC("fentry")
int fentry_reject_link6(__u64 *ctx)
{
	return reject_link(ctx, PACKET, ARGUMENT_AT(device_arg), ARGUMENT_AT(chain_arg));
}

char _license[] SEC("license") = "Dual BSD/GPL";
