/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * nf_reject_ipv4 and nf_reject_ipv6 are modules on most machines, loaded with
 * the first rule that rejects: their functions are attached to as soon as they
 * come.
 */
#ifndef RSTTRACE_CONTEXT_MODULE_H
#define RSTTRACE_CONTEXT_MODULE_H

#include "ring.h"

SEC("tp_btf/module_load")
int context_module(__u64 *ctx)
{
	struct module *module = (struct module *)ctx[0];
	char name[20] = {};

	BPF_CORE_READ_STR_INTO(&name, module, name);
	if (__builtin_memcmp(name, "nf_reject_ipv", 13))
		return 0;
	struct module_record *record = RESERVE(struct module_record, RECORD_MODULE);
	if (!record)
		return 0;
	__builtin_memcpy(record->name, name, sizeof(name));
	SUBMIT(record);
	return 0;
}

#endif
