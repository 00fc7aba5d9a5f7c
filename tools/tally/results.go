package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// outcome of a test.
type outcome string

const (
	passed  outcome = "pass"
	failed  outcome = "fail"
	skipped outcome = "skip"
)

type result struct {
	outcome outcome
	name    string // one line
	reason  string // why it was skipped, if that is known
}

func (r result) String() string {
	if r.reason == "" {
		return r.name
	}
	return r.name + ": " + r.reason
}

type results []result

func (rs results) count(o outcome) (n int) {
	for _, r := range rs {
		if r.outcome == o {
			n++
		}
	}
	return n
}

// save writes a .tally file.
func (rs results) save(path string) error {
	var text strings.Builder
	for _, r := range rs {
		fmt.Fprintf(&text, "%s %s\n", r.outcome, r)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// load reads a .tally file.
func load(path string) (results, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rs results
	for line := range strings.Lines(string(data)) {
		word, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch o := outcome(word); o {
		case passed, failed, skipped:
			name, reason, _ := strings.Cut(name, ": ")
			rs = append(rs, result{o, name, reason})
		default:
			return nil, fmt.Errorf("%s: no outcome in line %q", path, line)
		}
	}
	return rs, nil
}
