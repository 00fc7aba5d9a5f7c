package probe

import (
	"errors"
	"io/fs"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// HookStatus says how one hook is reached.
type HookStatus struct {
	Hook     string // "send-active"
	Function string // the kernel function or tracepoint that it stands for
	Method   event.Method
	Refused  []Refusal // better methods, best first; all methods where Method is empty
	Lacks    string    // what events lack without it
	Later    bool      // not there yet: it is attached when its module is loaded
}

// attached is a program in the kernel.
type attached struct {
	name    string
	method  event.Method
	program *ebpf.Program
	link    link.Link
}

func (a *attached) close() {
	if a.link != nil {
		a.link.Close()
	}
	a.program.Close()
}

// attachFirst tries methods for a hook, best first, until one is accepted.
func (l *loader) attachFirst(h hook, allowed []event.Method, status *HookStatus) *attached {
	for _, method := range allowed {
		program, ok := h.programs[method]
		if !ok {
			continue
		}
		a, refusal := l.attach(method, program, h.function)
		if refusal == nil {
			status.Method = method
			return a
		}
		status.Refused = append(status.Refused, *refusal)
	}
	return nil
}

// attach loads and attaches one program of a method's object.
func (l *loader) attach(method event.Method, program, function string) (*attached, *Refusal) {
	if err := offered(method); err != nil {
		return nil, l.refuse(Refusal{method, "attach", err})
	}
	if err := l.forbidden[method]; err != nil {
		return nil, l.refuse(Refusal{method, "load", err})
	}
	object, err := l.object(method)
	if err != nil {
		return nil, l.refuse(Refusal{method, "load", err})
	}
	loaded, err := l.load(object, program, method)
	if err != nil {
		if errors.Is(err, unix.EPERM) {
			l.forbidden[method] = err // for every function: it is not asked again
		}
		return nil, l.refuse(Refusal{method, "load", err})
	}
	a := &attached{name: program, method: method, program: loaded}
	if method == event.Kprobe {
		a.link, err = link.Kprobe(function, loaded, nil)
	} else {
		a.link, err = link.AttachTracing(link.TracingOptions{Program: loaded})
	}
	if err != nil {
		loaded.Close()
		return nil, l.refuse(Refusal{method, "attach", err})
	}
	return a, nil
}

// attachTracepoint attaches a program that has no other method.
func (l *loader) attachTracepoint(object *ebpf.CollectionSpec, program string) (*attached, *Refusal) {
	loaded, err := l.load(object, program, event.Tracepoint)
	if err != nil {
		return nil, l.refuse(Refusal{event.Tracepoint, "load", err})
	}
	attachment, err := link.AttachTracing(link.TracingOptions{Program: loaded})
	if err != nil {
		loaded.Close()
		return nil, l.refuse(Refusal{event.Tracepoint, "attach", err})
	}
	return &attached{name: program, method: event.Tracepoint, program: loaded, link: attachment}, nil
}

// tryFentry asks, with the smallest program, whether this kernel forbids fentry
// whatever the function, as attach would find out with a large one.
func (l *loader) tryFentry() {
	const name = "try"
	collection, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{Programs: map[string]*ebpf.ProgramSpec{name: {
		Type:         ebpf.Tracing,
		AttachType:   ebpf.AttachTraceFEntry,
		AttachTo:     resetHooks[atReceive].function,
		License:      "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	}}}, ebpf.CollectionOptions{Cache: l.btf, Programs: ebpf.ProgramOptions{LogDisabled: true}})
	switch {
	case err == nil:
		collection.Close()
	case errors.Is(err, unix.EPERM):
		l.forbidden[event.Fentry] = err
	default:
		l.runOut(err)
	}
}

// kprobePMU is there in every kernel with CONFIG_KPROBE_EVENTS since 4.17.
const kprobePMU = "/sys/bus/event_source/devices/kprobe"

// offered saves the work of loading a program that can be attached nowhere.
func offered(method event.Method) error {
	if method == event.Kprobe {
		if _, err := os.Stat(kprobePMU); errors.Is(err, fs.ErrNotExist) {
			return errors.New("kernel has no kprobes (CONFIG_KPROBE_EVENTS is off)")
		}
	}
	return nil
}

// sharedTracepoint serves all sending hooks, so it is loaded once and last,
// when it is known which of them it must serve.
const sharedTracepoint = "tracepoint_send"
