package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options for Open. The zero value is what most callers want.
type Options struct {
	// Via forces one attach method for the reset hooks; empty chooses the best
	// one for each hook.
	Via event.Method
	// RingBytes is the size of the ring buffer, a power of two and a multiple
	// of the page size. 0 means DefaultRingBytes.
	RingBytes uint32
}

// DefaultRingBytes holds about 20 000 records.
const DefaultRingBytes = 8 << 20

// batchPause is how long the reader lets records gather after it has caught
// up. It bounds the wake-ups at 100 per second whatever the load, and delays a
// record by no more than this.
const batchPause = 10 * time.Millisecond

// Session is a set of attached programs and the way to read from them.
type Session struct {
	kernel   *kernel
	maps     map[string]*ebpf.Map
	attached []*attached     // in order of attachment
	vias     [4]event.Method // as in hooks
	statuses []HookStatus
	ring     *ringbuf.Reader
	counters *counters
	holders  *holderIterator
	clock    clock
	raw      ringbuf.Record
	drained  bool
}

// Open attaches to the kernel. It returns an error when no reset hook at all
// could be attached, or when the forced method is refused for every hook;
// hooks that are missing are in Hooks.
func Open(options Options) (*Session, error) {
	if options.RingBytes == 0 {
		options.RingBytes = DefaultRingBytes
	}
	cache := btf.NewCache()
	kernel, err := readKernel(cache)
	if err != nil {
		return nil, err
	}
	// Before 5.11 maps count against RLIMIT_MEMLOCK. Where raising it is not
	// allowed, creating a map fails and says so.
	_ = rlimit.RemoveMemlock()

	s := &Session{kernel: kernel}
	if err := s.open(options, cache); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) open(options Options, cache *btf.Cache) error {
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		return fmt.Errorf("count CPUs: %w", err)
	}
	maps, contextObject, err := newMaps(options.RingBytes, uint32(cpus))
	if err != nil {
		return err
	}
	s.maps = maps
	if s.counters, err = openCounters(maps, cpus, s.kernel); err != nil {
		return err
	}
	if s.ring, err = ringbuf.NewReader(maps["ring"]); err != nil {
		return fmt.Errorf("open the ring buffer: %w", err)
	}

	l := &loader{kernel: s.kernel, btf: cache, maps: maps, objects: make(map[event.Method]*ebpf.CollectionSpec)}
	s.attachContextHooks(l, contextObject)
	allowed := methods
	if options.Via != "" {
		allowed = []event.Method{options.Via}
	}
	return s.attachHooks(l, allowed)
}

// attachContextHooks comes first, so that no reset is seen without its notes.
func (s *Session) attachContextHooks(l *loader, object *ebpf.CollectionSpec) {
	for _, h := range contextHooks {
		status := HookStatus{Hook: "context", Function: h.name, Lacks: h.lacks}
		a, refusal := l.attachContext(object, h.program)
		if refusal != nil {
			status.Refused = append(status.Refused, *refusal)
		} else {
			status.Method = event.Tracepoint
			s.attached = append(s.attached, a)
		}
		s.statuses = append(s.statuses, status)
	}
	status := HookStatus{Hook: "context", Function: "iterator task_file", Lacks: "the owner of a socket that was reset by a packet and is still open"}
	iterator, refusal := openHolderIterator(l, object)
	if refusal != nil {
		status.Refused = append(status.Refused, *refusal)
	} else {
		status.Method = event.Tracepoint
		s.holders = iterator
	}
	s.statuses = append(s.statuses, status)
}

func (s *Session) attachHooks(l *loader, allowed []event.Method) error {
	first := len(s.statuses)
	for i, h := range hooks {
		status := HookStatus{Hook: h.name, Function: h.function}
		if a := l.attachHook(h, allowed, &status); a != nil {
			s.attached = append(s.attached, a)
		} else if status.Method == event.Tracepoint {
			l.serves[i] = true
		}
		s.statuses = append(s.statuses, status)
	}
	if l.serves != [3]bool{} {
		a, refusal := l.attach(event.Tracepoint, sharedTracepoint, "")
		if a != nil {
			s.attached = append(s.attached, a)
		}
		for i := range l.serves {
			if status := &s.statuses[first+i]; l.serves[i] && refusal != nil {
				status.Method = ""
				status.Refused = append(status.Refused, *refusal)
			}
		}
	}

	missing := 0
	for i := range hooks {
		s.vias[i] = s.statuses[first+i].Method
		if s.vias[i] == "" {
			missing++
		}
	}
	if missing == len(hooks) {
		return nothingAttached(s.statuses[first:], allowed)
	}
	return nil
}

// Hooks says how each hook is reached, context hooks first.
func (s *Session) Hooks() []HookStatus { return s.statuses }

// Batch is what one Read returns. It is valid until the next Read.
type Batch struct {
	Resets  []event.Event // without cause and owner
	Holders []event.Holder
}

// Read waits for records, until the deadline at most (the zero time waits for
// ever), and fills the batch with those that are there, at most batchMax. An
// empty batch means that the deadline passed. It returns ctx.Err() once
// Interrupt was called.
func (s *Session) Read(ctx context.Context, batch *Batch, deadline time.Time) error {
	batch.Resets, batch.Holders = batch.Resets[:0], batch.Holders[:0]
	if s.drained {
		time.Sleep(batchPause)
	}
	s.drained = true
	s.ring.SetDeadline(deadline)
	s.clock.adjust()
	for count := 0; count < batchMax; count++ {
		err := s.ring.ReadInto(&s.raw)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, ringbuf.ErrFlushed), errors.Is(err, ringbuf.ErrClosed):
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("read the ring buffer: %w", err)
		}
		if err := s.decode(s.raw.RawSample, batch); err != nil {
			return err
		}
		if s.raw.Remaining == 0 {
			return nil
		}
	}
	s.drained = false
	return nil
}

const batchMax = 4096

// Interrupt makes a waiting Read return.
func (s *Session) Interrupt() { _ = s.ring.Flush() }

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
	var err error
	if s.ring != nil {
		err = s.ring.Close()
	}
	closeMaps(s.maps)
	return err
}

// Holders lists the processes whose descriptors refer to a socket of a recent
// reset. It walks all file tables of the host: call it for many at once.
func (s *Session) Holders() ([]event.Holder, error) {
	if s.holders == nil {
		return nil, nil
	}
	return s.holders.run()
}

// objectTypes holds the generated names in one place.
type (
	resetRecord  = bpf.ContextResetRecord
	holderRecord = bpf.ContextHolderRecord
)
