package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// interrupted is the status of a command that a signal has ended.
const interrupted = 130

// once runs a step, unless it has passed for this code.
func (f *full) once(step, results string, command []string, out io.Writer) (int, error) {
	before, err := codeOf(f.root)
	if err != nil {
		return 1, err
	}
	r, err := f.load(step)
	if err != nil {
		return 1, err
	}
	if r.proves(before) {
		fmt.Fprintf(out, "test-all: %s %s\n", step, r.state(before))
		return 0, nil
	}
	if err := os.RemoveAll(results); err != nil {
		return 1, err
	}
	r = &record{Step: step, Commit: f.commitOf(), Code: before}
	begun := time.Now()
	status, err := execute(command)
	if err != nil || status >= interrupted-2 { // no record, so that it runs again
		return status, err
	}
	r.Ended, r.Seconds = time.Now().UTC().Truncate(time.Second), int(time.Since(begun).Seconds())
	err = f.keep(r, results, status)
	if status == 0 && r.Failed > 0 { // the command hides it
		status = 1
	}
	return status, err
}

// keep records a step that has ended.
func (f *full) keep(r *record, results string, status int) error {
	after, err := codeOf(f.root)
	if err != nil {
		return err
	}
	if parts := r.Code.changed(after); len(parts) > 0 {
		return fmt.Errorf("%s is not recorded: the code changed meanwhile: %v", r.Step, parts)
	}
	total, err := tally(results, r.Step, status)
	if err != nil {
		return err
	}
	if err := r.add(total); err != nil {
		return err
	}
	return f.save(r)
}

// tally adds up what the command left. A command that failed has a failure, if it says
// of no test that it failed.
func tally(results, step string, status int) ([]byte, error) {
	if err := os.MkdirAll(results, 0o755); err != nil {
		return nil, err
	}
	args := []string{"run", "./tools/tally", "total", results}
	if status != 0 {
		args = append(args, step)
	}
	cmd := exec.Command(goCommand(), args...)
	cmd.Stderr = os.Stderr
	total, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(total) > 0 { // it fails where tests failed
		err = nil
	}
	return total, err
}

func goCommand() string {
	if name := os.Getenv("GO"); name != "" {
		return name
	}
	return "go"
}

// execute runs a command to its end and returns its status. A signal of the terminal
// reaches the command, too: it ends by that.
func execute(command []string) (int, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	status := 0
	for {
		select {
		case s := <-signals:
			status = interrupted
			_ = cmd.Process.Signal(s) // it may have ended
			continue
		case err := <-ended:
			var exit *exec.ExitError
			switch {
			case status != 0:
			case !errors.As(err, &exit):
				return 0, err
			case exit.ExitCode() < 0:
				status = interrupted
			default:
				status = exit.ExitCode()
			}
			return status, nil
		}
	}
}
