package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// testEvent is a line of "go test -json" (see "go doc test2json").
type testEvent struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// goTest gathers what go test tells.
type goTest struct {
	out     io.Writer
	order   []string             // tests, as "PACKAGE TEST"
	last    map[string]testEvent // the event that ended a test
	output  map[string][]string  // what tests, and packages outside tests, printed
	results results
}

// readGoTest prints one line for each package, and the output of what failed or
// was skipped. Of a test with subtests only those count, unless it failed by itself.
func readGoTest(in io.Reader, out io.Writer) (results, error) {
	g := &goTest{out: out, last: map[string]testEvent{}, output: map[string][]string{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e testEvent
			if json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line) // the go command itself has something to say
			} else {
				g.event(e)
			}
		}
		if err == io.EOF {
			return g.results, nil
		}
		if err != nil {
			return g.results, err
		}
	}
}

func (g *goTest) event(e testEvent) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(g.out, e.Output)
	case "output":
		g.output[key] = append(g.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			g.endOfPackage(e)
			return
		}
		g.order = append(g.order, key)
		g.last[key] = e
	}
}

// endOfPackage counts the package's tests. A package that failed although no
// test did (it does not build, it crashed) counts as one failure.
func (g *goTest) endOfPackage(e testEvent) {
	before := g.results.count(failed)
	for _, key := range g.order {
		if g.counts(key) {
			g.results = append(g.results, result{outcome(g.last[key].Action), key})
		}
		if action := g.last[key].Action; action != "pass" {
			fmt.Fprint(g.out, strings.Join(g.output[key], ""))
		}
	}
	if e.Action == "fail" && g.results.count(failed) == before {
		g.results = append(g.results, result{failed, e.Package})
		fmt.Fprint(g.out, strings.Join(g.output[e.Package+" "], ""))
	}
	if e.Action == "skip" {
		e.Action = "none" // no tests in this package
	}
	fmt.Fprintf(g.out, "%-5s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
	g.order, g.last, g.output = nil, map[string]testEvent{}, map[string][]string{}
}

// counts is false for tests that subtests stand for.
func (g *goTest) counts(key string) bool {
	var subtests []string
	for _, other := range g.order {
		if strings.HasPrefix(other, key+"/") {
			subtests = append(subtests, other)
		}
	}
	if g.last[key].Action != "fail" {
		return len(subtests) == 0
	}
	return !slices.ContainsFunc(subtests, func(s string) bool { return g.last[s].Action == "fail" })
}
