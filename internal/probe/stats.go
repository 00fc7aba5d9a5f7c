package probe

import (
	"fmt"
	"io"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// ProgramStats is what one BPF program has cost so far. Without CountCosts the
// kernel does not measure, and all but the name is 0.
type ProgramStats struct {
	Program string
	Runs    uint64
	Time    time.Duration
	Misses  uint64 // runs that the kernel suppressed
}

// CountCosts makes the kernel measure every BPF program of the machine, which
// itself costs some tens of nanoseconds a run, until the result is closed.
// Needs Linux 5.8.
func CountCosts() (io.Closer, error) {
	closer, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
	if err != nil {
		return nil, fmt.Errorf("measure BPF programs: %w", err)
	}
	return closer, nil
}

// Programs says what each attached program has cost.
func (s *Session) Programs() ([]ProgramStats, error) {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	var found []ProgramStats
	for a := range s.programs {
		stats, err := a.program.Stats()
		if err != nil {
			return nil, fmt.Errorf("statistics of %s: %w", a.name, err)
		}
		found = append(found, ProgramStats{Program: a.name, Runs: stats.RunCount, Time: stats.Runtime, Misses: stats.RecursionMisses})
	}
	return found, nil
}

// RingHighWater is the largest number of bytes that were waiting in the ring
// when the reader came.
func (s *Session) RingHighWater() int { return s.reader.highWater }

// RingSize is the size of the ring.
func (s *Session) RingSize() int { return s.reader.ring.BufferSize() }
