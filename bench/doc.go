// Command bench measures what rsttrace costs the traffic of a machine, and
// whether its totals are exact meanwhile. README.md has the method and the
// results of "make bench".
//
// The load runs on one thread in a network namespace of its own, over loopback.
// Every traced slice of time has an untraced one beside it, and what counts is
// their ratio. The trap to avoid: two runs that are the same differ by several
// per cent on a virtual machine, so no ratio means anything without that of
// untraced to untraced from the same run.
package main
