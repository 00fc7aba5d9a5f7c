package probe

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Count is how often one piece of evidence was seen.
type Count struct {
	Evidence event.Evidence
	Events   uint64
}

// Counts are the exact totals since Open, whatever happened to the records.
type Counts struct {
	ByEvidence []Count
	Lost       uint64 // events whose record found no room in the ring
	// LostRecords are other records that found none.
	LostRecords event.LostRecords
	Uncounted   uint64 // events whose evidence found no free counter; not in ByEvidence
	Unplaced    uint64 // events that found no free counter of their namespace, see NetnsCounts
	Missed      uint64 // runs that the kernel suppressed: hooks fired, nothing was seen
	// NotCounted lists, for people, what is in no count: see Options.Wants.
	NotCounted []string
}

// counters reads the kernel's counter rows through mmap.
type counters struct {
	kernel *kernel
	cpus   int
	rows   *ebpf.Memory
	keys   *ebpf.Memory
	muted  *ebpf.Memory // writable: which columns send no details
	buffer []byte
	known  [columns]columnEvidence // keys are written once
	raw    [sizeOfColumnKey]byte
}

// columnEvidence is what a column counts.
type columnEvidence struct {
	event.Evidence
	ready bool
}

func openCounters(maps map[string]*ebpf.Map, cpus int, k *kernel) (*counters, error) {
	rows, err := maps["counts"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the counters: %w", err)
	}
	keys, err := maps["column_keys"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the counters: %w", err)
	}
	muted, err := maps["muted"].Memory()
	if err != nil {
		return nil, fmt.Errorf("map the counters: %w", err)
	}
	return &counters{kernel: k, cpus: cpus, rows: rows, keys: keys, muted: muted}, nil
}

const (
	columns       = int(bpf.ContextColumnCOLUMNS)
	firstColumn   = int(bpf.ContextColumnCOLUMN_FIRST)
	sizeOfCounter = 8
)

// read adds up the rows of all CPUs. Evidence may have two columns when two
// CPUs met it first at the same time.
func (c *counters) read() (Counts, error) {
	size := c.cpus * columns * sizeOfCounter
	if c.buffer == nil {
		c.buffer = make([]byte, size)
	}
	if _, err := c.rows.ReadAt(c.buffer, 0); err != nil {
		return Counts{}, fmt.Errorf("read the counters: %w", err)
	}
	sum := func(column int) (total uint64) {
		for cpu := range c.cpus {
			total += binary.NativeEndian.Uint64(c.buffer[(cpu*columns+column)*sizeOfCounter:])
		}
		return total
	}
	lost := func(kind bpf.ContextRecordKind) uint64 { return sum(lostColumn(kind)) }

	counts := Counts{
		Lost: lost(bpf.ContextRecordKindRECORD_RESET),
		LostRecords: event.LostRecords{
			Holders:  lost(bpf.ContextRecordKindRECORD_HOLDER),
			Modules:  lost(bpf.ContextRecordKindRECORD_MODULE),
			Signals:  lost(bpf.ContextRecordKindRECORD_SIGNAL),
			Errors:   lost(bpf.ContextRecordKindRECORD_ERROR),
			Payloads: lost(bpf.ContextRecordKindRECORD_PAYLOAD),
			Cgroups:  lost(bpf.ContextRecordKindRECORD_CGROUP),
			Packets:  lost(bpf.ContextRecordKindRECORD_FRAME),
			Commands: lost(bpf.ContextRecordKindRECORD_COMMAND),
		},
		Uncounted: sum(int(bpf.ContextColumnCOLUMN_UNCOUNTED)),
		Unplaced:  sum(int(bpf.ContextColumnCOLUMN_UNPLACED)),
	}
	position := make(map[event.Evidence]int)
	for column := firstColumn; column < columns; column++ {
		events := sum(column)
		if events == 0 {
			continue
		}
		evidence, ok, err := c.key(column)
		if err != nil {
			return Counts{}, err
		}
		if !ok {
			counts.Uncounted += events
			continue
		}
		at, known := position[evidence]
		if !known {
			at = len(counts.ByEvidence)
			position[evidence] = at
			counts.ByEvidence = append(counts.ByEvidence, Count{Evidence: evidence})
		}
		counts.ByEvidence[at].Events += events
	}
	return counts, nil
}

// lostColumn counts the records of a kind that the ring had no room for.
func lostColumn(kind bpf.ContextRecordKind) int {
	return int(bpf.ContextColumnCOLUMN_LOST) + int(kind)
}

// lost is how many records of a kind the ring had no room for so far.
func (c *counters) lost(kind bpf.ContextRecordKind) (total uint64, err error) {
	var cell [sizeOfCounter]byte
	for cpu := range c.cpus {
		if _, err := c.rows.ReadAt(cell[:], int64(cpu*columns+lostColumn(kind))*sizeOfCounter); err != nil {
			return 0, fmt.Errorf("read the counters: %w", err)
		}
		total += binary.NativeEndian.Uint64(cell[:])
	}
	return total, nil
}

// key is the evidence that a column counts; false while it is being written.
func (c *counters) key(column int) (event.Evidence, bool, error) {
	known := &c.known[column]
	if known.ready {
		return known.Evidence, true, nil
	}
	if _, err := c.keys.ReadAt(c.raw[:], int64(column*sizeOfColumnKey)); err != nil {
		return event.Evidence{}, false, fmt.Errorf("read the counters: %w", err)
	}
	key, err := view[bpf.ContextColumnKey](c.raw[:])
	if err != nil || key.Ready == 0 {
		return event.Evidence{}, false, err
	}
	*known = columnEvidence{decodeEvidence(&key.Evidence, c.kernel), true}
	return known.Evidence, true, nil
}

const sizeOfFlag = 4

// mute hides the columns whose evidence is hidden.
func (c *counters) mute(hidden func(event.Evidence) bool) error {
	for column := firstColumn; column < columns; column++ {
		evidence, ok, err := c.key(column)
		if err != nil {
			return err
		}
		if !ok || !hidden(evidence) {
			continue
		}
		if _, err := c.muted.WriteAt([]byte{1, 0, 0, 0}, int64(column*sizeOfFlag)); err != nil {
			return fmt.Errorf("mute a counter: %w", err)
		}
	}
	return nil
}

// Counts reads the exact totals.
func (s *Session) Counts() (Counts, error) {
	counts, err := s.readCounters()
	if err != nil {
		return Counts{}, err
	}
	counts.Missed, counts.NotCounted = s.missed(), s.notCounted()
	return counts, nil
}

func (s *Session) readCounters() (Counts, error) {
	s.totals.Lock()
	defer s.totals.Unlock()
	return s.counters.read()
}

// missed adds up what the kernel says that it suppressed. Older kernels do not tell.
func (s *Session) missed() uint64 {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	total := s.missedBefore
	for a := range s.programs {
		total += a.missed()
	}
	return total
}
