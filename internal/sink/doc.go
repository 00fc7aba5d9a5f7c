// Package sink holds what every output format shares: the totals that are
// printed at the end, and a buffer that writes whole lines.
//
// The formats are packages below: text for people, jsonl for programs, and others. Each has
// New(w, Options), which returns an event.Sink.
//
// The trap to avoid: sinks never flush on their own account of time. Whoever
// reads events calls Flush when none is waiting, so that every line is out
// within 100 ms and a storm still costs one write per 64 KB. Sinks are not safe
// for concurrent use.
package sink
