package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// target is what the running kernel has of a hook.
type target struct {
	// typed is the function as BTF has it; "": BTF does not describe it.
	typed    string
	inModule bool // the BTF of its module describes it
	// symbol is the function as kallsyms has it; "": it is not there, or nobody
	// knows where its arguments are.
	symbol string
	// changed is a clone of it whose arguments nobody knows.
	changed string
	// without is the type of an argument that the program needs and the function does
	// not have, or has where no register is; "": all are there.
	without string
	// arguments are the positions of the hook's arguments in the function, traced
	// in the tracepoint: from 1, by constant.
	arguments, traced map[string]uint32
}

// present reports whether the function can be attached to, or might be.
func (t *target) present() bool { return t.symbol != "" || t.changed != "" }

// findTarget looks for a hook under all its names. module is nil where the hook's
// module has no BTF, or is not loaded. symbols are those of kallsyms by their name
// without what the compiler added; nil where it cannot be read.
func findTarget(h *hook, kernel, module *btf.Spec, symbols map[string][]string) target {
	var t target
	var proto []string
	for _, name := range h.functions {
		if proto = parameters(kernel, name); proto != nil {
			t.typed = name
			break
		}
		if module != nil {
			if proto = parameters(module, name); proto != nil {
				t.typed, t.inModule = name, true
				break
			}
		}
	}
	t.arguments = positions(h.arguments, proto)
	for _, a := range h.arguments {
		if at := t.arguments[a.constant]; a.usual != 0 && (at == 0 || at > argumentsMax) {
			t.without = a.typeName
		}
	}
	if h.tracepoint != "" {
		_, name, _ := strings.Cut(h.tracepoint, ":")
		traced := parameters(kernel, "btf_trace_"+name)
		t.traced = positions(h.arguments, traced[min(1, len(traced)):]) // the first is BPF's own
	}
	t.findSymbol(h, symbols)
	return t
}

// argumentsMax is how many arguments bpf/arguments.h can reach.
const argumentsMax = 4

// legible fails if the program would take something else for an argument.
func (t *target) legible(h *hook) error {
	if t.without == "" {
		return nil
	}
	return fmt.Errorf("%s of this kernel has no %s among its first %d arguments", h.name(), t.without, argumentsMax)
}

// positions finds arguments by type, of a prototype that is nil if it is not known.
func positions(arguments []argument, proto []string) map[string]uint32 {
	found := make(map[string]uint32)
	for _, a := range arguments {
		if proto == nil {
			found[a.constant] = a.usual
		} else {
			found[a.constant] = uint32(slices.Index(proto, a.typeName) + 1)
		}
	}
	return found
}

// findSymbol prefers what has no suffix. A name with a suffix in the table was looked
// at by a person, so it is taken as it is.
func (t *target) findSymbol(h *hook, symbols map[string][]string) {
	for _, name := range h.functions {
		if slices.Contains(symbols[withoutClone(name)], name) {
			t.symbol = name
			return
		}
	}
	for _, name := range h.functions {
		for _, symbol := range symbols[name] {
			suffix := symbol[len(name):]
			switch {
			case keepsArguments(suffix), t.typed == name && isClone(suffix):
				t.symbol = symbol
				return
			case isClone(suffix):
				t.changed = symbol
			}
		}
	}
}

// withoutClone is a function's name without what the compiler added to it.
func withoutClone(name string) string {
	base, _, _ := strings.Cut(name, ".")
	return base
}

// keepsArguments: link-time optimisation gives a static function a name that is
// unique in the kernel (tcp_reset.llvm.123), and changes nothing else.
func keepsArguments(suffix string) bool { return strings.HasPrefix(suffix, ".llvm.") }

// isClone: the compiler left arguments out, or passes parts of them. If BTF describes
// the function all the same, they are where they always are: pahole leaves out
// those of which that is not true. Other suffixes are of parts of a function (.part,
// .cold), which do not run whenever it is called.
func isClone(suffix string) bool {
	for _, part := range []string{".part.", ".cold"} {
		if strings.Contains(suffix, part) {
			return false
		}
	}
	return strings.HasPrefix(suffix, ".constprop.") || strings.HasPrefix(suffix, ".isra.")
}
