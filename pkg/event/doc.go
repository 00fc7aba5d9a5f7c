// Package event holds the vocabulary of rsttrace: what a RST event is, the
// evidence its cause was decided from, and whose socket it was.
//
// It depends on nothing but the standard library and knows neither BPF nor
// output formats: the probe package fills events, cause explains them, owner
// names the process, sinks print them.
//
// # Lifetime
//
// What a source gives to a sink is valid until the sink's method returns: the
// source uses the memory again. A sink that keeps an event keeps its Clone, which
// shares no memory with it that changes. In a loop over Events, an event is valid
// until the loop asks for the next one.
//
// # Goroutines
//
// A source calls its sink in one goroutine, that of Run. So a sink needs no lock,
// unless something else uses it, too. Tee and stages start no goroutine. A clone
// may go to another goroutine.
//
// # Slow consumers
//
// A source waits for its sink. A Reader reads on when the sink returns, and loses
// nothing. A live source cannot stop the kernel: if its buffer is full, it gives
// a Loss that says how many events it lost.
//
// The trap to avoid: in these types the zero value means "not known". A number
// that may truly be zero lives in a struct whose Known field says so.
package event
