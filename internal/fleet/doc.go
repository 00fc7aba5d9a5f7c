// Package fleet makes up what the tracers of many hosts write, with the truth beside it: hosts
// with clocks that are wrong and drift, networks that lose RSTs and translate addresses,
// somebody who forges RSTs, and tracers that filter, lose and begin late. It is for tests, and
// for measuring what takes such streams.
//
// Everything follows from the seed. The trap to avoid: a world that is kinder than the real
// one proves nothing. So each thing that can hide or imitate an end of a RST is in it.
package fleet
