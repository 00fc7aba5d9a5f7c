package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// What others offer to watch resets with, each as its manual has it. One that
// does not start here counts as missing.

var perf = tracer{
	name: "perf record -e tcp:tcp_send_reset,tcp:tcp_receive_reset",
	start: func(*loadns) (running, error) {
		p, err := newProcess("perf", "record", "-a", "-o", "/dev/null", "-D", "-1", "--control", "fd:3,4",
			"-e", "tcp:tcp_send_reset", "-e", "tcp:tcp_receive_reset")
		if err != nil {
			return nil, err
		}
		return startPerf(p)
	},
}

// startPerf starts perf with its events off, turns them on and awaits its word
// that they are.
func startPerf(p *process) (running, error) {
	theirCommands, commands, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, theirAnswers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirCommands.Close(), commands.Close())
	}
	defer answers.Close()
	defer commands.Close()
	p.cmd.ExtraFiles = []*os.File{theirCommands, theirAnswers}
	err = p.launch(p.cmd.Start, func() bool { return true })
	theirCommands.Close()
	theirAnswers.Close()
	if err != nil {
		return nil, errors.Join(errMissing, err)
	}
	fmt.Fprintln(commands, "enable")
	answer := make([]byte, len("ack\n"))
	if _, err := answers.Read(answer); err != nil || !strings.HasPrefix(string(answer), "ack") {
		p.kill()
		return nil, errors.Join(errMissing, p.failure("did not turn its events on"))
	}
	return &peer{process: p, losses: regexp.MustCompile(`lost (\d+) (?:events|chunks)`)}, nil
}

var tcpdump = tracer{
	name: "tcpdump -w /dev/null 'tcp[tcpflags] & tcp-rst != 0'",
	start: func(g *loadns) (running, error) {
		p, err := newProcess("tcpdump", "-i", "lo", "-w", "/dev/null", "tcp[tcpflags] & tcp-rst != 0")
		if err != nil {
			return nil, err
		}
		start := func() error { return g.Do(p.cmd.Start) }
		if err := p.launch(start, func() bool { return strings.Contains(p.stderr.String(), "listening on") }); err != nil {
			return nil, errors.Join(errMissing, err)
		}
		return &peer{process: p, losses: regexp.MustCompile(`(\d+) packets dropped by`)}, nil
	},
}

const bpftraceProgram = `tracepoint:tcp:tcp_send_reset, tracepoint:tcp:tcp_receive_reset
{ printf("%s %s %d\n", probe, comm, pid); }`

var bpftrace = tracer{
	name: "bpftrace, one printf for each event",
	start: func(*loadns) (running, error) {
		folder, err := os.MkdirTemp("", "rsttrace-bench")
		if err != nil {
			return nil, err
		}
		output, ready := filepath.Join(folder, "output"), filepath.Join(folder, "ready")
		// What BEGIN has to say is carried out once everything is attached.
		begin := fmt.Sprintf("BEGIN { system(\"echo > %s\"); }\n", ready)
		p, err := newProcess("bpftrace", "--unsafe", "-o", output, "-e", begin+bpftraceProgram)
		if err == nil {
			err = p.launch(p.cmd.Start, exists(ready))
		}
		if err != nil {
			os.RemoveAll(folder)
			return nil, errors.Join(errMissing, err)
		}
		return &peer{process: p, folder: folder, output: output}, nil
	},
}

// peer is another program, attached.
type peer struct {
	*process
	losses *regexp.Regexp // what it says of events that it lost, as often as it does
	folder string         // of its files, or ""
	output string         // a line for each event, or ""
}

func (p *peer) stop(l load, operations uint64) (account, error) {
	cpu, err := p.interrupt()
	if err != nil {
		return account{}, err
	}
	defer p.clean()
	a := account{cpu: cpu}
	words := p.stderr.String()
	if p.output != "" {
		output, err := os.ReadFile(p.output)
		if err != nil {
			return account{}, err
		}
		due, shown := uint64(len(l.causes))*operations, uint64(bytes.Count(output, []byte("\n")))
		return account{cpu: cpu, lost: due - min(due, shown)}, nil
	}
	for _, found := range p.losses.FindAllStringSubmatch(words, -1) {
		lost, err := strconv.ParseUint(found[1], 10, 64)
		if err != nil {
			return account{}, err
		}
		a.lost += lost
	}
	return a, nil
}

func (p *peer) kill() {
	p.process.kill()
	p.clean()
}

func (p *peer) clean() {
	if p.folder != "" {
		os.RemoveAll(p.folder)
	}
}
