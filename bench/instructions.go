package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// counting says how instructions are counted: in a guest whose clock counts them, so that
// a nanosecond is an instruction. The figures are the same on every machine, however busy.
type counting struct {
	// Kernel is that of the guest, as test/vm/kernels calls it; Release is what it says.
	Kernel, Release string
	Rows            []instructionRow
}

// instructionRow is what one operation of a load takes the guest: kernel, load and tracer.
type instructionRow struct {
	Load, Tracer string
	Instructions uint64 // the median of the rounds; 0: the tracer cannot see what the load does here
}

// countedKernels are those of the table.
var countedKernels = []string{"6.1", "6.12"}

const (
	// countedRounds is how often a load runs under one tracer; the first warms the caches.
	countedRounds = 16
	// countedOperations of one round.
	countedOperations = 500
	// countTolerance is by how much figures of two boots of the same code may differ.
	countTolerance = 0.03
)

// countedMatchups are loads that never wait: while a guest idles, its clock counts nothing
// that anybody executes.
func countedMatchups(program string) []matchup {
	rows := []matchup{
		{refusedConnects, untraced, 0},
		{refusedConnects, emptyProbes("programs that do nothing, in rsttrace's places", allHooks), 0},
		{refusedConnects, emptyProbes("programs that do nothing, in the places of `--summary`", countingHooks), 0},
	}
	for _, method := range event.Methods {
		rows = append(rows,
			matchup{refusedConnects, rsttrace(program, "--attach", string(method)), 0},
			matchup{refusedConnects, rsttrace(program, "--summary", "--attach", string(method)), 0})
	}
	rows = append(rows,
		matchup{churn, untraced, 0},
		matchup{churn, emptyProbes("programs that do nothing, in rsttrace's places", allHooks), 0})
	for _, method := range event.Methods {
		rows = append(rows,
			matchup{churn, rsttrace(program, "--attach", string(method)), 0},
			matchup{churn, rsttrace(program, "--no-flow-memory", "--attach", string(method)), 0})
	}
	return rows
}

// countHere counts on this kernel, whose clock must count instructions.
func (b *bench) countHere() (counting, error) {
	found := counting{Release: b.results.Machine.Kernel}
	for _, m := range countedMatchups(b.program) {
		instructions, err := b.instructionsOf(m)
		if err != nil && !errors.Is(err, errUnseen) {
			return counting{}, fmt.Errorf("%s, %s: %w", m.load.name, m.tracer.name, err)
		}
		found.Rows = append(found.Rows, instructionRow{
			Load: m.load.name, Tracer: strings.ReplaceAll(m.tracer.name, b.program, "rsttrace"), Instructions: instructions,
		})
	}
	return found, nil
}

