// Package lab makes every cause of the catalogue happen for real, in throw-away
// network namespaces, and says which events a tracer must report for it. Some
// scenarios are about silence: no RST may be reported.
//
// A [Scenario] is played by [Run]. Each end of a connection is a process of its
// own, so that owners can be told apart; a few scenarios need an end that does
// what no kernel would, and play it packet by packet. What the applications
// see (errno, SIGPIPE, exit status) is checked while the scenario runs; what a
// tracer must see is in the [Outcome]. A scenario leaves nothing behind and
// sends no RST that it does not list.
//
// Run returns when all processes have ended and the namespaces are gone, also if
// its context ends early. It calls the functions of Options one at a time. An
// Outcome stays valid. Several Run at once do not disturb each other, except
// scenarios with HostChanges.
//
// The trap to avoid: programs that use this package call [ActorMain] first
// thing in main (and TestMain), because the processes are this very program.
package lab
