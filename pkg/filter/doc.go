// Package filter decides which events a person asked to see.
//
// It works on decoded events, after the kernel has counted them: what a filter
// hides is still in the totals, as "not shown". Package tracer gives the kernel
// side as much of it as that can do; what comes through is filtered again here.
//
// The trap to avoid: finding the owner of a socket is expensive, and most
// filters do not need it. Ask MatchBeforeOwner first and look up the owner only
// of what passes; then MatchOwner and MatchPlace decide the rest.
package filter
