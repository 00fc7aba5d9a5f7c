package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Files of the machine. What is in /out comes back to the host.
const (
	readyFile    = "/tmp/ready"
	passwordFile = "/password"
	linesFile    = "/out/resets.jsonl"
	saidFile     = "/out/serve.log"
)

// tracer is rsttrace serve.
type tracer struct{ cmd *exec.Cmd }

// startTracer returns once everything is attached.
func (o *options) startTracer() (*tracer, error) {
	args := []string{"serve", "--direction", "all", "--max-rate", "0", "--ready-file", readyFile, "--sink", "type: file, path: " + linesFile}
	if o.store != "" {
		args = append(args, "--sink", fmt.Sprintf("type: clickhouse, address: '%s', user: rsttrace, password-file: %s", o.store, passwordFile))
	}
	said, err := os.Create(saidFile)
	if err != nil {
		return nil, err
	}
	defer said.Close()
	t := &tracer{cmd: exec.Command("rsttrace", args...)}
	t.cmd.Stdout, t.cmd.Stderr = said, said
	if err := t.cmd.Start(); err != nil {
		return nil, err
	}
	const patience = 3 * time.Minute
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(readyFile); err == nil && len(text) > 0 {
			return t, nil
		}
		var status syscall.WaitStatus
		if pid, _ := syscall.Wait4(t.cmd.Process.Pid, &status, syscall.WNOHANG, nil); pid != 0 {
			break
		}
	}
	text, _ := os.ReadFile(saidFile)
	return nil, fmt.Errorf("rsttrace serve is not ready: %s", text)
}

// stop ends it as systemd does.
func (t *tracer) stop() error {
	if err := t.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := t.cmd.Wait(); err != nil {
		text, _ := os.ReadFile(saidFile)
		return fmt.Errorf("rsttrace serve: %w: %s", err, text)
	}
	return nil
}
