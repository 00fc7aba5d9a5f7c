package probe

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/rsttrace/rsttrace/pkg/cause"
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
	// SeePackets looks at every packet that arrives, if the hook of received RSTs does not
	// get the packet otherwise: then Event.RST is known there, too.
	SeePackets bool
	// Packets fills Event.Frames.
	Packets bool
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
	// Wants says which events the session is for; nil: all. Hooks that none of these
	// needs are not attached, so what only they see is not counted: see
	// Counts.NotCounted. Session.Want changes it.
	Wants func(cause.Verdict) bool
}

// DefaultRingSize holds about 8 600 records. It is mapped twice and counts twice
// as resident memory.
const DefaultRingSize = 4 << 20

// Session is a set of attached programs and the way to read from them. Its
// methods are for one goroutine, except Interrupt, Hooks, Visibility, Limits, Counts,
// NetnsCounts, Tops, WatchNetns, IgnoreNetns and Want. These may be
// called beside Read.
type Session struct {
	// attaching guards how hooks are reached: they are attached and detached also
	// beside Read.
	attaching    sync.Mutex
	loader       *loader
	kernel       *kernel
	maps         map[string]*ebpf.Map
	wants        func(cause.Verdict) bool // nil: all
	hooks        [hookCount]hookState
	shared       *attached // sharedProgram; nil where no hook needs it
	missedBefore uint64    // by programs that are gone
	attachedOnce bool      // Open has attached all that was wanted
	ended        bool      // nothing is attached any more
	// vias has how each hook is or was reached, for whoever decodes.
	vias [hookCount]atomic.Pointer[event.Method]

	reader reader
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
		wants:  options.Wants,
		loader: &loader{kernel: kernel, btf: cache, objects: make(map[object]*ebpf.CollectionSpec), forbidden: make(map[event.Method]error), memlock: memlock, options: options},
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
	if err := s.attachFirstTime(located); err != nil {
		return err
	}
	// What parsing BTF took is large, and needed again only for a module.
	s.loader.forget()
	go debug.FreeOSMemory() // nobody waits for it
	return nil
}

// attachFirstTime attaches all hooks that are wanted, in the order of the table, to programs
// that are loaded ahead as far as it can be foreseen which these are.
func (s *Session) attachFirstTime(located <-chan symbols) error {
	l := s.loader
	if slices.Contains(l.allowedMethods(), event.Fentry) {
		l.tryFentry()
	}
	if err := l.parseObjects(); err != nil {
		return err
	}
	found := <-located
	l.runOut(found.err)
	s.kernel.locate(found)
	l.find(found.functions)
	s.expect()
	l.preload.begin(l, s.likelyPrograms())
	defer l.preload.close()
	err := s.attachWanted()
	s.attachedOnce = true
	return err
}

// Hooks says how each hook is reached, in order of attachment.
func (s *Session) Hooks() []HookStatus {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	var statuses []HookStatus
	for id := range s.hooks {
		if s.hooks[id].listed {
			statuses = append(statuses, s.hooks[id].status)
		}
	}
	return statuses
}

// Detach stops all programs, the reset hooks before the context hooks. What is
// in the ring can still be read, and the counters no longer change.
func (s *Session) Detach() {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	s.ended = true
	for _, a := range slices.Backward(slices.Collect(s.programs)) {
		a.detach()
	}
}

// Close detaches everything and frees it. Nothing is left in the kernel.
func (s *Session) Close() error {
	s.Detach()
	for a := range s.programs {
		a.program.Close()
	}
	for id := range s.hooks {
		s.hooks[id].attached = nil
	}
	s.shared = nil
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
// half by Options.EagerHolders.
func (s *Session) Holders(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error) {
	s.attaching.Lock()
	search := s.holders // Want may open it
	s.attaching.Unlock()
	if search == nil {
		return nil, 0, nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begun := threadTime()
	holders, err = search.run(sockets)
	took := threadTime() - begun
	if s.loader.options.EagerHolders {
		return holders, took, err
	}
	return holders, search.pause(took), err
}

// HoldersOfAny is Holders for sockets that no event is about. Before Linux 5.17 a walk
// finds sockets of events only: then there is none, and nobody is found.
func (s *Session) HoldersOfAny(sockets []event.SocketRef) (holders []event.Holder, pause time.Duration, err error) {
	s.attaching.Lock()
	_, finds := s.holders.(*tableSearch)
	s.attaching.Unlock()
	if !finds {
		return nil, 0, nil
	}
	return s.Holders(sockets)
}
