/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which end opened a connection, from what the socket itself has. */
#ifndef RSTTRACE_ROLE_H
#define RSTTRACE_ROLE_H

#include "access.h"
#include "record.h"

/*
 * connect marks a port that it chose, and listen leaves its limit on the sockets of
 * all connections that come in. A socket may have called listen itself, and connect
 * after that. It still has its port then, unless connect chose that.
 *
 * The kernel takes the port from a socket that closes, so a client may be unknown.
 */
static __always_inline enum role role_by_port(struct tcp_sock *tcp)
{
	bool chosen = false;
	bool listened = READ_SOCK(tcp, sk_max_ack_backlog) &&
			!(READ_BITS(tcp, inet_conn.icsk_inet.sk.sk_userlocks) & SOCK_BINDPORT_LOCK);

	if (bpf_core_field_exists(tcp->inet_conn.icsk_bind_hash->fastreuse)) {
		struct inet_bind_bucket *port = READ(tcp, inet_conn.icsk_bind_hash);

		chosen = READ(port, fastreuse) < 0;
	}
	if (listened)
		return chosen ? ROLE_UNKNOWN : ROLE_SERVER;
	return chosen ? ROLE_CLIENT : ROLE_UNKNOWN;
}

#endif
