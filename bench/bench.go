package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// bench is one run of everything.
type bench struct {
	*loadns
	options *options
	program string
	results *results
}

// plan says what to measure.
type plan struct {
	matchups   []matchup
	modes      []mode // whose programs are measured one by one
	scales     []scale
	quietLoads []load    // during which no program may run
	guest      bool      // compare attach methods in a virtual machine
	waits      *keyWaits // of the live screen
}

// matchup is a load with and without a tracer. target is the ratio that rsttrace
// has set itself, 0 where there is none.
type matchup struct {
	load   load
	tracer tracer
	target float64
}

func fullPlan(program string) plan {
	var (
		standard      = rsttrace(program)
		full          = rsttrace(program, "--max-rate", "0")
		summary       = rsttrace(program, "--summary")
		tops          = rsttrace(program, "--summary", "--top", "10")
		noFlowMemory  = rsttrace(program, "--no-flow-memory")
		seesPackets   = rsttrace(program, "--see-packets")
		daemon        = serve(program)
		waits         = new(keyWaits)
		live          = screen(program, waits)
		emptyAll      = emptyProbes("programs that do nothing, in rsttrace's places", allHooks)
		emptyCounting = emptyProbes("programs that do nothing, in the places of `--summary`", countingHooks)
	)
	return plan{
		matchups: []matchup{
			{refusedConnects, untraced, 0},
			{refusedConnects, full, 0.95},
			{refusedConnects, standard, 0.97},
			{refusedConnects, summary, 0.99},
			{refusedConnects, tops, 0},
			{refusedConnects, daemon, 0},
			{refusedConnects, recording(program), 0},
			{refusedConnects, live, 0},
			{refusedConnects, emptyAll, 0},
			{refusedConnects, emptyCounting, 0},
			{refusedConnects, perf, 0},
			{refusedConnects, tcpdump, 0},
			{refusedConnects, bpftrace, 0},
			{churn, untraced, 0},
			{churn, standard, 0.95},
			{churn, noFlowMemory, 0.98},
			{churn, emptyAll, 0},
			{churn, daemon, 0},
			{churn, tcpdump, 0},
			{requests, untraced, 0},
			{requests, standard, 0},
			{requests, daemon, 0},
			{requests, seesPackets, 0},
			{requests, tcpdump, 0},
			{bulk, untraced, 0},
			{bulk, standard, 0},
			{bulk, daemon, 0},
			{bulk, seesPackets, 0},
			{bulk, tcpdump, 0},
		},
		modes: []mode{
			{"every event in full", []string{"--max-rate", "0"}},
			{"default", nil},
			{"only counts", []string{"--summary"}},
		},
		scales: []scale{
			{events: 1_000, cpus: 1}, {events: 10_000, cpus: 1}, {events: 100_000, cpus: 1},
			{events: 1_000_000, cpus: 1}, {events: 1_000_000, cpus: 2}, {events: 10_000_000, cpus: 1}, {events: 10_000_000, cpus: 2},
		},
		quietLoads: []load{requests, bulk},
		guest:      true,
		waits:      waits,
	}
}

// only keeps the matchups with text in "load: tracer".
func (p plan) only(text string) plan {
	return plan{waits: p.waits, matchups: slices.DeleteFunc(p.matchups, func(d matchup) bool {
		return !strings.Contains(d.load.name+": "+d.tracer.name, text)
	})}
}

// smokePlan has whatever can be wrong rather than slow.
func smokePlan(program string) plan {
	p := fullPlan(program)
	p.matchups = []matchup{
		{refusedConnects, rsttrace(program, "--max-rate", "0"), 0},
		{refusedConnects, rsttrace(program), 0},
		{refusedConnects, rsttrace(program, "--summary"), 0},
		{refusedConnects, serve(program), 0},
		{refusedConnects, recording(program), 0},
		{refusedConnects, screen(program, p.waits), 0},
		{churn, rsttrace(program), 0},
		{churn, rsttrace(program, "--no-flow-memory"), 0},
		{requests, rsttrace(program), 0},
		{bulk, rsttrace(program), 0},
	}
	p.modes, p.guest = p.modes[:1], false
	p.scales = []scale{{events: 10_000, cpus: 1}, {events: 10_000, cpus: 2}}
	return p
}

