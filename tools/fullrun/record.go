package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// record is what is known of a step since it ran last.
type record struct {
	Step    string    `json:"step"`
	Ended   time.Time `json:"ended"`
	Seconds int       `json:"seconds"`
	Commit  string    `json:"commit"`
	Passed  int       `json:"passed"`
	Failed  int       `json:"failed"`
	Skipped int       `json:"skipped"`
	Lines   []string  `json:"lines,omitempty"` // of tally: "fail NAME" and "skip NAME: REASON"
	Code    code      `json:"code"`
}

// load reads the record of a step, nil if it never ran.
func (f *full) load(step string) (*record, error) {
	data, err := os.ReadFile(f.path(step))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	err = json.Unmarshal(data, &r)
	if err == nil && (r.Step != step || len(r.Code) == 0) {
		err = fmt.Errorf("it is about the step %q, and %d parts of the code", r.Step, len(r.Code))
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no record of the step %s, remove it: %w", f.path(step), step, err)
	}
	return &r, nil
}

func (f *full) save(r *record) error {
	data, err := json.MarshalIndent(r, "", "\t")
	if err == nil {
		err = os.MkdirAll(f.records, 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(f.path(r.Step), append(data, '\n'), 0o644)
}

func (f *full) path(step string) string { return filepath.Join(f.records, step+".json") }

// proves reports whether the step has passed for this code.
func (r *record) proves(now code) bool {
	return r != nil && r.Failed == 0 && len(r.Code.changed(now)) == 0
}

// state says in a line what the record says of this code.
func (r *record) state(now code) string {
	if r == nil {
		return "never ran"
	}
	said := fmt.Sprintf("ended on %s, of commit %s: %s", r.Ended.Format(time.DateOnly), r.Commit, r.result())
	if parts := r.Code.changed(now); len(parts) > 0 {
		said += "; older than the code: since then changed " + strings.Join(parts, ", ")
	}
	return said
}

func (r *record) result() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", r.Passed, r.Failed, r.Skipped)
}

// add takes what tally says of the step.
func (r *record) add(total []byte) error {
	lines := strings.Split(string(bytes.TrimSpace(total)), "\n")
	last := lines[len(lines)-1]
	if _, err := fmt.Sscanf(last, "%d passed, %d failed, %d skipped", &r.Passed, &r.Failed, &r.Skipped); err != nil {
		return fmt.Errorf("tally does not end with a line that counts: %q", last)
	}
	r.Lines = lines[:len(lines)-1]
	return nil
}

// commitOf names the commit, and says if files differ from it. Records and their page may.
func (f *full) commitOf() string {
	git := func(args ...string) string {
		out, err := exec.Command("git", append([]string{"-C", f.root}, args...)...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	name := git("rev-parse", "--short=12", "HEAD")
	if git("status", "--porcelain", "--", ".", ":!docs/test-all*") != "" {
		name += ", with changes"
	}
	return name
}
