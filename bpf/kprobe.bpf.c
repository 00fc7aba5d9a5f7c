//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attach method kprobe: all arguments, as numbers, on any kernel with CONFIG_KPROBES.
 * Which function a program is attached to, and where its arguments are, is in the
 * loader's table of hooks.
 */
#include "arguments.h"
#include "rst_target.h"
#include "gather.h"
#include "reject.h"

#define SOCK ((struct sock *)ARGUMENT_AT(sock_arg))
#define PACKET ((struct sk_buff *)ARGUMENT_AT(packet_arg))
/* A kernel's reason starts at 0; in evidence 0 means "none". */
#define REASON (reason_arg ? ARGUMENT_AT(reason_arg) + 1 : 0)

SEC("kprobe")
int kprobe_send_active(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_active(ctx, sk, (__u64)sk, REASON);
}

SEC("kprobe")
int kprobe_send_reply4(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, (__u64)sk, PACKET, REASON, true);
}

SEC("kprobe")
int kprobe_send_reply6(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return send_reply(ctx, sk, (__u64)sk, PACKET, REASON, true);
}

SEC("kprobe")
int kprobe_receive(struct pt_regs *ctx)
{
	struct sock *sk = SOCK;

	return receive(ctx, sk, (__u64)sk, PACKET);
}

/* Which socket a RST is for: see rst_target.h. */

SEC("kprobe")
int kprobe_note_request(struct pt_regs *ctx)
{
	return note_request(SOCK, PACKET, (void *)ARGUMENT_AT(request_arg));
}

SEC("kprobe")
int kprobe_note_time_wait(struct pt_regs *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

SEC("kprobe")
int kprobe_note_validate(struct pt_regs *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

SEC("kprobe")
int kprobe_note_state(struct pt_regs *ctx)
{
	return note_rst_target(PACKET, SOCK);
}

/*
 * Firewall rules: (net, sk, oldskb, hook), or without sk before 5.10. Where the
 * module has no BTF nothing says which, but only one of the two is a packet.
 */
static __always_inline int reject_rule(struct pt_regs *ctx)
{
	if (packet_arg)
		return reject(ctx, PACKET, ARGUMENT_AT(chain_arg));

	struct sk_buff *skb = (struct sk_buff *)ARGUMENT(2);
	if (BPF_CORE_READ(skb, head))
		return reject(ctx, skb, ARGUMENT(3));
	return reject(ctx, (struct sk_buff *)ARGUMENT(1), ARGUMENT(2));
}

SEC("kprobe")
int kprobe_reject4(struct pt_regs *ctx)
{
	return reject_rule(ctx);
}

SEC("kprobe")
int kprobe_reject6(struct pt_regs *ctx)
{
	return reject_rule(ctx);
}

/* In a bridge or a device's ingress. */

SEC("kprobe")
int kprobe_reject_link4(struct pt_regs *ctx)
{
	return reject_link(ctx, PACKET, ARGUMENT_AT(device_arg), ARGUMENT_AT(chain_arg));
}

SEC("kprobe")
int kprobe_reject_link6(struct pt_regs *ctx)
{
	return reject_link(ctx, PACKET, ARGUMENT_AT(device_arg), ARGUMENT_AT(chain_arg));
}

char _license[] SEC("license") = "Dual BSD/GPL";
