// Package finding turns events into incidents. Its Stage is a sink with another one
// behind it: it passes on all that it is given, and adds an event.Finding when an
// incident begins, grows and ends, and all findings, ranked, before totals.
//
// A reset has one reset in a finding, also where both of its ends are on this host:
// the end that acted gives the reason, the end that suffered is a clause of it. Resets
// of the same reason, actor, server and client are one finding. A table of patterns
// diagnoses it from the numbers of the whole group.
//
// The package is pure: no kernel, no clock, no goroutine, no map order. The same items
// give the same findings, live and from a recording. Its memory is bounded.
//
// The trap to avoid: a pattern may accuse a side only of what events prove. Where the
// other end was not seen, it says so and is likely at most.
package finding
