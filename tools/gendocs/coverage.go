package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/internal/recording"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

const coverageIntro = `<!-- Generated from internal/recording/testdata by "make record" and "make docs". Do not edit. -->
# Coverage

What rsttrace says of each cause on each kernel by each attach method. Every cell is what a run of ` + "`rsttrace selftest`" + ` saw
there, all scenarios of the lab over IPv4 and IPv6; the runs are kept in ` + "`internal/recording/testdata`" + ` and replayed by every ` + "`go test`" + `.

| | |
| --- | --- |
| exact | it happened and was named, from facts of the kernel |
| likely | it happened and was named, as an inference that the event explains |
| cannot be known | it happened, and this kernel, reached like this, cannot tell: by the [limit](#limits) given |
| — | it did not happen: this kernel has no such path, or the scenario [was not played](#not-played) |
| **missing** | it should have been there and nothing says why: a bug |
| † | no recording has it: proven from hand-made evidence only |

`

// column is a kernel with its recordings, one for each method.
type column struct {
	label      string
	recordings []covered
}

// covered is a recording and what it says about each cause.
type covered struct {
	*recording.Recording
	knows map[event.CauseID]recording.Knowledge
}

func coveragePage(recordings []*recording.Recording) string {
	var page strings.Builder
	page.WriteString(coverageIntro)
	columns := columnsOf(recordings)
	writeRuns(&page, columns)
	for _, group := range groups {
		if group.dir != "" && group.dir != event.Observed { // unclassified must not happen, and captures need no kernel
			fmt.Fprintf(&page, "## %s\n\n", group.title)
			writeCoverage(&page, columns, cause.IDs(group.dir))
		}
	}
	writeLimits(&page, recordings)
	writeSkipped(&page, recordings)
	return strings.TrimSuffix(page.String(), "\n")
}

func columnsOf(recordings []*recording.Recording) []column {
	var columns []column
	for _, r := range recordings {
		if n := len(columns); n == 0 || columns[n-1].label != r.Label() {
			columns = append(columns, column{label: r.Label()})
		}
		last := &columns[len(columns)-1]
		last.recordings = append(last.recordings, covered{r, r.Coverage()})
	}
	return columns
}

func writeRuns(page *strings.Builder, columns []column) {
	page.WriteString("| kernel | release | methods |\n| --- | --- | --- |\n")
	for _, c := range columns {
		var methods []string
		for _, r := range c.recordings {
			methods = append(methods, string(r.Method))
		}
		fmt.Fprintf(page, "| %s | %s | %s |\n", c.label, c.recordings[0].Kernel, strings.Join(methods, ", "))
	}
	page.WriteByte('\n')
}

func writeCoverage(page *strings.Builder, columns []column, ids []event.CauseID) {
	page.WriteString("| cause |")
	for _, c := range columns {
		fmt.Fprintf(page, " %s |", c.label)
	}
	page.WriteString("\n| --- |" + strings.Repeat(" --- |", len(columns)) + "\n")
	for _, id := range ids {
		fmt.Fprintf(page, "| [`%s`](causes.md#%s)%s |", id, id, dagger(columns, id))
		for _, c := range columns {
			fmt.Fprintf(page, " %s |", c.cell(id))
		}
		page.WriteByte('\n')
	}
	page.WriteByte('\n')
}

func dagger(columns []column, id event.CauseID) string {
	for _, c := range columns {
		for _, r := range c.recordings {
			if r.knows[id].Reached() {
				return ""
			}
		}
	}
	return " †"
}

// cell says it once where all methods agree, else per method.
func (c column) cell(id event.CauseID) string {
	var texts []string
	methods := make(map[string][]string)
	for _, r := range c.recordings {
		text := knowledge(r.knows[id])
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		methods[text] = append(methods[text], string(r.Method))
	}
	if len(texts) == 1 {
		return texts[0]
	}
	for i, text := range texts {
		texts[i] = strings.Join(methods[text], ", ") + ": " + text
	}
	return strings.Join(texts, "<br>")
}

func knowledge(k recording.Knowledge) string {
	var parts []string
	switch {
	case k.Exact && k.Likely:
		parts = append(parts, "exact or likely")
	case k.Exact:
		parts = append(parts, "exact")
	case k.Likely:
		parts = append(parts, "likely")
	}
	if len(k.Limits) > 0 {
		text := "cannot be known: "
		if k.Reached() {
			text = "in part " + text
		}
		links := make([]string, len(k.Limits))
		for i, id := range k.Limits {
			links[i] = fmt.Sprintf("[%s](#%s)", id, id)
		}
		parts = append(parts, text+strings.Join(links, ", "))
	}
	if k.Absent {
		parts = append(parts, "**missing**")
	}
	if len(parts) == 0 {
		return "—"
	}
	return strings.Join(parts, "; ")
}

// writeLimits explains every limit that holds in some recording.
func writeLimits(page *strings.Builder, recordings []*recording.Recording) {
	holds := make(map[string][]string)
	var ids []string
	for _, r := range recordings {
		for _, id := range r.Limits {
			if holds[id] == nil {
				ids = append(ids, id)
			}
			holds[id] = append(holds[id], r.Label()+" by "+string(r.Method))
		}
	}
	slices.Sort(ids)
	page.WriteString("## Limits\n\n`rsttrace doctor` says which of them hold on the running kernel.\n\n")
	for _, id := range ids {
		fmt.Fprintf(page, "### %s\n\n%s.\n\nHolds on %s.\n\n", id, prose(upper(probe.SentenceOf(id))), strings.Join(holds[id], ", "))
	}
}

// writeSkipped lists what could not be played, by reason.
func writeSkipped(page *strings.Builder, recordings []*recording.Recording) {
	type entry struct{ scenario, reason string }
	where := make(map[entry][]string)
	var entries []entry
	for _, r := range recordings {
		for _, s := range r.Scenarios {
			reason := s.Skipped
			if reason == "" && s.KernelDeviates != "" {
				reason = "played, and this kernel differs: " + s.KernelDeviates
			}
			if reason == "" {
				continue
			}
			e := entry{s.Name, reason}
			if where[e] == nil {
				entries = append(entries, e)
			}
			if place := r.Label() + " by " + string(r.Method); !slices.Contains(where[e], place) {
				where[e] = append(where[e], place)
			}
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return strings.Compare(a.scenario+"\n"+a.reason, b.scenario+"\n"+b.reason)
	})
	page.WriteString("## Not played\n\n")
	if len(entries) == 0 {
		page.WriteString("Every scenario was played everywhere, and no kernel differed.\n\n")
		return
	}
	page.WriteString("| scenario | where | why |\n| --- | --- | --- |\n")
	for _, e := range entries {
		fmt.Fprintf(page, "| %s | %s | %s |\n", e.scenario, strings.Join(where[e], ", "), cell(e.reason))
	}
	page.WriteByte('\n')
}
