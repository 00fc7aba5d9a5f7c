// Package audit holds RST events against the kernel's own counters.
//
// The kernel counts the resets it sends, and several of their causes, per
// network namespace. An [Equation] states which events a counter must agree
// with, and its exceptions; an [Auditor] holds the events of the whole host
// against the counters of all namespaces while it traces, [Check] those of one
// namespace. The trap to avoid: the kernel has no counter of
// received RSTs, and some counters (TCPAbortOnTimeout, TCPAbortOnData) also
// count cases in which no RST is sent.
package audit
