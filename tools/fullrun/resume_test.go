package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// checkout is a repository with tools/test-all and nothing else.
type checkout struct{ folder string }

func newCheckout(t *testing.T) checkout {
	t.Helper()
	c := checkout{t.TempDir()}
	script, err := os.ReadFile("../test-all")
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(c.folder, "tools/test-all"), string(script))
	put(t, filepath.Join(c.folder, "code.go"), "package code")
	put(t, filepath.Join(c.folder, ".gitignore"), "/results*\n/ran\n")
	if err := os.Chmod(filepath.Join(c.folder, "tools/test-all"), 0o755); err != nil {
		t.Fatal(err)
	}
	git := exec.Command("git", "init", "-q")
	git.Dir = c.folder
	if out, err := git.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return c
}

func (c checkout) command(args ...string) *exec.Cmd {
	cmd := exec.Command("tools/test-all", args...)
	cmd.Dir = c.folder
	cmd.Env = append(os.Environ(), "GO=true") // what fullrun writes has a test of its own
	return cmd
}

// status runs the script.
func (c checkout) status(t *testing.T, args ...string) int {
	t.Helper()
	err := c.command(args...).Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

// ran is how often the commands of a test have run.
func (c checkout) ran() int {
	text, _ := os.ReadFile(filepath.Join(c.folder, "ran"))
	return strings.Count(string(text), "x")
}

// TestGoesOn: what has ended is not run again, whatever its status, until the code
// changes.
func TestGoesOn(t *testing.T) {
	c := newCheckout(t)
	step := func(name, script string) int {
		return c.status(t, "once", "results-all", name, "sh", "-c", "echo x >>ran; "+script)
	}
	for range 2 {
		if status := c.status(t, "begin", "results-all"); status != 0 {
			t.Fatalf("begin: status %d", status)
		}
		if passed, failed := step("unit", "exit 0"), step("lint", "exit 3"); passed != 0 || failed != 3 {
			t.Errorf("status %d and %d", passed, failed)
		}
	}
	if ran := c.ran(); ran != 2 {
		t.Errorf("commands ran %d times, want 2", ran)
	}
	put(t, filepath.Join(c.folder, "code.go"), "package other")
	c.status(t, "begin", "results-all")
	if step("unit", "exit 0"); c.ran() != 3 {
		t.Errorf("commands ran %d times after a change, want 3", c.ran())
	}
}

// TestInterrupted: a command that a signal ended runs again. What calls the script
// sees the signal, and does not go on with the next step.
func TestInterrupted(t *testing.T) {
	c := newCheckout(t)
	c.status(t, "begin", "results-all")
	cmd := c.command("once", "results-all", "vm-all", "sh", "-c", "echo x >>ran; exec sleep 60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal does
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); c.ran() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want the signal", err)
	}
	if status := c.status(t, "once", "results-all", "vm-all", "sh", "-c", "echo x >>ran"); status != 0 || c.ran() != 2 {
		t.Errorf("status %d, ran %d times", status, c.ran())
	}
}

// TestPlan: steps and kernels that have ended are named.
func TestPlan(t *testing.T) {
	c := newCheckout(t)
	c.status(t, "begin", "results-all")
	c.status(t, "once", "results-all", "vm-all-6.1", "false")
	put(t, filepath.Join(c.folder, "pkg/p_test.go"), "package p\nfunc FuzzA(f) {}\nfunc FuzzB(f) {}\n")
	for _, folder := range []string{"bench", "bpf", "cmd", "docs", "internal"} {
		put(t, filepath.Join(c.folder, folder, "x"), "")
	}
	out, err := c.command("plan", "results-all", "unit vm-all fuzz", "6.1 7.3", "2", "5m", "10").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"unit  ", "2 targets, 5m each", "6.1            ended with status 1 after", "7.3            to be run"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
