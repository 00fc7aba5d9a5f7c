package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// total prints what failed and what was skipped, by name, and then the line
// that counts. A step that is known to have failed and says of no test that it
// failed counts as a failure itself.
func total(dir string, brokenSteps []string, out io.Writer) (bool, error) {
	all, err := collect(dir, brokenSteps)
	if err != nil {
		return false, err
	}
	for _, o := range []outcome{skipped, failed} {
		for _, r := range all {
			if r.outcome == o {
				fmt.Fprintf(out, "%s %s\n", r.outcome, r)
			}
		}
	}
	return all.sum(out), nil
}

// brief is total with one line for each reason to skip tests.
func brief(dir string, brokenSteps []string, out io.Writer) (bool, error) {
	all, err := collect(dir, brokenSteps)
	if err != nil {
		return false, err
	}
	all.printReasons(out)
	for _, r := range all {
		if r.outcome == failed {
			fmt.Fprintf(out, "%s %s\n", r.outcome, r)
		}
	}
	return all.sum(out), nil
}

// sum prints the line that counts and reports whether nothing failed.
func (rs results) sum(out io.Writer) bool {
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", rs.count(passed), rs.count(failed), rs.count(skipped))
	return rs.count(failed) == 0
}

// printReasons prints why tests were skipped, with how many for each reason.
func (rs results) printReasons(out io.Writer) {
	var reasons []string
	count := map[string]int{}
	for _, r := range rs {
		if r.outcome != skipped {
			continue
		}
		if count[r.reason] == 0 {
			reasons = append(reasons, r.reason)
		}
		count[r.reason]++
	}
	for _, reason := range reasons {
		fmt.Fprintf(out, "skip  %d: %s\n", count[reason], cmp.Or(reason, "no reason given"))
	}
}

func collect(dir string, brokenSteps []string) (results, error) {
	var all results
	steps, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		rs, err := collectStep(filepath.Join(dir, s.Name()), s.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
		if rs.count(failed) > 0 {
			brokenSteps = slices.DeleteFunc(slices.Clone(brokenSteps), func(b string) bool { return b == s.Name() })
		}
	}
	for _, name := range brokenSteps {
		all = append(all, result{outcome: failed, name: "make " + name})
	}
	return all, nil
}

func collectStep(dir, name string) (results, error) {
	var all results
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		var rs results
		switch filepath.Ext(path) {
		case ".tally":
			rs, err = load(path)
		case ".json":
			rs, err = loadSelftest(path, name+" "+strings.TrimSuffix(filepath.Base(path), ".json"))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, rs...)
	}
	return all, nil
}

// loadSelftest reads what "rsttrace selftest --json" wrote. A scenario of which
// a kernel can show only a part, and that part was right, has passed.
func loadSelftest(path, where string) (results, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var scenarios []struct{ Scenario, Family, Status, Reason string }
	if err := json.Unmarshal(data, &scenarios); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var rs results
	for _, s := range scenarios {
		r := result{name: fmt.Sprintf("%s: %s %s", where, s.Scenario, s.Family)}
		switch s.Status {
		case "pass", "limited":
			r.outcome = passed
		case "skipped":
			r.outcome = skipped
			r.reason = s.Reason
		case "FAIL":
			r.outcome = failed
		default:
			return nil, fmt.Errorf("%s: %s has the status %q", path, s.Scenario, s.Status)
		}
		rs = append(rs, r)
	}
	return rs, nil
}
