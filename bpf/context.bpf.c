//go:build ignore

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Context hooks, whatever the attach method. They run a few times in a
 * connection's life and never for a packet, and leave notes for the reset hooks.
 * The iterators find who holds a socket that a reset was about. One file for each
 * concern, one object: it is parsed once.
 */
#define TYPED_ARGUMENTS
#include "context_cgroup.h"
#include "context_followup.h"
#include "context_holder.h"
#include "context_listener.h"
#include "context_module.h"
#include "context_packets.h"
#include "context_state.h"

char _license[] SEC("license") = "Dual BSD/GPL";
