// Package wire says why a RST happened from packets alone. There is no process, no
// socket and no errno: only what both ends and all devices between them put on the
// wire.
//
// An Engine takes the segments of a capture in their order, follows connections, and
// gives a Verdict for every RST. A table of rules decides (rules.go), and each rule has
// its row in docs/wire.md. Some facts come after the RST: its sender goes on, for
// example. So a RST waits for two seconds of the capture before it is decided.
//
// The package is pure: no I/O, no clock, no goroutine. Its memory is bounded: the
// connection that was quiet longest is forgotten, and counted.
//
// The trap to avoid: a capture may lack any packet. A rule may rest on what was seen,
// and on what is missing only if a packet shows that it would have been captured.
package wire
