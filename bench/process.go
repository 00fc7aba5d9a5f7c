package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// errMissing marks a tracer that this machine does not have.
var errMissing = errors.New("not available here")

// process is the process of a tracer.
type process struct {
	cmd    *exec.Cmd
	stderr transcript
	ended  chan error
}

// transcript is what a process says, to be read at any time.
type transcript struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (t *transcript) Write(text []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.text.Write(text)
}

func (t *transcript) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return strings.TrimSpace(t.text.String())
}

func newProcess(program string, args ...string) (*process, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, errMissing)
	}
	p := &process{cmd: exec.Command(path, args...), ended: make(chan error, 1)}
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return p, nil
}

// launch starts the process and waits until it is ready.
func (p *process) launch(start func() error, ready func() bool) error {
	if err := start(); err != nil {
		return err
	}
	go func() { p.ended <- p.cmd.Wait() }()
	const patience = time.Minute
	for deadline := time.Now().Add(patience); !ready(); {
		select {
		case err := <-p.ended:
			p.ended <- err
			return p.failure(fmt.Sprintf("ended before it was ready (%v)", err))
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.kill()
			return p.failure("is not ready after a minute")
		}
	}
	return nil
}

func (p *process) failure(what string) error {
	return fmt.Errorf("%s %s: %s", p.cmd.Path, what, &p.stderr)
}

// interrupt ends the process as Ctrl-C does.
func (p *process) interrupt() (cpu time.Duration, err error) {
	if err := p.cmd.Process.Signal(unix.SIGINT); err != nil {
		return 0, p.failure(err.Error())
	}
	const patience = time.Minute
	select {
	case err := <-p.ended:
		p.ended <- err
	case <-time.After(patience):
		p.kill()
		return 0, p.failure("did not end within a minute")
	}
	state := p.cmd.ProcessState
	return state.UserTime() + state.SystemTime(), nil
}

// kill ends the process and waits for that; it does no harm after interrupt.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	err := <-p.ended
	p.ended <- err
}

// exists reports whether a file is there and not empty.
func exists(path string) func() bool {
	return func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 0
	}
}
