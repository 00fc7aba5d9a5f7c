package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

const (
	// batchPause is how long the reader lets records gather after it has caught
	// up. It bounds the wake-ups at 100 per second whatever the load, and delays
	// a record by no more than this.
	batchPause = 10 * time.Millisecond
	// batchMax bounds what a batch takes of the processor's caches: events are of
	// a kilobyte, and each is used again before the next batch is read.
	batchMax = 512
)

// reader is the user-space end of the ring buffer.
type reader struct {
	ring     *ringbuf.Reader
	raw      ringbuf.Record
	clock    clock
	interner interner
	drained  bool
	// highWater is the most bytes that were waiting.
	highWater   int
	lostModules lostModules
}

// Batch is what one Read returns. It is valid until the next Read.
type Batch struct {
	Resets  []event.Event // without cause and owner
	Holders []event.Holder
	Signals []event.Signal
	Errors  []event.LateError // of events of an earlier batch
	Cgroups []Cgroup          // that came; those of its resets are in this batch or an earlier one
	modules []string          // that were loaded
}

func (b *Batch) clear() {
	b.Resets, b.Holders, b.Signals, b.modules = b.Resets[:0], b.Holders[:0], b.Signals[:0], b.modules[:0]
	b.Errors, b.Cgroups = b.Errors[:0], b.Cgroups[:0]
}

// Cgroup is a control group of the v2 hierarchy.
type Cgroup struct {
	ID   uint64
	Path string
}

// report gives an error to its event. As a rule that is the record before, on a
// machine with many CPUs one of the last.
func (b *Batch) report(late event.LateError) {
	const reach = 64
	for i := len(b.Resets) - 1; i >= max(0, len(b.Resets)-reach); i-- {
		if k := &b.Resets[i].Kernel; k.HookNanos == late.HookNanos && k.Socket.Address == late.Socket {
			k.ReportedError = late.SocketError
			return
		}
	}
	b.Errors = append(b.Errors, late)
}

// Read waits for records, until the deadline at most (the zero time waits for
// ever), and fills the batch with those that are there. An empty batch means
// that the deadline passed. It returns ctx's error once Interrupt was called.
func (s *Session) Read(ctx context.Context, batch *Batch, deadline time.Time) error {
	batch.clear()
	s.reader.interner.frames.clear()
	err := s.reader.read(ctx, deadline, func(sample []byte) error { return s.decode(sample, batch) })
	for _, module := range batch.modules {
		s.moduleLoaded(module)
	}
	if err == nil {
		err = s.attachLostModules()
	}
	if err == nil {
		err = s.loader.exhausted // by a module's hooks
	}
	return err
}

func (r *reader) read(ctx context.Context, deadline time.Time, decode func([]byte) error) error {
	if r.drained {
		time.Sleep(batchPause)
	}
	r.drained = true
	r.ring.SetDeadline(deadline)
	r.clock.adjust()
	for range batchMax {
		err := r.ring.ReadInto(&r.raw)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case errors.Is(err, ringbuf.ErrFlushed), errors.Is(err, ringbuf.ErrClosed):
			return context.Cause(ctx)
		case err != nil:
			return fmt.Errorf("read the ring buffer: %w", err)
		}
		r.highWater = max(r.highWater, r.raw.Remaining+len(r.raw.RawSample))
		if err := decode(r.raw.RawSample); err != nil {
			return err
		}
		if r.raw.Remaining == 0 {
			return nil
		}
	}
	r.drained = false
	return nil
}

// Interrupt makes a waiting Read return.
func (s *Session) Interrupt() { _ = s.reader.ring.Flush() }