func (b *bench) all(p plan) error {
	missing := make(map[string]bool)
	for round := range b.options.rounds {
		for _, d := range p.matchups {
			if missing[d.tracer.name] {
				continue
			}
			measured, err := b.comparePair(d, round)
			if errors.Is(err, errMissing) {
				missing[d.tracer.name] = true
				b.results.note("Left out: %s, %s.", d.tracer.name, strings.Join(strings.Fields(err.Error()), " "))
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", d.tracer.name, err)
			}
			b.results.add(d, measured)
		}
		if !b.options.smoke {
			fmt.Fprintf(os.Stderr, "bench: round %d of %d done\n", round+1, b.options.rounds)
		}
	}
	if report := p.waits.report(); report != "" {
		b.results.note("%s", report)
	}
	for _, m := range p.modes {
		for _, l := range []load{refusedConnects, abortedConnects} {
			if err := b.measureCosts(m, l); err != nil {
				return fmt.Errorf("cost of %s: %w", m.name, err)
			}
		}
	}
	for _, s := range p.scales {
		if err := b.measureScale(s); err != nil {
			return fmt.Errorf("%d events on %d CPUs: %w", s.events, s.cpus, err)
		}
	}
	if p.guest {
		methods, err := methodsInGuest(b.program)
		if err != nil {
			b.results.note("Left out: attach methods beside one another, %v.", err)
		}
		b.results.Methods = methods
	}
	for _, l := range p.quietLoads {
		if err := b.measureSilence(l); err != nil {
			return err
		}
	}
	return nil
}

// attempts at something that other resets or connections of the host disturb.
const attempts = 8

// comparePair runs the two slices of a pair, the traced one first in every other
// round.
func (b *bench) comparePair(d matchup, round int) (pair, error) {
	var lastErr error
	for attempt := range attempts {
		p := pair{Round: round, Attempt: attempt}
		contenders := []tracer{untraced, d.tracer}
		rates := []*float64{&p.Untraced, &p.Traced}
		lastErr = nil
		for i := range contenders {
			at := i ^ round&1
			s, a, err := b.runTraced(d.load, contenders[at])
			if errors.Is(err, errDisturbed) {
				lastErr = err
				break
			}
			if err != nil {
				return pair{}, err
			}
			*rates[at] = s.perSecond()
			if at == 1 {
				p.Operations, p.Lost, p.CPUMillis = a.operations, a.lost, a.cpu.Milliseconds()
			}
		}
		if lastErr == nil {
			p.Ratio = p.Traced / p.Untraced
			return p, nil
		}
	}
	return pair{}, fmt.Errorf("%d times: %w", attempts, lastErr)
}

const (
	warmUpShare = 10 // of a slice
	// settling lets the host come to rest after a tracer was attached, and the
	// last packets arrive before it is detached.
	settling = 20 * time.Millisecond
)

// runTraced runs one slice, and a short one before it that counts for nothing but
// the totals.
func (b *bench) runTraced(l load, t tracer) (sample, account, error) {
	attached, err := t.start(b.loadns)
	if err != nil {
		return sample{}, account{}, err
	}
	defer attached.kill()
	time.Sleep(settling)
	warm, err := b.slice(l, b.options.slice/warmUpShare)
	if err != nil {
		return sample{}, account{}, err
	}
	s, err := b.slice(l, b.options.slice)
	if err != nil {
		return sample{}, account{}, err
	}
	time.Sleep(settling)
	operations, sent := warm.operations+s.operations, warm.outRsts+s.outRsts
	if wanted := l.sent(operations); sent != wanted {
		return sample{}, account{}, fmt.Errorf("%s: the kernel counted %d RSTs sent after %d %s, want %d", l.name, sent, operations, l.unit, wanted)
	}
	a, err := attached.stop(l, operations)
	a.operations = operations
	return s, a, err
}
