package probe

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options for Open. The zero value is what most callers want.
type Options struct {
	// Attach forces one attach method for the reset hooks; empty chooses the best
	// one for each hook.
	Attach event.Method
	// Ignored asks for incoming RSTs that were not obeyed, too. On kernels
	// before 6.11 that takes hooks on the slow path of live connections.
	Ignored bool
	// NoDrops leaves the kernel's drop hook alone. RSTs that end a request
	// socket or a TIME_WAIT mini-socket are then not seen.
	NoDrops bool
	// NoFlowMemory does not note who opened and closed connections: closed-earlier
	// is then reported as half-open, what comes after a close has no owner, and
	// no age is known.
	NoFlowMemory bool
	// NoFollowups leaves the signal and error hooks alone: Batch.Signals stays
	// empty, and no event has Kernel.Reported.
	NoFollowups bool
	// RingSize is the size of the ring buffer, a power of two and a multiple
	// of the page size. 0 means DefaultRingSize.
	RingSize uint32
	// Tops counts owners, peers and local ports, too: see Session.Tops.
	Tops bool
	// EagerHolders lets the search for owners take half of a core, where the answer
	// matters and the cost does not: a test of the answers.
	EagerHolders bool
	// TopSets is how large their tables are: sets of eight places on each CPU,
	// a power of two. 0 means enough for some ten thousand entries.
	TopSets uint32
	// Netns counts by network namespace, too: see Session.NetnsCounts.
	Netns bool
	// Selection says which details reach user space.
	Selection Selection
}

// DefaultRingSize holds about 9 500 records. It is mapped twice and counts twice
// as resident memory.
const DefaultRingSize = 4 << 20

// Session is a set of attached programs and the way to read from them. Its
// methods are for one goroutine, except Interrupt, Hooks, Visibility, Limits, Counts,
// NetnsCounts, Tops, WatchNetns and IgnoreNetns. These may be called beside Read.
type Session struct {
	// late guards what changes when a module comes: attached, statuses and
	// rejectVia.
	late      sync.Mutex
	loader    *loader
	kernel    *kernel
	maps      map[string]*ebpf.Map
	attached  []*attached                  // in order of attachment
	vias      [resetHookCount]event.Method // as in resetHooks
	rejectVia [4]event.Method              // as in rejectHooks
	statuses  []HookStatus
	reader    reader
	// shortReset is the last record that ended early, made whole.
	shortReset resetRecord
	// totals guards the memory that counters and tops read into.
	totals     sync.Mutex
	counters   *counters
	namespaces *namespaces  // nil where they are not counted
	holders    holderSearch // nil where there is none
	stacks     *stacks      // nil where they are not taken
	tops       *tops        // nil where they are not counted
}

// Open attaches to the kernel. It returns an error when no reset hook at all
// could be attached, or when the forced method is refused for every hook;
// hooks that are missing are in Hooks.
func Open(options Options) (*Session, error) {
	if options.RingSize == 0 {
		options.RingSize = DefaultRingSize
	}
	if err := checkFiles(); err != nil {
		return nil, explain(err)
	}
	located := make(chan symbols, 1)
	go func() { located <- findSymbols() }() // takes as long as all that needs no symbols
	cache := btf.NewCache()
	kernel, err := readKernel(cache)
	if err != nil {
		return nil, explain(err)
	}
	// Before 5.11 maps count against RLIMIT_MEMLOCK. Where raising it is not
	// allowed, creating a map fails and says so.
	memlock := rlimit.RemoveMemlock()

	s := &Session{
		kernel: kernel,
		loader: &loader{kernel: kernel, btf: cache, objects: make(map[event.Method]*ebpf.CollectionSpec), forbidden: make(map[event.Method]error), memlock: memlock, options: options},
	}
	err = explain(s.open(options, located))
	if s.loader.exhausted != nil {
		err = s.loader.exhausted // whatever it led to, also where another method stepped in
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Session) open(options Options, located <-chan symbols) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count CPUs: %w", err)
	}
	s.loader.cpus = uint32(cpus)
	s.loader.topSets, s.loader.topSeed = topSets(options.TopSets, uint32(cpus)), newTopSeed()
	if s.maps, err = s.loader.newMaps(); err != nil {
		return err
	}
	s.loader.maps = s.maps
	if s.counters, err = openCounters(s.maps, cpus, s.kernel); err != nil {
		return err
	}
	s.reader.clock.jiffy = jiffyLength()
	if s.reader.ring, err = ringbuf.NewReader(s.maps["ring"]); err != nil {
		return fmt.Errorf("open the ring buffer: %w", err)
	}

	if err := s.WatchNetns(options.Selection.Netns...); err != nil {
		return err
	}
	if err := s.watchProcesses(&options.Selection); err != nil {
		return err
	}
	if options.Selection.Stacks {
		if s.stacks, err = openStacks(s.maps["stacks"]); err != nil {
			return err
		}
	}
	if options.Netns {
		if s.namespaces, err = openNamespaces(s.maps, s.counters); err != nil {
			return err
		}
	}
	if options.Tops {
		if s.tops, err = openTops(s.maps, s.counters, s.loader.topSets, s.loader.topSeed); err != nil {
			return err
		}
	}
	if err := s.attach(located); err != nil {
		return err
	}
	// What parsing BTF took is large, and needed again only for a module.
	s.loader.forget()
	go debug.FreeOSMemory() // nobody waits for it
	return nil
}

