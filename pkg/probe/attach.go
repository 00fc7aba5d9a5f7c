package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Refusal is an attach method that the kernel did not accept for a hook.
type Refusal struct {
	Method event.Method
	Step   string // "load" or "attach"
	Err    error
}

func (r Refusal) String() string {
	return fmt.Sprintf("%s refused at %s: %s", r.Method, r.Step, shorten(r.Err))
}

// HookStatus says how one hook is reached.
type HookStatus struct {
	Hook     string // "send-active"
	Function string // the kernel function or tracepoint that it stands for
	Method   event.Method
	Refused  []Refusal // better methods, best first; all methods where Method is empty
	Lacks    string    // context hooks: what events lack without it
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

// loader loads single programs, all over the same maps.
type loader struct {
	kernel  *kernel
	btf     *btf.Cache // parsed once for all programs, and dropped with the loader
	maps    map[string]*ebpf.Map
	objects map[event.Method]*ebpf.CollectionSpec
	serves  [3]bool // which of the first three hooks the tcp_send_reset tracepoint serves
}

// load loads one program of a method's object.
func (l *loader) load(method event.Method, name string) (*ebpf.Program, error) {
	object, ok := l.objects[method]
	if !ok {
		var err error
		if object, err = loadObject(method); err != nil {
			return nil, err
		}
		l.objects[method] = object
	}
	if err := l.configure(object, method); err != nil {
		return nil, err
	}
	return l.loadFrom(object, name)
}

func (l *loader) loadFrom(object *ebpf.CollectionSpec, name string) (*ebpf.Program, error) {
	only := object.Copy()
	only.Programs = map[string]*ebpf.ProgramSpec{name: object.Programs[name].Copy()}
	shared := make(map[string]*ebpf.Map)
	for mapName, spec := range only.Maps {
		if replacement, ok := l.maps[mapName]; ok {
			spec.MaxEntries = replacement.MaxEntries()
			shared[mapName] = replacement
		}
	}
	collection, err := ebpf.NewCollectionWithOptions(only, ebpf.CollectionOptions{MapReplacements: shared, Cache: l.btf})
	if err != nil {
		return nil, err
	}
	defer collection.Close()
	return collection.DetachProgram(name), nil
}

// configure sets the constants of bpf/config.h.
func (l *loader) configure(object *ebpf.CollectionSpec, method event.Method) error {
	k := l.kernel
	activeReason, replyReason := k.activeReasonArg, k.replyReasonArg
	if method == event.Tracepoint {
		activeReason, replyReason = 0, 0
		if k.tracepointSays {
			activeReason, replyReason = 2, 2
		}
	}
	var ranges [16]functionRange
	copy(ranges[:], k.callers)
	for name, value := range map[string]any{
		"reset_has_packet":         k.resetHasPacket,
		"active_reason_arg":        activeReason,
		"reply_reason_arg":         replyReason,
		"tracepoint_serves_active": l.serves[0],
		"tracepoint_serves_reply4": l.serves[1],
		"tracepoint_serves_reply6": l.serves[2],
		"callers":                  ranges,
	} {
		variable, ok := object.Variables[name]
		if !ok {
			continue // not used in this object
		}
		if err := variable.Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	return nil
}

// attachHook tries the methods for one hook, best first, and returns the
// program that is attached, or none where only the shared tracepoint is left.
func (l *loader) attachHook(h hook, allowed []event.Method, status *HookStatus) *attached {
	for _, method := range allowed {
		if method == event.Tracepoint && h.programs[method] == sharedTracepoint {
			status.Method = method
			return nil
		}
		a, refusal := l.attach(method, h.programs[method], h.function)
		if refusal == nil {
			status.Method = method
			return a
		}
		status.Refused = append(status.Refused, *refusal)
	}
	return nil
}

func (l *loader) attach(method event.Method, program, function string) (*attached, *Refusal) {
	if err := offered(method); err != nil {
		return nil, &Refusal{method, "attach", err}
	}
	loaded, err := l.load(method, program)
	if err != nil {
		return nil, &Refusal{method, "load", err}
	}
	a := &attached{name: program, method: method, program: loaded}
	if method == event.Kprobe {
		a.link, err = link.Kprobe(function, loaded, nil)
	} else {
		a.link, err = link.AttachTracing(link.TracingOptions{Program: loaded})
	}
	if err != nil {
		loaded.Close()
		return nil, &Refusal{method, "attach", err}
	}
	return a, nil
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

// attachContext attaches a hook that is always a tracepoint.
func (l *loader) attachContext(object *ebpf.CollectionSpec, program string) (*attached, *Refusal) {
	loaded, err := l.loadFrom(object, program)
	if err != nil {
		return nil, &Refusal{event.Tracepoint, "load", err}
	}
	attachment, err := link.AttachTracing(link.TracingOptions{Program: loaded})
	if err != nil {
		loaded.Close()
		return nil, &Refusal{event.Tracepoint, "attach", err}
	}
	return &attached{name: program, method: event.Tracepoint, program: loaded, link: attachment}, nil
}

// shorten keeps of an error what fits a line: the kernel's error number, and
// of a verifier log, which is a screenful, the line that says what is wrong.
func shorten(err error) string {
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		for _, line := range slices.Backward(verifier.Log) {
			if line != "" && !strings.HasPrefix(line, "processed ") {
				return fmt.Sprintf("%v: %s", verifier.Cause, strings.TrimSpace(line))
			}
		}
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// newMaps creates the maps that all objects share.
func newMaps(ringBytes, cpus uint32) (map[string]*ebpf.Map, *ebpf.CollectionSpec, error) {
	object, err := bpf.LoadContext()
	if err != nil {
		return nil, nil, err
	}
	maps := make(map[string]*ebpf.Map)
	for name, spec := range object.Maps {
		if strings.HasPrefix(name, ".") {
			continue // constants: each program has its own
		}
		switch name {
		case "ring":
			spec.MaxEntries = ringBytes
		case "counts":
			spec.MaxEntries *= cpus
		}
		created, err := ebpf.NewMap(spec)
		if err != nil {
			closeMaps(maps)
			return nil, nil, fmt.Errorf("create map %s: %w", name, explainMapError(name, err))
		}
		maps[name] = created
	}
	return maps, object, nil
}

func closeMaps(maps map[string]*ebpf.Map) {
	for _, m := range maps {
		m.Close()
	}
}
