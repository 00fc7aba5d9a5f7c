// Package tracing joins the kernel side (probe), the cause (cause), the owner
// (owner) and where that runs (cgroup, netnsname) into a stream of explained
// events. It is what package tracer promises to others, and beside it the session
// of the kernel side, which rsttrace's own commands need.
//
// Everything happens in the goroutine of Run: it reads a batch of records from the
// ring, decides causes, keeps events in a queue while they wait for their owner or
// their other end, and gives them to the sink in the order of their hooks.
//
// The trap to avoid: an event is valid only until the next one is read. What stays
// in the queue longer than its batch is copied.
package tracing
