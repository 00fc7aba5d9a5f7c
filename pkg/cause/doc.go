// Package cause decides why a RST happened and says so in words.
//
// It has two halves. The catalogue (All, Lookup) is data: one Entry for every
// cause, from which explain pages, docs and metric labels are generated. The
// classifier (Classify) is a pure, total function from event.Evidence to one
// entry of that catalogue: an ordered table of rules per kernel hook, the first
// that holds decides. Explain joins both and writes an event's text; an Explainer
// does it for a stream of events, and allocates nothing for those that come in
// storms.
//
// Classify, Explain and the catalogue may be used from any goroutine: they keep no
// event, and the catalogue does not change. An Explainer is for one goroutine. What
// it has written into an event stays valid.
//
// The trap to avoid: a rule must never lean on a kernel version, a number or
// another event. Stable kernels move behaviour across versions, and equal
// evidence is counted under one key in the kernel: two events with equal
// evidence must have the same cause.
package cause
