// Package event holds the vocabulary of rsttrace: what a RST event is, the
// evidence its cause was decided from, and whose socket it was.
//
// It depends on nothing but the standard library and knows neither BPF nor
// output formats: the probe package fills events, cause explains them, owner
// names the process, sinks print them.
//
// The trap to avoid: in these types the zero value means "not known". A number
// that may truly be zero lives in a struct whose Known field says so.
package event
