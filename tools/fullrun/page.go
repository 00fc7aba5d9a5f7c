package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// page writes what is recorded of all steps.
func (f *full) page(path string, steps []string) error {
	var table, failed strings.Builder
	skips := map[string]int{}
	for _, step := range steps {
		r, err := f.load(step)
		if err != nil {
			return err
		}
		if r == nil {
			fmt.Fprintf(&table, "| %s | never | | | | | |\n", step)
			continue
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %d | %d | %d | %d |\n", step, r.Ended.Format(time.DateOnly), r.Commit, r.Seconds/60, r.Passed, r.Failed, r.Skipped)
		for _, line := range r.Lines {
			if name, ok := strings.CutPrefix(line, "fail "); ok {
				fmt.Fprintf(&failed, "- %s: %s\n", step, name)
			} else {
				skips[reasonOf(line)]++
			}
		}
	}
	text := "<!-- Generated from the records of \"make test-all\". Do not edit. -->\n" +
		"# The last full run\n\nBefore a release, [make test-all](testing.md#make-test-all) runs every test on every kernel, for hours. Its steps need not run on one day.\n" +
		"So each has its own row: the day on which it ended, and the commit that it tested. *never* means that there is no result yet.\n" +
		"`make release-check` says which rows are too old, because the program has changed since then.\n\n" +
		"| step | ended | commit | minutes | passed | failed | skipped |\n| --- | --- | --- | --- | --- | --- | --- |\n" + table.String()
	if failed.Len() > 0 {
		text += "\n## What failed\n" + failed.String()
	}
	if len(skips) > 0 {
		text += "\n## What was skipped, and why\n| tests | reason |\n| --- | --- |\n" + skipped(skips)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// reasonOf is why a test was skipped, by a line "skip NAME: REASON".
func reasonOf(line string) string {
	_, reason, _ := strings.Cut(line, ": ")
	if _, rest, ok := strings.Cut(reason, ": "); ok && strings.Contains(reason, " ipv") { // of a scenario: its name comes first
		reason = rest
	}
	return cmp.Or(reason, "no reason given")
}

// skipped has a row for each reason, the most frequent first.
func skipped(skips map[string]int) string {
	var reasons []string
	for reason := range skips {
		reasons = append(reasons, reason)
	}
	slices.SortFunc(reasons, func(a, b string) int { return cmp.Or(cmp.Compare(skips[b], skips[a]), cmp.Compare(a, b)) })
	var rows strings.Builder
	for _, reason := range reasons {
		fmt.Fprintf(&rows, "| %d | %s |\n", skips[reason], strings.ReplaceAll(reason, "|", `\|`))
	}
	return rows.String()
}
