package probe

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// fentry attaches to the entry of a function through a BPF trampoline. Its target
// is part of loading: the verifier takes the types of the arguments from it.
type fentry struct{}

func (fentry) offered() error { return nil }

func (fentry) function(h *hook, t *target) (string, error) {
	if t.typed == "" {
		return h.name(), nil // loading says what is missing
	}
	return t.typed, t.legible(h)
}

func (fentry) arguments(t *target) map[string]uint32 { return t.arguments }

func (fentry) prepare(spec *ebpf.ProgramSpec, function string) { spec.AttachTo = function }

func (fentry) attach(program *ebpf.Program, _ string) (link.Link, error) {
	return link.AttachTracing(link.TracingOptions{Program: program})
}

func (fentry) missed(link.Link) uint64 { return 0 }

func (fentry) facility() string {
	return "BPF trampolines for fentry (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)"
}
