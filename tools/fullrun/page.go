package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

// The page names its code between these lines.
const (
	codeBegin = "<!-- code\n"
	codeEnd   = "-->\n"
)

// counts is the last line of tally's total.
var counts = regexp.MustCompile(`(?m)^\d+ passed, (\d+) failed, \d+ skipped$`)

// write makes the page of a run that has just ended.
func write(codePath, totalPath, pagePath string, now time.Time) error {
	recorded, err := os.ReadFile(codePath)
	if err != nil {
		return err
	}
	total, err := os.ReadFile(totalPath)
	if err != nil {
		return err
	}
	first, code, _ := strings.Cut(string(recorded), "\n")
	commit, ok := strings.CutPrefix(first, "commit ")
	if !ok || len(parseCode(code)) == 0 {
		return fmt.Errorf("%s is not what \"fullrun code\" writes", codePath)
	}
	line := counts.FindString(string(total))
	if line == "" {
		return fmt.Errorf("%s has no line that counts", totalPath)
	}
	page := fmt.Sprintf("<!-- Generated from the results of \"make test-all\". Do not edit. -->\n"+
		"# The last full run\n\n`make test-all` ended on %s. It was commit %s: **%s**.\n\n"+
		"What failed, and what was skipped and why:\n\n```\n%s```\n\n"+
		"`make release-check` compares this page with the code.\n\n%s%s%s",
		now.UTC().Format(time.DateOnly), commit, line, total, codeBegin, code, codeEnd)
	return os.WriteFile(pagePath, []byte(page), 0o644)
}

// errNeverRun is of a page that is not there.
var errNeverRun = errors.New("make test-all was never recorded")

// check reports whether a page is about the code below a folder and nothing failed.
func check(pagePath, root string) error {
	page, err := os.ReadFile(pagePath)
	if errors.Is(err, os.ErrNotExist) {
		return errNeverRun
	}
	if err != nil {
		return err
	}
	_, rest, begins := strings.Cut(string(page), codeBegin)
	recorded, _, ends := strings.Cut(rest, codeEnd)
	result := counts.FindStringSubmatch(string(page))
	if !begins || !ends || result == nil {
		return fmt.Errorf("%s is not a page that \"fullrun write\" makes: run make test-all", pagePath)
	}
	now, err := codeOf(root)
	if err != nil {
		return err
	}
	if parts := parseCode(recorded).changed(now); len(parts) > 0 {
		return fmt.Errorf("make test-all is older than the code: since then changed %s", strings.Join(parts, ", "))
	}
	if result[1] != "0" {
		return fmt.Errorf("the last make test-all failed: %s (see %s)", result[0], pagePath)
	}
	return nil
}
