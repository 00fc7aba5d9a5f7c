// Package tracer is rsttrace as a library: it joins the kernel side (probe),
// the cause (cause), the owner (owner) and where that runs (cgroup, netnsname)
// into a stream of explained events.
//
//	t, err := tracer.Open(tracer.Options{})
//	if err != nil { ... }
//	defer t.Close()
//	for e, err := range t.Events(ctx) { ... }
//
// Events come in the order of their hooks. One waits at most 8 ms for the event of
// the other end, 100 ms for its owner, and 2 s if the search for owners has not
// looked for it yet. Those behind it wait, too.
//
// The trap to avoid: an event is valid only until the next one is asked for.
package tracer
