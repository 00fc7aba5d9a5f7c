package probe

import (
	"errors"
	"fmt"
	"maps"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// loader loads single programs, all over the same maps.
type loader struct {
	kernel  *kernel
	btf     *btf.Cache // parsed once for all programs, and dropped with the loader
	maps    map[string]*ebpf.Map
	objects map[object]*ebpf.CollectionSpec
	targets [hookCount]target
	preload preload
	options Options
	cpus    uint32
	topSets uint32
	topSeed uint64

	functions map[string][]string // of kallsyms, see symbols

	exhausted error // the first resource that ran out, see refuse
	memlock   error // why the limit of locked memory was not raised

	forbidden map[event.Method]error // methods that this kernel forbids, whatever the function

	// What programs are told of other hooks: what is expected, until it is known.
	serves           [len(sendingHooks)]bool // which hooks the shared program serves
	repliesSeeResets bool                    // the reply hooks are attached by function
	followErrors     bool                    // the error hook is attached, or may be later
	getsResets       bool                    // tcp_reset passes the packet to its hook
	listenersNoted   bool                    // all listeners have notes, old and new ones
}

// parseObjects parses the objects that will be needed.
func (l *loader) parseObjects() error {
	for _, id := range resetHooks {
		if method := l.likelyMethod(id); method != "" {
			if _, err := l.object(hooks[id].programs[method].object); err != nil {
				return err
			}
		}
	}
	return nil
}

// forget drops what only loading needs.
func (l *loader) forget() {
	l.btf, l.objects = btf.NewCache(), make(map[object]*ebpf.CollectionSpec)
}

// object is a compiled object, parsed.
func (l *loader) object(name object) (*ebpf.CollectionSpec, error) {
	if parsed, ok := l.objects[name]; ok {
		return parsed, nil
	}
	parsed, err := objectFiles[name]()
	if err == nil {
		l.objects[name] = parsed
	}
	return parsed, err
}

// find looks for all hooks in the kernel. functions are those that kallsyms has.
func (l *loader) find(functions map[string][]string) {
	l.functions = functions
	l.kernel.modulesMissing = false
	for id := range hooks {
		l.targets[id] = l.findTarget(hookID(id))
		if hooks[id].module != "" && !l.targets[id].present() {
			l.kernel.modulesMissing = true
		}
	}
}

func (l *loader) findTarget(id hookID) target {
	h := &hooks[id]
	kernel, err := l.btf.Kernel()
	if err != nil {
		return target{}
	}
	t := findTarget(h, kernel, nil, l.functions)
	if h.module == "" || t.typed != "" || !t.present() {
		return t
	}
	module, err := l.btf.Module(h.module)
	if err != nil {
		l.runOut(err)
		return t
	}
	return findTarget(h, kernel, module, l.functions)
}

// load loads a program of a hook, or takes one that was loaded ahead.
func (l *loader) load(id hookID, p program, method event.Method, function string) (*ebpf.Program, error) {
	object, err := l.object(p.object)
	if err != nil {
		return nil, err
	}
	c := candidate{id, p, method, function}
	constants := l.constants(id, method)
	if early := l.preload.take(&c, constants); early != nil {
		return early.loaded, early.err
	}
	return l.create(object, &c, constants)
}

// create is safe for concurrent use.
func (l *loader) create(object *ebpf.CollectionSpec, c *candidate, constants map[string]any) (*ebpf.Program, error) {
	kernelTypes, err := l.btf.Kernel()
	if err != nil {
		return nil, err
	}
	name := c.program.name
	spec := *object.Programs[name]
	methods[c.method].prepare(&spec, c.function)
	// A copy of all that is changed below; copies of all else take longer than
	// to load a small program.
	only := &ebpf.CollectionSpec{
		Programs:  map[string]*ebpf.ProgramSpec{name: &spec},
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

// constants are what a hook's program is told of bpf/config.h and bpf/arguments.h.
func (l *loader) constants(id hookID, method event.Method) map[string]any {
	k := l.kernel
	values := map[string]any{
		"reason_invalid_syn":       k.reasonNumber("INVALID_SYN"),
		"reason_not_specified":     k.reasonNumber("NOT_SPECIFIED"),
		"tracepoint_serves_active": l.serves[0],
		"tracepoint_serves_reply4": l.serves[1],
		"tracepoint_serves_reply6": l.serves[2],
		"watch_ignored":            l.options.Ignored,
		"replies_see_resets":       l.repliesSeeResets,
		"flow_memory":              !l.options.NoFlowMemory,
		"follow_errors":            l.followErrors,
		"cpus":                     l.cpus,
		"take_tops":                l.options.Tops,
		"take_packets":             l.options.Packets,
		"see_packets":              l.seesPackets(),
		"count_netns":              l.options.Netns,
		"top_sets":                 l.topSets,
		"top_seed":                 l.topSeed,
	}
	for constant, position := range methods[method].arguments(&l.targets[id]) {
		values[constant] = position
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
		reasons = append(reasons, ignoredDrops, earlyDrops)
		if !l.repliesSeeResets {
			reasons = append(reasons, repliedDrops)
		}
	}
	return map[string]any{
		"drop_has_reason":    d.hasReason,
		"drop_has_socket":    d.hasSocket,
		"drop_reasons":       d.watched(reasons...),
		"drop_early_reasons": d.watched(earlyDrops),
		"drop_not_specified": d.notSpecified,
		"drop_tells_request": d.tellsRequest(),
		// RSTs whose socket is not named.
		"drop_old_sequence":     d.number("TCP_OLD_SEQUENCE"),
		"drop_invalid_sequence": d.number("TCP_INVALID_SEQUENCE"),
		"challenges_requests":   l.kernel.challenges,
		"listeners_noted":       l.listenersNoted,
	}
}

// newMaps creates the maps that all objects share.
func (l *loader) newMaps() (map[string]*ebpf.Map, error) {
	options := &l.options
	specs, err := sharedMaps(l.object)
	if err != nil {
		return nil, err
	}
	created := make(map[string]*ebpf.Map)
	sizes := options.Selection.sizes()
	for name, spec := range specs {
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
