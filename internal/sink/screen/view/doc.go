// Package view draws the live screen, and knows what its keys do.
//
// It is pure: a State is a function of the snapshots, keys and sizes that it was given. It
// has no clock, no goroutine and no terminal. What it cannot do itself, such as to write a
// file, is a Request to its caller.
//
// The trap to avoid: names of processes, interfaces and devices are chosen by anybody. A
// line escapes every text that is put into it, and measures it in cells.
package view
