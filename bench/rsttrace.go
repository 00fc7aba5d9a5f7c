package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// rsttrace is the program under test with the given arguments.
func rsttrace(program string, args ...string) tracer {
	name := "rsttrace"
	if len(args) > 0 {
		name += " " + strings.Join(args, " ")
	}
	return tracer{name: name, start: func(*loadns) (running, error) {
		r, err := startRsttrace(program, args...)
		if err != nil {
			return nil, err
		}
		return r, nil
	}}
}

// runningRsttrace is the program, attached.
type runningRsttrace struct {
	*process
	output *outputMem
}

func startRsttrace(program string, args ...string) (*runningRsttrace, error) {
	folder, err := os.MkdirTemp("", "rsttrace-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	ready := filepath.Join(folder, "ready")
	p, err := newProcess(program, append([]string{"-o", "json", "--ready-file", ready}, args...)...)
	if err != nil {
		return nil, err
	}
	r := &runningRsttrace{process: p}
	if r.output, err = newOutputMem(); err != nil {
		return nil, err
	}
	p.cmd.Stdout = r.output.file
	if err := p.launch(p.cmd.Start, exists(ready)); err != nil {
		r.output.close()
		return nil, err
	}
	r.output.begin()
	return r, nil
}

func (r *runningRsttrace) kill() {
	r.process.kill()
	r.output.close()
}

func (r *runningRsttrace) stop(l load, operations uint64) (account, error) {
	r.output.end() // from here on all of the output is kept
	cpu, err := r.interrupt()
	if err != nil {
		return account{}, err
	}
	if r.cmd.ProcessState.ExitCode() != 0 {
		return account{}, r.failure("failed")
	}
	line, err := r.output.lastLine()
	if err != nil {
		return account{}, err
	}
	var totals totals
	if err := json.Unmarshal(line, &totals); err != nil || totals.Kind != "counts" {
		return account{}, fmt.Errorf("the last line is no account: %s", line)
	}
	return account{lost: totals.Lost, cpu: cpu}, totals.check(l, operations)
}

// totals is the last line of rsttrace -o json, see docs/event-schema.md.
type totals struct {
	Kind     string        `json:"kind"`
	Causes   []event.Count `json:"causes"`
	Shown    uint64        `json:"shown"`
	NotShown uint64        `json:"notShown"`
	Lost     uint64        `json:"lostEvents"`
	Missed   uint64        `json:"missed"`
}

// errDisturbed: there were more resets than the load has made. Counters are the
// host's, so that is nobody's mistake, unless it happens every time.
var errDisturbed = errors.New("more resets than were made: other resets on this host, or a mistake")

// errUnseen: this kernel does not show such resets to this attach method.
var errUnseen = errors.New("none was seen")

// check wants the totals to be what the load did, to the last one.
func (t *totals) check(l load, operations uint64) error {
	all := make(map[event.Count]uint64)
	var sum uint64
	for _, c := range t.Causes {
		sum += c.Events
		all[event.Count{Dir: c.Dir, Cause: c.Cause}] += c.Events
	}
	if account := t.Shown + t.NotShown + t.Lost; account != sum {
		return fmt.Errorf("counts add up to %d; shown, not shown and lost to %d", sum, account)
	}
	if t.Missed > 0 {
		return fmt.Errorf("%d events were missed", t.Missed)
	}
	for _, c := range l.causes {
		switch got := all[c]; {
		case got == 0:
			return fmt.Errorf("%s: %s of %d %s: %w", l.name, c.Cause, operations, l.unit, errUnseen)
		case got < operations:
			return fmt.Errorf("%s: %d %s of %d %s", l.name, got, c.Cause, operations, l.unit)
		case got > operations:
			return fmt.Errorf("%s: %d %s of %d %s: %w", l.name, got, c.Cause, operations, l.unit, errDisturbed)
		}
	}
	return nil
}
