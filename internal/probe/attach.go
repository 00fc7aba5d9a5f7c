package probe

import (
	"errors"
	"slices"

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
	Unwanted bool      // not attached, because no wanted event needs it
	Needed   bool      // it sees what TCP itself sends or obeys
}

// hookState is how a session reaches a hook.
type hookState struct {
	status HookStatus
	listed bool // the session has had to do with it
	// attached is nil for iterators, and for what the shared program serves.
	attached *attached
}

func (h *hookState) reached() bool { return h.status.Method != "" }

func (h *hookState) settle(refusal *Refusal) {
	if refusal != nil {
		h.status.Refused = append(h.status.Refused, *refusal)
	} else {
		h.status.Method = event.Tracepoint
	}
}

// attached is a program in the kernel.
type attached struct {
	name    string
	method  event.Method
	program *ebpf.Program
	link    link.Link
}

func (a *attached) detach() {
	if a.link != nil {
		a.link.Close()
		a.link = nil
	}
}

// missed is how often the kernel did not run the program: it would have interrupted
// itself (the kernel tells from 5.12 on), or the method had no room.
func (a *attached) missed() (total uint64) {
	if stats, err := a.program.Stats(); err == nil {
		total = stats.RecursionMisses
	}
	if a.link != nil {
		total += methods[a.method].missed(a.link)
	}
	return total
}

// begin makes the status of a hook that is about to be attached.
func (s *Session) begin(id hookID) *hookState {
	h, state := &hooks[id], &s.hooks[id]
	state.listed = true
	state.status = HookStatus{Hook: string(h.kind), Function: h.name(), Lacks: h.lacks, Needed: slices.Contains(resetHooks, id)}
	return state
}

// attachFirst tries methods for a hook, best first, until one is accepted.
func (s *Session) attachFirst(id hookID, allowed []event.Method) {
	state := &s.hooks[id]
	for _, method := range allowed {
		p, ok := hooks[id].programs[method]
		if !ok || p.name == sharedProgram {
			continue
		}
		a, refusal := s.attach(id, p, method)
		if refusal == nil {
			state.status.Method, state.attached = method, a
			return
		}
		state.status.Refused = append(state.status.Refused, *refusal)
	}
}

// attach loads and attaches one program.
func (s *Session) attach(id hookID, p program, method event.Method) (*attached, *Refusal) {
	l, m := s.loader, methods[method]
	refuse := func(step string, err error) (*attached, *Refusal) {
		return nil, l.refuse(Refusal{method, step, err})
	}
	if err := m.offered(); err != nil {
		return refuse("attach", err)
	}
	if err := l.forbidden[method]; err != nil {
		return refuse("load", err)
	}
	function, err := m.function(&hooks[id], &l.targets[id])
	if err != nil {
		return refuse("attach", err)
	}
	loaded, err := l.load(id, p, method, function)
	if err != nil {
		if errors.Is(err, unix.EPERM) && byFunctionEntry(method) {
			l.forbidden[method] = err // for every function: it is not asked again
		}
		return refuse("load", err)
	}
	s.reachBy(id, method) // before the first record comes
	attachment, err := m.attach(loaded, function)
	if err != nil {
		loaded.Close()
		return refuse("attach", err)
	}
	return &attached{name: p.name, method: method, program: loaded, link: attachment}, nil
}

// reachBy remembers how a hook is reached, also for records that are read when it
// no longer is.
func (s *Session) reachBy(id hookID, method event.Method) { s.vias[id].Store(&method) }

// via is how a hook is reached, or was.
func (s *Session) via(id hookID) event.Method {
	if method := s.vias[id].Load(); method != nil {
		return *method
	}
	return ""
}

// programs yields what is loaded, in order of attachment.
func (s *Session) programs(yield func(*attached) bool) {
	for id := range s.hooks {
		if a := s.hooks[id].attached; a != nil && !yield(a) {
			return
		}
		if hookID(id) == receiveHook && s.shared != nil && !yield(s.shared) {
			return
		}
	}
}

// release detaches a hook and frees its program. What its statistics say is kept.
func (s *Session) release(a *attached) {
	s.missedBefore += a.missed()
	a.detach()
	a.program.Close()
}

// tryFentry asks, with the smallest program, whether this kernel forbids fentry
// whatever the function, as attach would find out with a large one.
func (l *loader) tryFentry() {
	const name = "try"
	collection, err := ebpf.NewCollectionWithOptions(&ebpf.CollectionSpec{Programs: map[string]*ebpf.ProgramSpec{name: {
		Type:         ebpf.Tracing,
		AttachType:   ebpf.AttachTraceFEntry,
		AttachTo:     hooks[receiveHook].name(),
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

// allowedMethods are all, unless one is forced.
func (l *loader) allowedMethods() []event.Method {
	if l.options.Attach != "" {
		return []event.Method{l.options.Attach}
	}
	return slices.Clone(event.Methods)
}

// methodsOf are the methods that a hook may be attached by, best first. Where a hook
// has one method only, none is forced.
func (l *loader) methodsOf(id hookID) []event.Method {
	programs := hooks[id].programs
	if len(programs) == 1 {
		for method := range programs {
			return []event.Method{method}
		}
	}
	return slices.DeleteFunc(l.allowedMethods(), func(m event.Method) bool {
		_, ok := programs[m]
		return !ok
	})
}
