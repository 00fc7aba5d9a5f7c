package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
)

// loadns is the network namespace where loads run.
type loadns struct {
	*netns.Namespace
	cpu  int   // that the load has, as far as the scheduler lets it
	cpus []int // that this process may use; cpu is the last
}

func newLoadns() (*loadns, error) {
	n, err := netns.New("bench")
	if err != nil {
		return nil, err
	}
	// Without it, one minute's TIME_WAIT sockets take all ports, and the first
	// rounds would differ from the later ones.
	if err := n.Sysctl("ipv4/tcp_max_tw_buckets", "0"); err != nil {
		n.Close()
		return nil, err
	}
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		n.Close()
		return nil, fmt.Errorf("allowed CPUs: %w", err)
	}
	g := &loadns{Namespace: n}
	for cpu := range len(allowed) * 64 {
		if allowed.IsSet(cpu) {
			g.cpu, g.cpus = cpu, append(g.cpus, cpu)
		}
	}
	return g, nil
}

func (g *loadns) close() { g.Namespace.Close() }

// sample is what one slice of a load came to.
type sample struct {
	operations uint64
	elapsed    time.Duration
	outRsts    uint64 // RSTs sent, as the kernel counted them in the namespace
}

func (s sample) perSecond() float64 { return float64(s.operations) / s.elapsed.Seconds() }

// checkpoint is called when a load is set up, and again when its time is over.
type checkpoint func() error

// slice runs a load for some time.
func (g *loadns) slice(l load, d time.Duration, watches ...checkpoint) (s sample, err error) {
	err = g.Do(func() error {
		restore, err := pin(g.cpu)
		if err != nil {
			return err
		}
		defer restore()
		before, err := audit.OfThread()
		if err != nil {
			return err
		}
		w, err := l.open()
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		s, err = runFor(w, d, watches)
		w.close()
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		after, err := audit.OfThread()
		s.outRsts = after.Diff(before)["TcpOutRsts"]
		return err
	})
	return s, err
}

func runFor(w worker, d time.Duration, watches []checkpoint) (sample, error) {
	look := func() error {
		for _, watch := range watches {
			if err := watch(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := look(); err != nil {
		return sample{}, err
	}
	var s sample
	const atOnce = 16 // operations between two looks at the clock
	for began := time.Now(); s.elapsed < d; s.elapsed = time.Since(began) {
		for range atOnce {
			if err := w.operate(); err != nil {
				return s, err
			}
		}
		s.operations += atOnce
	}
	return s, look()
}

// pin keeps the calling thread on one CPU, so that the scheduler's choices do
// not differ from slice to slice. What is measured beside it runs wherever the
// scheduler puts it.
func pin(cpu int) (restore func(), err error) {
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("allowed CPUs: %w", err)
	}
	only.Set(cpu)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return nil, fmt.Errorf("stay on CPU %d: %w", cpu, err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &before) }, nil
}
