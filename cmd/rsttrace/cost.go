package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/probe"
)

// costFlags are the flags that trade detail for cost, and the one that shows
// the cost.
type costFlags struct {
	summary  bool
	top      int
	stack    bool
	selfCost bool
}

func (c *costFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&c.summary, "summary", false, "only count: no details, the cheapest mode (see --interval)")
	flags.IntVar(&c.top, "top", 0, "with the totals also this many owners, peers and local ports that have the most events")
	flags.BoolVar(&c.stack, "stack", false, "show the kernel stack of each event")
	flags.BoolVar(&c.selfCost, "self-cost", false, "show at the end what rsttrace has cost")
	oldName(cmd, "self-cost", "stats")
}

// meter measures what a run costs, if that was asked for.
type meter struct {
	started time.Time
	counter io.Closer // nil: nothing is measured
}

func (c *costFlags) startMeter() (*meter, error) {
	if !c.selfCost {
		return &meter{}, nil
	}
	counter, err := probe.CountCosts()
	if err != nil {
		return nil, err
	}
	return &meter{started: time.Now(), counter: counter}, nil
}

// report prints the cost of each program and of this process.
func (m *meter) report(out io.Writer, session *probe.Session, lost uint64) error {
	if m.counter == nil {
		return nil
	}
	elapsed := time.Since(m.started)
	programs, err := session.Programs()
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "\n%-24s %14s %10s\n", "PROGRAM", "RUNS", "NS/RUN")
	for _, p := range programs {
		var each int64
		if p.Runs > 0 {
			each = p.Time.Nanoseconds() / int64(p.Runs)
		}
		fmt.Fprintf(&text, "%-24s %14d %10d\n", p.Program, p.Runs, each)
	}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return fmt.Errorf("resource usage: %w", err)
	}
	cpu := time.Duration(used.Utime.Nano() + used.Stime.Nano())
	fmt.Fprintf(&text, "ring: at most %d of %d bytes used, %d events lost; rsttrace itself: %s of CPU time in %s, at most %d KiB of memory\n",
		session.RingHighWater(), session.RingSize(), lost, cpu.Round(time.Millisecond), elapsed.Round(time.Millisecond), used.Maxrss)
	_, err = io.WriteString(out, text.String())
	return err
}

func (m *meter) close() {
	if m.counter != nil {
		m.counter.Close()
	}
}
