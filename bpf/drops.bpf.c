//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The drop hook: incoming RSTs that end where no function can be hooked. The
 * socket may be NULL, or come from a note, so nothing here is typed.
 */
#include "drops.h"

SEC("tp_btf/kfree_skb")
int drops_kfree_skb(__u64 *ctx)
{
	struct drop drop = {};

	if (drop_has_reason) {
		drop.reason = ctx[2];
		if (!has_reason_in(drop_reasons, drop.reason))
			return 0;
	}
	drop.location = ctx[1];
	drop.skb = (struct sk_buff *)number_of((void *)ctx[0]);
	if (drop_has_socket)
		drop.sk = (struct sock *)number_of((void *)ctx[3]);
	else if (callers[0].start && !function_at(drop.location))
		return 0; /* a kernel that hides its addresses leaves it to reasons and notes */
	return dropped(ctx, &drop);
}

char _license[] SEC("license") = "Dual BSD/GPL";