// instructionsOf is the median of the rounds, for one operation. Totals must be exact.
func (b *bench) instructionsOf(m matchup) (uint64, error) {
	attached, err := m.tracer.start(b.loadns)
	if err != nil {
		return 0, err
	}
	defer attached.kill()
	time.Sleep(settling)
	var rounds []float64
	err = b.Do(func() error {
		w, err := m.load.open()
		if err != nil {
			return err
		}
		defer w.close()
		for range countedRounds {
			began := time.Now()
			for range countedOperations {
				if err := w.operate(); err != nil {
					return err
				}
			}
			rounds = append(rounds, float64(time.Since(began).Nanoseconds())/countedOperations)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	time.Sleep(settling)
	if _, err := attached.stop(m.load, countedRounds*countedOperations); err != nil {
		return 0, err
	}
	return uint64(math.Round(quartilesOf(rounds[1:]).median)), nil
}

// countInGuests counts on each kernel of the table.
func countInGuests(program string) ([]counting, error) {
	var all []counting
	for _, kernel := range countedKernels {
		fmt.Fprintf(os.Stderr, "bench: counting instructions on %s\n", kernel)
		const seconds = 3000
		text, err := inGuest(kernel, program, seconds, "bench -instructions -guest -rsttrace /bin/rsttrace", "--count-instructions")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kernel, err)
		}
		var found counting
		if err := json.Unmarshal(text, &found); err != nil {
			return nil, fmt.Errorf("%s: what the guest wrote: %w", kernel, err)
		}
		found.Kernel = kernel
		all = append(all, found)
	}
	return all, nil
}

// differences lists where figures are further from committed ones than two boots of the
// same code are. Figures of another release of the kernel say nothing about the code.
func differences(committed, now []counting) (found []string) {
	for _, n := range now {
		at := slices.IndexFunc(committed, func(c counting) bool { return c.Kernel == n.Kernel })
		if at < 0 {
			found = append(found, n.Kernel+" has no committed figures")
			continue
		}
		was := committed[at]
		for _, row := range n.Rows {
			before := was.of(row.Load, row.Tracer)
			switch change := float64(row.Instructions)/float64(before) - 1; {
			case before == row.Instructions:
			case before == 0:
				found = append(found, fmt.Sprintf("%s, %s, %s: has no committed figure", n.Kernel, row.Load, row.Tracer))
			case math.Abs(change) > countTolerance:
				found = append(found, fmt.Sprintf("%s, %s, %s: %d instructions, committed are %d (%+.1f %%; Linux %s, then %s)",
					n.Kernel, row.Load, row.Tracer, row.Instructions, before, 100*change, n.Release, was.Release))
			}
		}
	}
	return found
}

// of is a figure of the table, 0 if it has none.
func (c counting) of(load, tracer string) uint64 {
	for _, row := range c.Rows {
		if row.Load == load && row.Tracer == tracer {
			return row.Instructions
		}
	}
	return 0
}

// instructionsTable is the figures for people. What tracing adds is beside each.
func instructionsTable(all []counting) string {
	var page strings.Builder
	page.WriteString("| load | tracer |")
	for _, c := range all {
		fmt.Fprintf(&page, " instructions, Linux %s | added |", c.Release)
	}
	page.WriteString("\n| --- | --- |" + strings.Repeat(" --- | --- |", len(all)) + "\n")
	for _, row := range all[0].Rows {
		fmt.Fprintf(&page, "| %s | %s |", row.Load, codeText(row.Tracer))
		for _, c := range all {
			figure, bare := c.of(row.Load, row.Tracer), c.of(row.Load, untraced.name)
			if figure == 0 {
				page.WriteString(" does not see them | |")
				continue
			}
			fmt.Fprintf(&page, " %s | %s |", thousands(figure), addedText(figure, bare))
		}
		page.WriteByte('\n')
	}
	return page.String()
}

func addedText(figure, bare uint64) string {
	if figure <= bare {
		return ""
	}
	return fmt.Sprintf("%s (%.1f %%)", thousands(figure-bare), 100*float64(figure-bare)/float64(bare))
}

const instructionsFile = "instructions.json"

// countInstructions counts, and writes the figures or holds them against the committed ones.
func (o *options) countInstructions(program string) error {
	var committed []counting
	text, err := os.ReadFile(filepath.Join(o.dir, instructionsFile))
	if err == nil {
		err = json.Unmarshal(text, &committed)
	}
	if err != nil && !o.write {
		return fmt.Errorf("the committed figures: %w", err)
	}
	now, err := countInGuests(program)
	if err != nil {
		return err
	}
	if o.write {
		return saveCounting(o.dir, now)
	}
	fmt.Print(instructionsTable(now))
	if found := differences(committed, now); len(found) > 0 {
		return errors.New("instructions differ by more than 3 %; if the change is meant, make bench-instructions writes the new figures:\n  " +
			strings.Join(found, "\n  "))
	}
	return nil
}

func saveCounting(dir string, all []counting) error {
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, instructionsFile), append(text, '\n'), readable); err != nil {
		return err
	}
	return updateReadme(dir, instructionMarks, instructionsTable(all))
}
