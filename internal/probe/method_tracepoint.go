package probe

import (
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// tracepoint attaches to a tracepoint with BTF types, and to BPF iterators, which
// the kernel treats alike.
type tracepoint struct{}

func (tracepoint) offered() error { return nil }

func (tracepoint) function(h *hook, _ *target) (string, error) {
	_, name, _ := strings.Cut(h.tracepoint, ":")
	return name, nil
}

func (tracepoint) arguments(t *target) map[string]uint32 { return t.traced }

// prepare leaves an iterator what its section says.
func (tracepoint) prepare(spec *ebpf.ProgramSpec, name string) {
	if name != "" {
		spec.AttachTo = name
	}
}

func (tracepoint) attach(program *ebpf.Program, _ string) (link.Link, error) {
	return link.AttachTracing(link.TracingOptions{Program: program})
}

func (tracepoint) missed(link.Link) uint64 { return 0 }

func (tracepoint) facility() string {
	return "BTF tracepoints (CONFIG_DEBUG_INFO_BTF, CONFIG_TRACEPOINTS)"
}
