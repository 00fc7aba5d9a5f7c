package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/probe"
)

// mode is a way to run rsttrace.
type mode struct {
	name string
	args []string
}

// measureCosts has the kernel measure each program while a load runs. That
// costs the programs time too, so no ratio is taken here.
func (b *bench) measureCosts(m mode, l load) error {
	var lastErr error
	for range attempts {
		r, err := startRsttrace(b.program, append([]string{"--self-cost"}, m.args...)...)
		if err != nil {
			return err
		}
		s, err := b.slice(l, b.options.slice)
		if err != nil {
			r.kill()
			return err
		}
		_, err = r.stop(l, s.operations)
		said := r.stderr.String()
		r.kill()
		if errors.Is(err, errDisturbed) {
			lastErr = err
			continue
		}
		if err != nil {
			return err
		}
		programs, err := parseStats(said)
		if err != nil {
			return err
		}
		for _, p := range programs {
			p.Mode, p.Load, p.Operations = m.name, l.name, s.operations
			if p.share() >= leastShare {
				b.results.Costs = append(b.results.Costs, p)
			}
		}
		return nil
	}
	return lastErr
}

// leastShare of runs per operation makes a program part of a load's path.
const leastShare = 0.01

// programCost is what one BPF program has cost under a load.
type programCost struct {
	Mode, Load, Program string
	Operations, Runs    uint64
	NanosPerRun         uint64
}

func (p *programCost) share() float64 { return float64(p.Runs) / float64(p.Operations) }

// parseStats reads the table that rsttrace --self-cost prints.
func parseStats(text string) ([]programCost, error) {
	_, table, found := strings.Cut(text, "PROGRAM ")
	if !found {
		return nil, fmt.Errorf("no statistics in %q", text)
	}
	var costs []programCost
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) != 3 { // the end of the title, and what follows the table
			continue
		}
		runs, err := strconv.ParseUint(fields[1], 10, 64)
		if err != nil {
			continue
		}
		each, err := strconv.ParseUint(fields[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("statistics: %q", line)
		}
		costs = append(costs, programCost{Program: fields[0], Runs: runs, NanosPerRun: each})
	}
	if len(costs) == 0 {
		return nil, fmt.Errorf("no program in the statistics %q", text)
	}
	return costs, nil
}

// silence is how many programs ran while connections that exist were used.
type silence struct {
	Load       string
	Operations uint64
	Runs       map[string]uint64
}

// measureSilence wants no program to run while a load does. Programs are of the
// whole host, where connections come and go: one silent slice is proof enough,
// as a program that runs for packets of the load would run in each.
func (b *bench) measureSilence(l load) error {
	counter, err := probe.CountCosts()
	if err != nil {
		return err
	}
	defer counter.Close()
	session, err := probe.Open(probe.Options{})
	if err != nil {
		return err
	}
	defer session.Close()

	var least silence
	for attempt := range attempts {
		runs := runCounts{session: session}
		s, err := b.slice(l, b.options.slice, runs.look)
		if err != nil {
			return err
		}
		seen := silence{Load: l.name, Operations: s.operations, Runs: runs.between()}
		if attempt == 0 || total(seen.Runs) < total(least.Runs) {
			least = seen
		}
		if total(least.Runs) == 0 {
			break
		}
	}
	b.results.Silence = append(b.results.Silence, least)
	if ran := total(least.Runs); ran > 0 {
		fmt.Fprintf(os.Stderr, "bench: %s: programs ran %v times in %d %s\n", l.name, least.Runs, least.Operations, l.unit)
		const bystanders = 100 // connections of the host, in the quietest of all slices
		if ran > bystanders {
			return fmt.Errorf("%s: programs ran %d times, in each of %d slices: %v", l.name, ran, attempts, least.Runs)
		}
	}
	return nil
}

// runCounts is how often each program had run at each look.
type runCounts struct {
	session *probe.Session
	looks   []map[string]uint64
}

func (r *runCounts) look() error {
	programs, err := r.session.Programs()
	if err != nil {
		return err
	}
	runs := make(map[string]uint64)
	for _, p := range programs {
		runs[p.Program] = p.Runs
	}
	r.looks = append(r.looks, runs)
	return nil
}

// between is the growth from the first look to the last, of those that ran.
func (r *runCounts) between() map[string]uint64 {
	grown := make(map[string]uint64)
	last := r.looks[len(r.looks)-1]
	for name, before := range r.looks[0] {
		if last[name] > before {
			grown[name] = last[name] - before
		}
	}
	return grown
}

func total(runs map[string]uint64) (sum uint64) {
	for _, n := range runs {
		sum += n
	}
	return sum
}
