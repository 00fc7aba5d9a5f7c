package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// methodsPlan compares attach methods with one another. Where they are compared
// there is one CPU, so the tracer's process is left next to nothing to do.
func methodsPlan(program string) plan {
	p := plan{matchups: []matchup{{refusedConnects, untraced, 0}, {churn, untraced, 0}}}
	for _, method := range event.Methods {
		p.matchups = append(p.matchups,
			matchup{refusedConnects, rsttrace(program, "--summary", "--attach", string(method)), 0},
			matchup{churn, rsttrace(program, "--attach", string(method)), 0})
	}
	return p
}

// methodRounds are fewer than elsewhere: an emulated machine takes its time.
const methodRounds = 5

// guest is the kernel of test/vm on which methods are compared: development
// machines rarely allow all three.
func guest(arch string) string {
	if arch == "arm64" {
		return "arm64-6.12"
	}
	return "6.12"
}

// methodsInGuest runs methodsPlan in a virtual machine and returns its results.
func methodsInGuest(program string) (*results, error) {
	const seconds = 1500
	text, err := inGuest(guest(runtime.GOARCH), program, seconds,
		"bench -methods -rsttrace /bin/rsttrace -slice 500ms -rounds "+strconv.Itoa(methodRounds))
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("what the guest wrote: %w", err)
	}
	if len(r.Contests) == 0 {
		return nil, errors.New("the guest measured nothing")
	}
	return &r, nil
}

// inGuest runs this program in a virtual machine with options of test/vm/run, and returns
// what it wrote to its output.
func inGuest(kernel, program string, seconds int, command string, options ...string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	out, err := os.MkdirTemp("", "rsttrace-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(out)
	args := append([]string{kernel, "--timeout", strconv.Itoa(seconds), "--out", out,
		"--with", program + ":/bin/rsttrace", "--with", self + ":/bin/bench"}, options...)
	cmd := exec.Command(filepath.Join("test", "vm", "run"), append(args, "--", "sh", "-c", command+" >/out/results")...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(said.String()))
	}
	return os.ReadFile(filepath.Join(out, "results"))
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

func (r *results) writeMethods(page *strings.Builder) {
	if r.Methods == nil {
		return
	}
	m := r.Methods
	fmt.Fprintf(page, "Attach methods beside one another, in an emulated machine (QEMU without KVM, one CPU, Linux %s; %s of %g s). An emulator spends its time on other\n"+
		"things than a processor, so only the order and the rough distances of these rows mean anything:\n\n", m.Machine.Kernel, count(m.Rounds, "paired round"), m.SliceSeconds)
	page.WriteString("| load | tracer | throughput, untraced = 1: median (quartiles) |\n| --- | --- | --- |\n")
	for _, load := range []string{refusedConnects.name, churn.name} {
		for _, c := range m.Contests {
			if c.Load == load {
				q := c.ratios()
				fmt.Fprintf(page, "| %s | %s | **%.3f** (%.3f to %.3f) |\n", c.Load, codeText(c.Tracer), q.median, q.first, q.third)
			}
		}
	}
	page.WriteByte('\n')
}
