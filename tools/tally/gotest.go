package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// testEvent is a line of "go test -json" (see "go doc test2json").
type testEvent struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// packageRun gathers what go test reports of one package. The lines of packages
// that are tested at the same time come mixed.
type packageRun struct {
	name   string
	order  []string            // tests as they ended
	action map[string]string   // how they ended
	output map[string][]string // what they printed; "" is the package itself
}

// readGoTest prints one line for each package, why it skipped tests, and the
// output of what failed. Of a test with subtests only those count, unless it failed by itself.
func readGoTest(in io.Reader, out io.Writer) (results, error) {
	var all results
	packages := map[string]*packageRun{}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		var e testEvent
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) != nil:
			fmt.Fprint(out, line) // the go command itself has something to say
		case e.Action == "build-output":
			fmt.Fprint(out, e.Output)
		case e.Package != "":
			p := packages[e.Package]
			if p == nil {
				p = &packageRun{name: e.Package, action: map[string]string{}, output: map[string][]string{}}
				packages[e.Package] = p
			}
			if p.take(e) {
				all = append(all, p.end(e, out)...)
			}
		}
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// take notes one line and reports whether it is the package's last.
func (p *packageRun) take(e testEvent) (last bool) {
	switch e.Action {
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			return true
		}
		switch before, again := p.action[e.Test]; {
		case !again:
			p.order = append(p.order, e.Test)
			p.action[e.Test] = e.Action
		case before != "fail": // of several runs (-count), one that fails counts
			p.action[e.Test] = e.Action
		}
	}
	return false
}

// end counts the package's tests. A package that failed although no test did
// (it does not build, it crashed) counts as one failure.
func (p *packageRun) end(e testEvent, out io.Writer) results {
	var rs results
	for _, test := range p.order {
		if p.counts(test) {
			rs = append(rs, p.result(test))
		}
		if p.action[test] == "fail" {
			fmt.Fprint(out, strings.Join(p.output[test], ""))
		}
	}
	if e.Action == "fail" && rs.count(failed) == 0 {
		rs = append(rs, result{outcome: failed, name: p.name})
		// Also of a test that never ended: that is where it crashed.
		for test, output := range p.output {
			if p.action[test] == "" {
				fmt.Fprint(out, strings.Join(output, ""))
			}
		}
	}
	verdict := e.Action
	if verdict == "skip" {
		verdict = "none" // no tests in this package
	}
	fmt.Fprintf(out, "%-5s %s %.1fs\n", verdict, p.name, e.Elapsed)
	rs.printReasons(out)
	return rs
}

func (p *packageRun) result(test string) result {
	r := result{outcome: outcome(p.action[test]), name: p.name + " " + test}
	if r.outcome == skipped {
		r.reason = skipReason(p.output[test])
	}
	return r
}

// logged is a line that a test wrote by Skip or Log: "    file_test.go:12: text".
var logged = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)

// skipReason is the last thing that a skipped test said, in one line.
func skipReason(output []string) string {
	for _, line := range slices.Backward(output) {
		if m := logged.FindStringSubmatch(line); m != nil {
			return strings.TrimSpace(m[1])
		}
	}
	return ""
}

// counts is false for tests that subtests stand for.
func (p *packageRun) counts(test string) bool {
	var subtests []string
	for _, other := range p.order {
		if strings.HasPrefix(other, test+"/") {
			subtests = append(subtests, other)
		}
	}
	if p.action[test] != "fail" {
		return len(subtests) == 0
	}
	return !slices.ContainsFunc(subtests, func(s string) bool { return p.action[s] == "fail" })
}
