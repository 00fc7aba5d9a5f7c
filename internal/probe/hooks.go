package probe

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// hook is one place in the kernel where rsttrace looks, and all that is known of
// it: a row of the table in hooktable.go.
//
// To add a hook:
//  1. Write its programs, one for each method that can reach it (bpf/fentry.bpf.c,
//     kprobe.bpf.c, tracepoint.bpf.c). A program names no function, and takes its
//     arguments from bpf/arguments.h.
//  2. Add a hookID where it is to be attached: after the hooks that leave notes
//     for it. Add its row.
//  3. If events come from it, gives says which. The recordings prove it
//     (TestOneHookGivesIt). If other hooks need it, serves says which.
//  4. If events say less without it, add a field to Visibility and a row to limits.
//
// A function that another kernel calls otherwise is one more name in functions.
type hook struct {
	kind hookKind
	// functions are the kernel function: its name today, and then those that it
	// has on other kernels. Events and Hooks have the first, whatever it is called.
	functions []string
	// tracepoint is "group:name".
	tracepoint string
	// iterator describes what a BPF iterator walks.
	iterator string
	// module is the kernel module that the function comes in, unless it is built in.
	module string
	// arguments are what the programs read of the function or tracepoint.
	arguments []argument
	programs  map[event.Method]program
	// byFile is the iterator for kernels before 5.17, which have no bpf_loop.
	byFile string

	// gives are the events that come from it; nil: none do.
	gives []gift
	// serves reports whether an event of another hook needs this one to be
	// complete; nil: none does.
	serves func(l *loader, from hookID, v cause.Verdict) bool
	// use reports whether the options and the kernel leave it anything to do;
	// nil: always.
	use func(*loader) bool
	// optional reports whether it is not missed if no method reaches it; nil: it is.
	optional func(*loader) bool

	counts string // for people: the events that are not counted without it
	lacks  string // for people: what events lack without it
}

// hookKind is what a hook is called in Hooks.
type hookKind string

// program is one program of a compiled object.
type program struct {
	object object
	name   string
}

// argument is a parameter of a function, and the constant of bpf/arguments.h that
// gets its position.
type argument struct {
	constant string
	typeName string // as BTF has it, without pointer
	// usual is its position where BTF does not describe the function; 0: the program
	// then does without, and also if the function has no such argument.
	usual uint32
}

// gift are events that a hook gives.
type gift struct {
	hook event.Hook                // what its program calls itself
	only func(event.Evidence) bool // of these, where several rows share it; nil: all
	// causes are what these events can mean; nil: whatever package cause knows for hook.
	causes []event.CauseID
	except []event.CauseID
}

// name is the hook's in Hooks and in events.
func (h *hook) name() string {
	switch {
	case len(h.functions) > 0:
		return h.functions[0]
	case h.tracepoint != "":
		return h.tracepoint
	default:
		return h.iterator
	}
}

// gave reports whether an event comes from this hook.
func (h *hook) gave(e event.Evidence) bool {
	for _, g := range h.gives {
		if g.hook == e.Hook && (g.only == nil || g.only(e)) {
			return true
		}
	}
	return false
}

// verdicts are all that events of this hook can mean.
func (h *hook) verdicts(yield func(cause.Verdict) bool) {
	for _, g := range h.gives {
		for v := range cause.VerdictsOf(g.hook) {
			if g.causes != nil && !slices.Contains(g.causes, v.Cause) || slices.Contains(g.except, v.Cause) {
				continue
			}
			if !yield(v) {
				return
			}
		}
	}
}

// givers are the hooks that give events, by what their programs call themselves.
var givers = indexGivers()

func indexGivers() map[event.Hook][]hookID {
	index := make(map[event.Hook][]hookID)
	for id := range hooks {
		for _, g := range hooks[id].gives {
			index[g.hook] = append(index[g.hook], hookID(id))
		}
	}
	return index
}

// hookOf is the hook that gave an event. The link functions of firewall rules give
// the same as the others, so those stand for them. False for evidence that no
// program of ours makes.
func hookOf(e event.Evidence) (hookID, bool) {
	for _, id := range givers[e.Hook] {
		if hooks[id].gave(e) {
			return id, true
		}
	}
	return reply4Hook, false
}

// place names the kernel function or tracepoint that an event came from, and
// how that was reached.
func (s *Session) place(e event.Evidence) (string, event.Method) {
	id, _ := hookOf(e)
	h := &hooks[id]
	via := s.via(id)
	if via == event.Tracepoint && h.tracepoint != "" {
		return h.tracepoint, via
	}
	return h.name(), via
}
