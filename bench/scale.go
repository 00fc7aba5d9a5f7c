package main

import (
	"errors"
	"fmt"
	"sync"
)

// scale is a number of events, made by threads that each have a CPU.
type scale struct {
	events uint64
	cpus   int
}

// scaleCost is what a scale has cost.
type scaleCost struct {
	Events        uint64
	CPUs          int
	NanosPerEvent uint64 // of all programs together
}

// eventsEach is how many events a refused connect is: one sent, one received.
const eventsEach = 2

// measureScale has the kernel measure all programs while so many connects are
// refused. The totals must be exact.
func (b *bench) measureScale(s scale) error {
	if s.cpus > len(b.cpus) {
		b.results.note("Left out: %d threads, this process has %d CPUs.", s.cpus, len(b.cpus))
		return nil
	}
	var lastErr error
	for range attempts {
		cost, err := b.runScale(s)
		if errors.Is(err, errDisturbed) {
			lastErr = err
			continue
		}
		if err == nil {
			b.results.Scales = append(b.results.Scales, cost)
		}
		return err
	}
	return lastErr
}

func (b *bench) runScale(s scale) (scaleCost, error) {
	r, err := startRsttrace(b.program, "--self-cost")
	if err != nil {
		return scaleCost{}, err
	}
	defer r.kill()
	connects, err := b.burst(s)
	if err != nil {
		return scaleCost{}, err
	}
	if _, err := r.stop(refusedConnects, connects); err != nil {
		return scaleCost{}, err
	}
	programs, err := parseStats(r.stderr.String())
	if err != nil {
		return scaleCost{}, err
	}
	var nanos uint64
	for _, p := range programs {
		nanos += p.Runs * p.NanosPerRun
	}
	events := connects * eventsEach
	return scaleCost{Events: events, CPUs: s.cpus, NanosPerEvent: nanos / events}, nil
}

// burst makes the connects of a scale and returns how many it made.
func (b *bench) burst(s scale) (connects uint64, err error) {
	each := s.events / eventsEach / uint64(s.cpus)
	errs := make([]error, s.cpus)
	var threads sync.WaitGroup
	for i, cpu := range b.cpus[len(b.cpus)-s.cpus:] {
		threads.Go(func() {
			errs[i] = b.Do(func() error { return repeat(refusedConnects, each, cpu) })
		})
	}
	threads.Wait()
	return each * uint64(s.cpus), errors.Join(errs...)
}

// repeat runs a load so many times on a CPU.
func repeat(l load, times uint64, cpu int) error {
	restore, err := pin(cpu)
	if err != nil {
		return err
	}
	defer restore()
	w, err := l.open()
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	defer w.close()
	for range times {
		if err := w.operate(); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}
