/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who acts on the socket, as far as the kernel side must know: it decides what goes
 * into a record, and filters by the running process. Go has the last word
 * (cause.ActedByOther), and a test compares the two over all recordings.
 */
#ifndef RSTTRACE_ACTOR_H
#define RSTTRACE_ACTOR_H

#include "record.h"

/*
 * Is this a system call on the socket? Either one holds it, or its listener is
 * being ended and nobody had accepted the connection.
 */
static __always_inline bool in_process(const struct evidence *evidence)
{
	return evidence->facts & FACT_OWNED || evidence->caller == CALLER_LISTEN_STOP ||
	       evidence->caller == CALLER_LISTEN_ABORT;
}

/* tcp_abort leaves the state for later; close and disconnect change it first. */
static __always_inline bool is_abort(const struct evidence *evidence)
{
	return evidence->hook == HOOK_SEND_ACTIVE && evidence->state != TCP_CLOSE &&
	       evidence->facts & FACT_OWNED;
}

/*
 * Is the running process, and nobody else, the one that Go will name? A listener
 * that is aborted, and a connection, may have another owner.
 */
static __always_inline bool names_current(const struct evidence *evidence)
{
	return in_process(evidence) && !is_abort(evidence) && evidence->caller != CALLER_ABORT &&
	       evidence->caller != CALLER_LISTEN_ABORT;
}

/* Can the owner still be found through the socket? */
static __always_inline bool holder_wanted(const struct evidence *evidence)
{
	return evidence->facts & FACT_HAS_SOCKET && !(evidence->facts & FACT_REMEMBERED) &&
	       (!in_process(evidence) || is_abort(evidence));
}

#endif
