// Package tracer is rsttrace as a library: it joins the kernel side (probe),
// the cause (cause), the owner (owner) and where that runs (cgroup, netnsname)
// into a stream of explained events.
//
//	t, err := tracer.Open(tracer.Options{})
//	if err != nil { ... }
//	defer t.Close()
//	for e, err := range t.Events(ctx) { ... }
//
// Events come in the order of their hooks, at most 100 ms after it, or 200 ms
// while they wait for their owner; 2 s where it takes 100 ms and more to walk the
// file tables of the host.
//
// The trap to avoid: an event is valid only until the next one is asked for.
package tracer
