package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// options are the command line.
type options struct {
	rounds  int
	slice   time.Duration
	program string // the rsttrace to measure
	write   bool
	smoke   bool
	methods bool // only compare attach methods, here
	// instructions counts what each operation takes, in guests, or here.
	instructions, guest bool
	only                string // measure only matchups with this in "load: tracer"
	dir                 string // where README.md and results.json are
}

func main() {
	// Tracers get a signal when the thread that started them ends; this one
	// does not end before the process does.
	runtime.LockOSThread()
	var o options
	flag.IntVar(&o.rounds, "rounds", 21, "paired rounds")
	flag.DurationVar(&o.slice, "slice", time.Second/2, "how long a load runs at a time")
	flag.StringVar(&o.program, "rsttrace", "bin/rsttrace", "the program to measure")
	flag.BoolVar(&o.write, "write", false, "write the results to README.md and results.json")
	flag.BoolVar(&o.smoke, "smoke", false, "one short round of rsttrace alone: checks that totals are exact, not how fast it is")
	flag.BoolVar(&o.methods, "methods", false, "only compare the attach methods on this kernel, as JSON: what the guest of a full run does")
	flag.BoolVar(&o.instructions, "instructions", false, "count the instructions of each operation in guests, and compare them with the committed ones; with -write, commit them")
	flag.BoolVar(&o.guest, "guest", false, "with -instructions: count on this kernel, as JSON: what the guest does")
	flag.StringVar(&o.only, "only", "", "measure only throughput, and only where \"load: tracer\" has this in it: for work on one figure")
	flag.StringVar(&o.dir, "dir", "bench", "folder of README.md and results.json")
	flag.Parse()
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) run() error {
	if o.instructions && !o.guest {
		program, err := o.absolute()
		if err != nil {
			return err
		}
		return o.countInstructions(program)
	}
	if os.Geteuid() != 0 {
		return errors.New("needs root: namespaces and BPF programs cannot be made without it")
	}
	if flag.NArg() > 0 || o.rounds < 1 || o.slice <= 0 {
		return errors.New("no arguments, and at least one round of some time (see -help)")
	}
	if o.only != "" && o.write {
		return errors.New("-only is a part, and -write wants the whole")
	}
	program, err := o.absolute()
	if err != nil {
		return err
	}
	plan := fullPlan(program)
	if o.methods {
		plan = methodsPlan(program)
	}
	if o.smoke {
		const smokeSlice = 150 * time.Millisecond
		o.rounds, o.slice = 1, smokeSlice
		plan = smokePlan(program)
	}
	if o.only != "" {
		plan = plan.only(o.only)
	}
	g, err := newLoadns()
	if err != nil {
		return err
	}
	defer g.close()

	b := bench{loadns: g, options: o, program: program, results: newResults(o)}
	if o.guest {
		found, err := b.countHere()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(found)
	}
	if err := b.all(plan); err != nil {
		return err
	}
	if o.smoke {
		fmt.Println("bench: every total is exact, and no program runs for packets of connections that exist")
		return nil
	}
	if o.methods {
		return json.NewEncoder(os.Stdout).Encode(b.results)
	}
	if !o.write {
		fmt.Print(b.results.markdown())
		return nil
	}
	return b.results.save(o.dir)
}

// absolute is the path of the program to measure, from wherever it is started.
func (o *options) absolute() (string, error) {
	program, err := filepath.Abs(o.program)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%w (make build makes it)", err)
	}
	return program, nil
}
