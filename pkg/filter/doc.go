// Package filter decides which events a person asked to see.
//
// It works on decoded events, after the kernel has counted them: what a filter
// hides is still in the totals, as "not shown". Package tracer gives the kernel
// side as much of it as that can do; what comes through is filtered again here.
//
// A Filter does not change once it is parsed: any number of goroutines may use it.
// It keeps no event. The sink of Stage remembers which events it let pass: like
// every sink it is for one goroutine.
//
// The trap to avoid: finding the owner of a socket is expensive, and most
// filters do not need it. Ask Decide first with what is known without an owner,
// and look for owners only of events that it does not refuse.
package filter
