// Command tally counts what the steps of "make test" did, so that the last line
// of a run is true and names what was skipped.
//
// Every step leaves its results in a folder of its own, RESULTS/STEP: files
// *.tally with a line "pass|fail|skip NAME[: REASON]" for each test, and files *.json as
// "rsttrace selftest --json" writes them.
//
//	tally unit DIR                 go test -json on stdin; prints what went wrong
//	tally step DIR NAME COMMAND... runs a command that is one test
//	tally total RESULTS [STEP...]  adds up; STEPs are known to have failed
//	tally brief RESULTS [STEP...]  the same, with one line per reason to skip
//
// A command that ends with status 77 was skipped; its last line says why.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run reports whether every test passed or was skipped.
func run(args []string, in io.Reader, out io.Writer) (ok bool, err error) {
	const unitArgs, stepArgs, totalArgs = 2, 4, 2
	switch {
	case len(args) == unitArgs && args[0] == "unit":
		results, err := readGoTest(in, out)
		if err != nil {
			return false, err
		}
		return results.count(failed) == 0, results.save(filepath.Join(args[1], "go.tally"))
	case len(args) >= stepArgs && args[0] == "step":
		return step(args[1], args[2], args[3:])
	case len(args) >= totalArgs && args[0] == "total":
		return total(args[1], args[2:], out)
	case len(args) >= totalArgs && args[0] == "brief":
		return brief(args[1], args[2:], out)
	}
	return false, fmt.Errorf("usage: tally unit DIR | step DIR NAME COMMAND... | total RESULTS [STEP...]")
}

// skipStatus is the exit status of a command that could not check anything here.
const skipStatus = 77

// step runs a command and counts it as one test.
func step(dir, name string, command []string) (bool, error) {
	var last lastLine
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout = os.Stdout
	cmd.Stderr = io.MultiWriter(os.Stderr, &last)
	err := cmd.Run()
	r := result{outcome: passed, name: name}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == skipStatus:
		r.outcome, r.reason = skipped, last.String()
	case err != nil:
		fmt.Fprintf(os.Stderr, "tally: %s: %v\n", name, err)
		r.outcome = failed
	}
	return r.outcome != failed, results{r}.save(filepath.Join(dir, name+".tally"))
}

// lastLine keeps the last line of what is written to it.
type lastLine struct{ text []byte }

func (l *lastLine) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	trimmed := bytes.TrimRight(l.text, "\n")
	if i := bytes.LastIndexByte(trimmed, '\n'); i >= 0 {
		l.text = slices.Clone(l.text[i+1:])
	}
	return len(p), nil
}

func (l *lastLine) String() string { return strings.TrimSpace(string(l.text)) }
