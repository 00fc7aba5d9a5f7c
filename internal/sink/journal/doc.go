// Package journal writes to the journal of systemd, in its native protocol: each item is an
// entry with fields of its own, so "journalctl RSTTRACE_CAUSE=closed-port" finds it.
//
// If journald is away or does not read, an item is refused with a *sink.RetryError. So a
// queue belongs in front of this sink (package queued).
//
// The trap to avoid: names of processes are chosen by anybody, and a line break in a value
// would begin a field of the writer's choice. Such values go in the binary form.
package journal
