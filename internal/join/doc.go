// Package join brings the two ends of a RST together that two hosts have seen. It takes the
// items of all hosts, by time, and passes them on with what the other end knows: a stage, as
// findings are one.
//
// The rules are those of docs/fleet.md. It is pure: no I/O and no clock, and its memory is
// bounded. merge.go, which reads many files at once, is beside it.
//
// The trap to avoid: that a host has no event proves nothing. It may not have looked, may
// have lost it, or may not be traced. So nothing is said of it unless its coverage shows that
// it would have had the event. And where two RSTs fit, none is chosen.
package join