// attach attaches all hooks, in the order of Hooks, to programs that are loaded
// ahead as far as it can be foreseen which these are.
func (s *Session) attach(located <-chan symbols) error {
	l := s.loader
	allowed := l.allowedMethods()
	if slices.Contains(allowed, event.Fentry) {
		l.tryFentry()
	}
	if err := l.parseObjects(allowed); err != nil {
		return err
	}
	l.rejectPacketArg = l.findRejectPacket()
	found := <-located
	l.runOut(found.err)
	s.kernel.locate(found)
	s.expect(allowed)
	l.loadAhead(s.likelyPrograms(allowed))
	defer l.ahead.close()

	s.attachContextHooks(l.context)
	l.followErrors = s.has(errorProgram)
	l.listenersNoted = s.listenersNoted()
	if err := s.attachResetHooks(allowed); err != nil {
		return err
	}
	s.attachRejectHooks()
	s.attachDropHook(l.drops)
	return nil
}

// add keeps a program that was attached, and how.
func (s *Session) add(a *attached, status HookStatus) {
	if a != nil {
		s.attached = append(s.attached, a)
	}
	s.statuses = append(s.statuses, status)
}

// attachContextHooks comes first, so that no reset is seen without its notes.
func (s *Session) attachContextHooks(object *ebpf.CollectionSpec) {
	for _, h := range contextHooks {
		if !s.needs(h.program) {
			continue
		}
		status := HookStatus{Hook: "context", Function: h.name, Lacks: h.lacks}
		a, refusal := s.loader.attachTracepoint(object, h.program)
		status.settle(refusal)
		s.add(a, status)
	}
	s.add(nil, s.openHolderSearch(object))
	s.watchOldListeners(object)
}

// needs reports whether a context program has anything to do: some serve
// details only, or what the user can switch off.
func (s *Session) needs(program string) bool {
	options := &s.loader.options
	switch program {
	case destroyProgram:
		return !options.Selection.CountsOnly
	case signalProgram:
		return !options.Selection.CountsOnly && !options.NoFollowups
	case errorProgram:
		return !options.Selection.CountsOnly && !options.NoFollowups && s.kernel.reportsErrors
	case cgroupProgram:
		return !options.Selection.CountsOnly || options.Tops
	case moduleProgram:
		return !s.rejectsPresent()
	}
	return true
}

func (h *HookStatus) settle(refusal *Refusal) {
	if refusal != nil {
		h.Refused = append(h.Refused, *refusal)
	} else {
		h.Method = event.Tracepoint
	}
}

func (s *Session) attachResetHooks(allowed []event.Method) error {
	first := len(s.statuses)
	for i, h := range resetHooks {
		status := HookStatus{Hook: h.name, Function: h.function}
		a := s.loader.attachFirst(withoutShared(h), allowed, &status)
		if h.programs[event.Tracepoint] == sharedTracepoint {
			s.loader.serves[i] = a == nil && slices.Contains(allowed, event.Tracepoint)
			if s.loader.serves[i] {
				status.Method = event.Tracepoint
			}
		}
		s.add(a, status)
	}
	if s.loader.serves != [3]bool{} {
		a, refusal := s.loader.attach(event.Tracepoint, sharedTracepoint, "")
		if a != nil {
			s.attached = append(s.attached, a)
		}
		for i := range s.loader.serves {
			if status := &s.statuses[first+i]; s.loader.serves[i] && refusal != nil {
				status.Method = ""
				status.Refused = append(status.Refused, *refusal)
			}
		}
	}

	missing := 0
	for i := range resetHooks {
		s.vias[i] = s.statuses[first+i].Method
		if s.vias[i] == "" {
			missing++
		}
	}
	if missing == len(resetHooks) {
		return nothingAttached(s.statuses[first:], allowed)
	}
	s.loader.repliesSeeResets = byFunctionEntry(s.vias[atReply4]) && byFunctionEntry(s.vias[atReply6])
	return nil
}

// withoutShared leaves the shared tracepoint for later.
func withoutShared(h hook) hook {
	if h.programs[event.Tracepoint] != sharedTracepoint {
		return h
	}
	own := h
	own.programs = map[event.Method]string{event.Fentry: h.programs[event.Fentry], event.Kprobe: h.programs[event.Kprobe]}
	return own
}

func byFunctionEntry(method event.Method) bool {
	return method == event.Fentry || method == event.Kprobe
}

// Hooks says how each hook is reached, in order of attachment.
func (s *Session) Hooks() []HookStatus {
	s.late.Lock()
	defer s.late.Unlock()
	return slices.Clone(s.statuses)
}

// Detach stops all programs, the reset hooks before the context hooks. What is
// in the ring can still be read, and the counters no longer change.
func (s *Session) Detach() {
	for i := len(s.attached) - 1; i >= 0; i-- {
		if a := s.attached[i]; a.link != nil {
			a.link.Close()
			a.link = nil
		}
	}
}

// Close detaches everything and frees it. Nothing is left in the kernel.
func (s *Session) Close() error {
	s.Detach()
	for _, a := range s.attached {
		a.close()
	}
	s.attached = nil
	if s.holders != nil {
		s.holders.close()
	}
	s.counters, s.namespaces, s.tops = nil, nil, nil // the last that refer to the mapped memory
	var err error
	if s.reader.ring != nil {
		err = s.reader.ring.Close()
	}
	return errors.Join(err, closeMaps(s.maps))
}

// Holders lists the processes that have one of the sockets in their file tables. It
// walks all file tables of the host: call it for many at once, and not again before
// the pause is over. Then it takes 1 % of a core at most (10 % before Linux 5.17), or
// half of one by Options.EagerHolders.
func (s *Session) Holders(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error) {
	if s.holders == nil {
		return nil, 0, nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begun := threadTime()
	holders, err = s.holders.run(sockets)
	took := threadTime() - begun
	if s.loader.options.EagerHolders {
		return holders, took, err
	}
	return holders, s.holders.pause(took), err
}
