package probe

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// attachMethod is a way to have a program run where the kernel does something.
// The methods are tried in the order of event.Methods; a new one is a file, a line
// in methods, one in event.Methods, and programs.
type attachMethod interface {
	// offered saves the work of loading a program that can be attached nowhere: it
	// says what the kernel lacks; nil where only an attempt shows.
	offered() error
	// function is what the hook is attached by, or why it cannot be. Events never
	// show this name.
	function(h *hook, t *target) (string, error)
	// arguments are where the program finds the hook's arguments.
	arguments(t *target) map[string]uint32
	// prepare tells a program what it is for, as far as the verifier must know.
	prepare(spec *ebpf.ProgramSpec, function string)
	attach(program *ebpf.Program, function string) (link.Link, error)
	// missed is how often the kernel did not run a program, beyond what the
	// statistics of the program say.
	missed(link.Link) uint64
	// facility is what a kernel must have for it, for people.
	facility() string
}

// methods has all of event.Methods.
var methods = map[event.Method]attachMethod{
	event.Fentry:     fentry{},
	event.Kprobe:     kprobe{},
	event.Tracepoint: tracepoint{},
}

// byFunctionEntry: the program runs when the function is entered, so it also sees
// what the function does without a tracepoint.
func byFunctionEntry(method event.Method) bool {
	return method != "" && method != event.Tracepoint
}
