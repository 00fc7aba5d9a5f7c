package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cilium/ebpf/btf"
)

// kernel is what the loader must know about the running kernel. All of it
// comes from BTF and kallsyms, nothing from the version number: stable kernels
// carry changes that their number does not show.
type kernel struct {
	tracepointSays bool // the tcp_send_reset tracepoint passes a reason: 6.10 and later
	reasons        []string
	callers        []functionRange
	modulesMissing bool // functions of some module are not there yet
	drop           dropFacts
	loops          bool // bpf_loop is there: 5.17 and later
	reportsErrors  bool // the inet_sk_error_report tracepoint is there: 5.14 and later
	// challenges: a RST inside the window of a handshake that is not exact gets
	// a challenge ACK (7.2 and some stable kernels). Others end the handshake.
	challenges bool
}

// handshakeChallenge is the function that sends the challenge ACK. It is global,
// so a kernel that has it shows it.
const handshakeChallenge = "tcp_reqsk_send_challenge_ack"

var errNoBTF = errors.New("kernel has no BTF (/sys/kernel/btf/vmlinux is missing): rsttrace needs a kernel built with CONFIG_DEBUG_INFO_BTF=y")

// readKernel reads what BTF says.
func readKernel(cache *btf.Cache) (*kernel, error) {
	spec, err := cache.Kernel()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, btf.ErrNotSupported) {
		return nil, errNoBTF
	}
	if err != nil {
		return nil, fmt.Errorf("read the kernel's BTF: %w", err)
	}
	return kernelOf(spec), nil
}

func kernelOf(spec *btf.Spec) *kernel {
	k := &kernel{reasons: enumNames(spec, "sk_rst_reason", "SK_RST_REASON_"), drop: readDropFacts(spec)}
	k.challenges = len(parameters(spec, handshakeChallenge)) > 0
	k.loops = slices.Contains(enumNames(spec, "bpf_func_id", "BPF_FUNC_"), "loop")
	k.reportsErrors = len(parameters(spec, "btf_trace_inet_sk_error_report")) > 0
	k.tracepointSays = slices.Contains(parameters(spec, "btf_trace_tcp_send_reset"), "sk_rst_reason")
	return k
}

// tableIterator names the iterator that walks file tables.
func (k *kernel) tableIterator() string {
	if k.loops {
		return "iterator task"
	}
	return "iterator task_file"
}

// locate adds what kallsyms says.
func (k *kernel) locate(found symbols) {
	k.callers = found.callers
	k.challenges = k.challenges || found.challenges
}

// parameters lists the type names of a function's parameters ("" where a
// parameter has none), or of those of a tracepoint's typedef. It is empty for
// a function that BTF does not have.
func parameters(spec *btf.Spec, name string) []string {
	found, err := spec.AnyTypeByName(name)
	if err != nil {
		return nil
	}
	var proto *btf.FuncProto
	switch t := found.(type) {
	case *btf.Func:
		proto, _ = t.Type.(*btf.FuncProto)
	case *btf.Typedef:
		if pointer, ok := btf.UnderlyingType(t).(*btf.Pointer); ok {
			proto, _ = pointer.Target.(*btf.FuncProto)
		}
	}
	if proto == nil {
		return nil
	}
	names := make([]string, len(proto.Params))
	for i, param := range proto.Params {
		named := btf.UnderlyingType(param.Type)
		if pointer, ok := named.(*btf.Pointer); ok {
			named = btf.UnderlyingType(pointer.Target)
		}
		names[i] = named.TypeName()
	}
	return names
}

// reason names a reason of evidence, where 0 means that the kernel gave none.
func (k *kernel) reason(plusOne uint8, dropped bool) string {
	if plusOne == 0 {
		return ""
	}
	names := k.reasons
	if dropped {
		names = k.drop.reasons
	}
	if int(plusOne) <= len(names) && names[plusOne-1] != "" {
		return names[plusOne-1]
	}
	return fmt.Sprintf("unknown(%d)", plusOne-1)
}

// reasonNumber is the value of a reset reason as evidence has it, 0 for none.
func (k *kernel) reasonNumber(name string) uint32 {
	return uint32(slices.Index(k.reasons, name) + 1)
}
