// Package probe is the kernel side of rsttrace: it loads the BPF programs,
// chooses how each hook is reached, reads records and counters, and decodes
// them into events without a cause or an owner. It is the only package that
// knows cilium/ebpf.
//
// Needs Linux 5.8 (ring buffer) with BTF, and CAP_BPF with CAP_PERFMON, or root.
//
// The trap to avoid: never attach first and count later. Counters are the
// truth, records are the details; whatever is added between a hook and the
// ring buffer comes after count_evidence in bpf/report.h.
package probe
