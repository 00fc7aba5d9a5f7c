// Package tracer is rsttrace as a library: it attaches to the kernel and gives a
// stream of explained events.
//
//	t, err := tracer.Open(tracer.Options{})
//	if err != nil { ... }
//	defer t.Close()
//	for e, err := range t.Events(ctx) { ... }
//
// # Time
//
// Events come in the order of their hooks. One waits at most 8 ms for the event of
// the other end, 100 ms for its owner, and 2 s if the search for owners has not
// looked for it yet. Those behind it wait, too.
//
// # Lifetime
//
// An event is valid until the sink returns, or until the loop asks for the next
// one. Its memory is then used again: Clone keeps a copy. The same is true of all
// else that a sink gets. A Tracer runs once. After Close, Run and Totals return
// ErrClosed, and AskTotals does nothing.
//
// # Goroutines
//
// Run calls the sink in the goroutine of its caller. A Tracer is for one goroutine,
// except AskTotals, Hooks and Limits: any goroutine may call these at any time.
// Options.Warn is called in the goroutine of Run, too. To end Run from elsewhere,
// end its context. Call Close only after Run has returned.
//
// # Slow consumers
//
// The kernel never waits for a sink. While a sink works, records wait in the ring.
// If the ring is full, details are lost and the sink gets a Loss that says how many.
// Totals stay exact, since the kernel counts an event before it sends it. If a sink
// may be slow, give it a queue and clone what goes into the queue. Options.MaxRate
// and Options.RingSize help against storms.
package tracer
