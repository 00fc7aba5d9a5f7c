package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What is between two such lines of README.md is written by this program.
const (
	resultMarks      = "results"
	instructionMarks = "instructions"
)

func markBegin(marks string) string { return "<!-- " + marks + ": begin, written by make bench -->\n" }
func markEnd(marks string) string   { return "<!-- " + marks + ": end -->" }

func replaceMarked(page, marks, text string) (string, error) {
	before, rest, begins := strings.Cut(page, markBegin(marks))
	_, after, ends := strings.Cut(rest, markEnd(marks))
	if !begins || !ends {
		return "", fmt.Errorf("the marks around the %s are missing", marks)
	}
	return before + markBegin(marks) + text + markEnd(marks) + after, nil
}

// markdown is the results for people.
func (r *results) markdown() string {
	var page strings.Builder
	fmt.Fprintf(&page, "Machine: %s. %s, %s of %g s on each side, %s.\n\n",
		r.Machine, r.Date, count(r.Rounds, "paired round"), r.SliceSeconds, "order alternating")
	for _, note := range r.Notes {
		fmt.Fprintf(&page, "%s\n\n", note)
	}
	r.writeContests(&page)
	r.writeCosts(&page)
	r.writeScales(&page)
	r.writeMethods(&page)
	r.writeSilence(&page)
	return page.String()
}

func (r *results) writeContests(page *strings.Builder) {
	spreads := make(map[string]float64) // by load
	for _, c := range r.Contests {
		if c.Tracer == untraced.name {
			spreads[c.Load] = c.ratios().spread()
		}
	}
	page.WriteString("| load | tracer | throughput, untraced = 1: median (quartiles) | target | events lost | tracer's CPU time per round |\n" +
		"| --- | --- | --- | --- | --- | --- |\n")
	for i, c := range r.Contests {
		name := c.Load
		if i > 0 && r.Contests[i-1].Load == c.Load {
			name = ""
		} else {
			untraced := c.sum(func(p pair) float64 { return p.Untraced }) / float64(len(c.Pairs))
			name = fmt.Sprintf("%s, %s %s/s untraced", name, thousands(uint64(untraced)), c.Unit)
		}
		q := c.ratios()
		target, lost, cpu := "", "", ""
		if c.Target > 0 {
			target = fmt.Sprintf("≥ %.2f: %s", c.Target, verdict(q.median, c.Target, spreads[c.Load]))
		}
		if c.Tracer != untraced.name {
			lost = r.lostText(c)
			cpu = fmt.Sprintf("%.2f s", c.sum(func(p pair) float64 { return float64(p.CPUMillis) })/1000/float64(len(c.Pairs)))
		}
		fmt.Fprintf(page, "| %s | %s | **%.3f** (%.3f to %.3f) | %s | %s | %s |\n",
			name, codeText(c.Tracer), q.median, q.first, q.third, target, lost, cpu)
	}
	page.WriteString("\nEvery round's totals of rsttrace were equal to the operations made, for each cause, and to the kernel's `TcpOutRsts`.\n")
	for _, load := range slices.Sorted(maps.Keys(spreads)) {
		fmt.Fprintf(page, "Two untraced slices side by side, %s: the quartiles of their ratio are up to %.1f %% from 1.\n", load, 100*spreads[load])
	}
	page.WriteByte('\n')
}

// verdict says whether a target is met; a deficit within the spread of
// identical runs is none that this machine can show.
func verdict(median, target, spread float64) string {
	switch {
	case median >= target:
		return "met"
	case median >= target-spread:
		return "met within the spread"
	default:
		return "missed"
	}
}

// lostText is the share of events whose details the tracer did not show, though it
// should have.
func (r *results) lostText(c *contest) string {
	lost := c.sum(func(p pair) float64 { return float64(p.Lost) })
	if lost == 0 {
		return "0"
	}
	operations := c.sum(func(p pair) float64 { return float64(p.Operations) })
	return fmt.Sprintf("%s (%.2g %%)", thousands(uint64(lost)), 100*lost/eventsEach/operations)
}

func (r *results) writeCosts(page *strings.Builder) {
	if len(r.Costs) == 0 {
		return
	}
	page.WriteString("What each program takes, as the kernel measures it (`--self-cost`, which has its part in these figures):\n\n" +
		"| load | rsttrace | program | runs per operation | ns per run |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range r.Costs {
		fmt.Fprintf(page, "| %s | %s | `%s` | %.2f | %d |\n", c.Load, c.Mode, c.Program, c.share(), c.NanosPerRun)
	}
	page.WriteByte('\n')
}

func (r *results) writeScales(page *strings.Builder) {
	if len(r.Scales) == 0 {
		return
	}
	page.WriteString("Refused connects at default settings, the time of all BPF programs together for each event (`--self-cost`), every total exact:\n\n" +
		"| events | by threads, each on a CPU of its own | ns per event |\n| --- | --- | --- |\n")
	for _, s := range r.Scales {
		fmt.Fprintf(page, "| %s | %d | %d |\n", thousands(s.Events), s.CPUs, s.NanosPerEvent)
	}
	page.WriteByte('\n')
}

func (r *results) writeSilence(page *strings.Builder) {
	for _, s := range r.Silence {
		fmt.Fprintf(page, "%s on connections that exist: %s in %s operations.\n", capitalized(s.Load), runsText(s.Runs), thousands(s.Operations))
	}
}

func runsText(runs map[string]uint64) string {
	if len(runs) == 0 {
		return "no program ran"
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		parts = append(parts, fmt.Sprintf("`%s` ran %d times", name, runs[name]))
	}
	return strings.Join(parts, ", ") + ", for other connections of the host,"
}

// codeText shows commands as such.
func codeText(tracer string) string {
	if strings.HasPrefix(tracer, "nothing") || strings.Contains(tracer, ",") && !strings.Contains(tracer, "-e") {
		return tracer
	}
	return "`" + tracer + "`"
}

func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// thousands groups digits: 1 234 567.
func thousands(n uint64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + " " + text[at:]
	}
	return text
}
