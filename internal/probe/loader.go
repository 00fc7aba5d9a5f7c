package probe

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// loader loads single programs, all over the same maps.
type loader struct {
	kernel  *kernel
	btf     *btf.Cache // parsed once for all programs, and dropped with the loader
	maps    map[string]*ebpf.Map
	objects map[event.Method]*ebpf.CollectionSpec
	context *ebpf.CollectionSpec // of the context hooks
	drops   *ebpf.CollectionSpec // of the drop hook
	ahead   ahead
	options Options
	cpus    uint32
	topSets uint32
	topSeed uint64

	exhausted error // the first resource that ran out, see refuse
	memlock   error // why the limit of locked memory was not raised

	forbidden map[event.Method]error // methods that this kernel forbids, whatever the function

	// What programs are told of other hooks: what is expected, until it is known.
	serves           [3]bool // which of the first three hooks the tcp_send_reset tracepoint serves
	repliesSeeResets bool    // the reply hooks are attached by function
	followErrors     bool    // the error hook is attached
	listenersNoted   bool    // all listeners have notes, old and new ones
	rejectPacketArg  uint32  // see findRejectPacket
}

// parseObjects parses the objects that will be needed.
func (l *loader) parseObjects(allowed []event.Method) error {
	for _, h := range resetHooks {
		if method := l.likelyMethod(h, allowed); method != "" {
			if _, err := l.object(method); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget drops what only loading needs.
func (l *loader) forget() {
	l.btf, l.objects = btf.NewCache(), make(map[event.Method]*ebpf.CollectionSpec)
	l.context, l.drops = nil, nil
}

// object is the compiled object of an attach method.
func (l *loader) object(method event.Method) (*ebpf.CollectionSpec, error) {
	if object, ok := l.objects[method]; ok {
		return object, nil
	}
	object, err := loadObject(method)
	if err == nil {
		l.objects[method] = object
	}
	return object, err
}

// load loads one program of an object, or takes one that was loaded ahead.
func (l *loader) load(object *ebpf.CollectionSpec, name string, method event.Method) (*ebpf.Program, error) {
	constants := l.constants(method)
	if early := l.ahead.take(name, constants); early != nil {
		return early.program, early.err
	}
	return l.create(object, name, constants)
}

// create is safe for concurrent use.
func (l *loader) create(object *ebpf.CollectionSpec, name string, constants map[string]any) (*ebpf.Program, error) {
	kernelTypes, err := l.btf.Kernel()
	if err != nil {
		return nil, err
	}
	// A copy of all that is changed below; copies of all else take longer than
	// to load a small program.
	only := &ebpf.CollectionSpec{
		Programs:  map[string]*ebpf.ProgramSpec{name: object.Programs[name]},
		Maps:      maps.Clone(object.Maps),
		Variables: maps.Clone(object.Variables),
		ByteOrder: object.ByteOrder,
	}
	if err := configure(only.Variables, constants); err != nil {
		return nil, err
	}
	shared := make(map[string]*ebpf.Map)
	for mapName, spec := range only.Maps {
		if replacement, ok := l.maps[mapName]; ok {
			sized := *spec
			sized.MaxEntries = replacement.MaxEntries()
			only.Maps[mapName], shared[mapName] = &sized, replacement
		}
	}
	collection, err := ebpf.NewCollectionWithOptions(only, ebpf.CollectionOptions{
		MapReplacements: shared,
		Cache:           l.btf,
		// Modules have no type that the programs read: theirs need not be parsed.
		Programs: ebpf.ProgramOptions{KernelTypes: kernelTypes},
	})
	if err != nil {
		return nil, err
	}
	defer collection.Close()
	return collection.DetachProgram(name), nil
}

// configure sets the constants of bpf/config.h.
func configure(variables map[string]*ebpf.VariableSpec, constants map[string]any) error {
	for name, value := range constants {
		variable, ok := variables[name]
		if !ok {
			continue // not used in this object
		}
		variable = variable.Copy()
		if err := variable.Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
		variables[name] = variable
	}
	return nil
}

func (l *loader) constants(method event.Method) map[string]any {
	k := l.kernel
	activeReason, replyReason := k.activeReasonArg, k.replyReasonArg
	if method == event.Tracepoint {
		activeReason, replyReason = 0, 0
		if k.tracepointSays {
			activeReason, replyReason = 2, 2
		}
	}
	values := map[string]any{
		"reset_has_packet":         k.resetHasPacket,
		"active_reason_arg":        activeReason,
		"reply_reason_arg":         replyReason,
		"reason_invalid_syn":       k.reasonNumber("INVALID_SYN"),
		"reason_not_specified":     k.reasonNumber("NOT_SPECIFIED"),
		"tracepoint_serves_active": l.serves[0],
		"tracepoint_serves_reply4": l.serves[1],
		"tracepoint_serves_reply6": l.serves[2],
		"watch_ignored":            l.options.Ignored,
		"replies_see_resets":       l.repliesSeeResets,
		"flow_memory":              !l.options.NoFlowMemory,
		"follow_errors":            l.followErrors,
		"reject_packet_arg":        l.rejectPacketArg,
		"cpus":                     l.cpus,
		"take_tops":                l.options.Tops,
		"count_netns":              l.options.Netns,
		"top_sets":                 l.topSets,
		"top_seed":                 l.topSeed,
	}
	maps.Copy(values, l.dropConstants())
	maps.Copy(values, walkerConstants())
	jiffy := jiffyLength()
	shift := windowShift(jiffy)
	values["jiffy_ns"], values["window_shift"] = uint32(jiffy.Nanoseconds()), shift
	maps.Copy(values, l.options.Selection.constants(jiffy<<shift))
	var ranges [callersMax]functionRange
	copy(ranges[:], k.callers)
	values["callers"] = ranges
	return values
}

// callersMax is CALLERS of bpf/config.h.
const callersMax = 24

func (l *loader) dropConstants() map[string]any {
	d := &l.kernel.drop
	reasons := [][]string{obeyedDrops}
	if l.options.Ignored {
		reasons = append(reasons, ignoredDrops)
		if !l.repliesSeeResets {
			reasons = append(reasons, repliedDrops)
		}
	}
	return map[string]any{
		"drop_has_reason":    d.hasReason,
		"drop_has_socket":    d.hasSocket,
		"drop_reasons":       d.watched(reasons...),
		"drop_not_specified": d.notSpecified,
		"drop_tells_request": d.tellsRequest(),
		// RSTs whose socket is not named.
		"drop_old_sequence":     d.number("TCP_OLD_SEQUENCE"),
		"drop_invalid_sequence": d.number("TCP_INVALID_SEQUENCE"),
		"challenges_requests":   l.kernel.challenges,
		"listeners_noted":       l.listenersNoted,
	}
}

// findRejectPacket is the position of the packet in nf_send_reset. Only fentry
// needs it, and fentry needs the BTF of the module that it comes from.
func (l *loader) findRejectPacket() uint32 {
	const usual = 2 // 5.10 and later
	spec, err := l.btf.Kernel()
	if err != nil {
		return usual
	}
	if at := position(parameters(spec, "nf_send_reset"), "sk_buff"); at > 0 {
		return at // built in
	}
	module, err := l.btf.Module("nf_reject_ipv4")
	if err != nil {
		l.runOut(err)
		return usual
	}
	if at := position(parameters(module, "nf_send_reset"), "sk_buff"); at > 0 {
		return at
	}
	return usual
}

// newMaps creates the maps that all objects share. Those of the drop hook and of the
// context hooks have them all.
func (l *loader) newMaps() (map[string]*ebpf.Map, error) {
	options := &l.options
	var err error
	if l.drops, err = bpf.LoadDrops(); err != nil {
		return nil, err
	}
	if l.context, err = bpf.LoadContext(); err != nil {
		return nil, err
	}
	specs := maps.Clone(l.context.Maps)
	maps.Copy(specs, l.drops.Maps)
	created := make(map[string]*ebpf.Map)
	sizes := options.Selection.sizes()
	for name, spec := range specs {
		if strings.HasPrefix(name, ".") {
			continue // constants: each program has its own
		}
		if size, ok := sizes[name]; ok {
			spec.MaxEntries = size
		}
		switch name {
		case "ring":
			spec.MaxEntries = options.RingSize
		case "counts", "budgets":
			spec.MaxEntries *= l.cpus
		case "stacks":
			if options.Selection.Stacks {
				spec.MaxEntries = stacksMax
			}
		case "netns_cells", "netns_claims":
			if options.Netns {
				spec.MaxEntries = netnsCells
			}
		case "tops":
			if options.Tops {
				spec.MaxEntries = uint32(topTables) * l.cpus * l.topSets
			}
		case "top_others":
			if options.Tops {
				spec.MaxEntries = uint32(topTables*columns) * l.cpus
			}
		}
		m, err := ebpf.NewMap(spec)
		if err != nil {
			return nil, errors.Join(explainMapError(name, err, l.memlock), closeMaps(created))
		}
		created[name] = m
	}
	return created, nil
}

func closeMaps(maps map[string]*ebpf.Map) error {
	var err error
	for _, m := range maps {
		err = errors.Join(err, m.Close())
	}
	return err
}
