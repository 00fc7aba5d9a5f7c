// Command fullrun keeps the results of "make test-all", which takes hours. Each step
// has a record: when it ended, of which commit, with which result, and a hash for each
// part of the code. So the steps need not run in one go, a step is not repeated without
// need, and a release can be refused whose code was not tested in full.
//
//	fullrun once RECORDS STEP RESULTS COMMAND...  runs a step unless it has passed for this code, and records it;
//	                                              RESULTS is where the command leaves what tally adds up
//	fullrun plan RECORDS STEP...                  lists the steps: what is recorded of each, and whether it is to be run
//	fullrun page RECORDS PAGE STEP...             writes the page of all records
//	fullrun check RECORDS STEP...                 fails if a step was not run, failed, or ran with other code
//
// It is called from the root of the repository.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	status, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fullrun:", err)
	}
	os.Exit(status)
}

var errUsage = errors.New("usage: fullrun once RECORDS STEP RESULTS COMMAND... | plan RECORDS STEP... | page RECORDS PAGE STEP... | check RECORDS STEP...")

// run returns the exit status, of once that of the command.
func run(args []string, out io.Writer) (status int, err error) {
	const least = 3
	if len(args) < least {
		return 1, errUsage
	}
	f := full{records: args[1], root: "."}
	switch args[0] {
	case "once":
		if len(args) < least+2 {
			return 1, errUsage
		}
		return f.once(args[2], args[3], args[4:], out)
	case "plan":
		err = f.plan(args[2:], out)
	case "page":
		err = f.page(args[2], args[3:])
	case "check":
		err = f.check(args[2:])
	default:
		err = errUsage
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

// full is a full run.
type full struct {
	records string // folder with a file for each step
	root    string // of the code
}

// plan says of each step what is known.
func (f *full) plan(steps []string, out io.Writer) error {
	now, err := codeOf(f.root)
	if err != nil {
		return err
	}
	for _, step := range steps {
		r, err := f.load(step)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-20s %s\n", step, r.state(now))
	}
	return nil
}

// check reports what a release lacks.
func (f *full) check(steps []string) error {
	now, err := codeOf(f.root)
	if err != nil {
		return err
	}
	var lacks []string
	for _, step := range steps {
		r, err := f.load(step)
		if err != nil {
			return err
		}
		if !r.proves(now) {
			lacks = append(lacks, step+": "+r.state(now))
		}
	}
	if len(lacks) > 0 {
		return fmt.Errorf("run make test-all:\n  %s", strings.Join(lacks, "\n  "))
	}
	return nil
}
