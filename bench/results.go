package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// results is all that a run found; results.json holds it.
type results struct {
	Machine      machine
	Date         string
	Rounds       int
	SliceSeconds float64
	Contests     []*contest
	Costs        []programCost
	Scales       []scaleCost
	Silence      []silence
	Methods      *results `json:",omitzero"` // of attach methods, in a guest
	Notes        []string
}

// contest is all pairs of one tracer and one load.
type contest struct {
	Load, Unit, Tracer string
	Target             float64 `json:",omitzero"`
	Pairs              []pair
}

// pair is two slices, one of them traced. Its totals were exact, or it would
// not be here.
type pair struct {
	Round, Attempt   int
	Untraced, Traced float64 // operations per second
	Ratio            float64
	Operations       uint64 // while the tracer was attached, its warm-up included
	Lost             uint64 // details that the tracer did not show
	CPUMillis        int64  // of the tracer's processes, their start included
}

func newResults(o *options) *results {
	return &results{
		Machine: thisMachine(), Date: time.Now().UTC().Format(time.DateOnly),
		Rounds: o.rounds, SliceSeconds: o.slice.Seconds(),
	}
}

func (r *results) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

func (r *results) add(d matchup, p pair) {
	for _, c := range r.Contests {
		if c.Load == d.load.name && c.Tracer == d.tracer.name {
			c.Pairs = append(c.Pairs, p)
			return
		}
	}
	r.Contests = append(r.Contests, &contest{
		Load: d.load.name, Unit: d.load.unit, Tracer: d.tracer.name, Target: d.target, Pairs: []pair{p},
	})
}

// sum adds up something of each pair.
func (c *contest) sum(of func(pair) float64) (total float64) {
	for _, p := range c.Pairs {
		total += of(p)
	}
	return total
}

func (c *contest) ratios() quartiles {
	var ratios []float64
	for _, p := range c.Pairs {
		ratios = append(ratios, p.Ratio)
	}
	return quartilesOf(ratios)
}

// save writes results.json and the part of README.md that comes from it.
func (r *results) save(dir string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), append(text, '\n'), readable); err != nil {
		return err
	}
	return updateReadme(dir, resultMarks, r.markdown())
}

const readable = 0o644

// updateReadme replaces what is between marks of README.md.
func updateReadme(dir, marks, text string) error {
	path := filepath.Join(dir, "README.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	updated, err := replaceMarked(string(page), marks, text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(updated), readable)
}
