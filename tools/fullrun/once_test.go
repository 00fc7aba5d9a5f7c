package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runsOnce runs the step "unit", whose command notes that it ran, and leaves a tally.
func (f *full) runsOnce(t *testing.T, script string) (status int, said string) {
	t.Helper()
	const step = "unit"
	t.Chdir(f.root)
	results := filepath.Join(f.root, "results", step)
	var out bytes.Buffer
	status, err := f.once(step, results, []string{"sh", "-c", "echo x >>ran; " + script}, &out)
	if err != nil {
		return status, err.Error()
	}
	return status, out.String()
}

// ran is how often the commands of a test have run.
func (f *full) ran() int {
	text, _ := os.ReadFile(filepath.Join(f.root, "ran"))
	return strings.Count(string(text), "x")
}

// fakeGo stands in for the tally, which needs the whole repository.
func fakeGo(t *testing.T, total string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "go")
	put(t, path, "#!/bin/sh\ncat <<'END'\n"+total+"END\n")
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GO", path)
}

// TestGoesOn: what has passed is not run again until the code changes. What failed is.
func TestGoesOn(t *testing.T) {
	f := tree(t)
	fakeGo(t, allPassed)
	if status, said := f.runsOnce(t, "exit 0"); status != 0 || f.ran() != 1 {
		t.Fatalf("status %d: %s", status, said)
	}
	if status, said := f.runsOnce(t, "exit 0"); status != 0 || f.ran() != 1 || !strings.Contains(said, "7 passed, 0 failed") {
		t.Errorf("again: status %d, ran %d times: %s", status, f.ran(), said)
	}
	put(t, filepath.Join(f.root, "pkg/p/p.go"), "other")
	fakeGo(t, "fail make unit\n0 passed, 1 failed, 0 skipped\n")
	for want := 2; want <= 3; want++ {
		if status, said := f.runsOnce(t, "exit 3"); status != 3 || f.ran() != want {
			t.Errorf("after a change: status %d, ran %d times, want %d: %s", status, f.ran(), want, said)
		}
	}
	if r, err := f.load("unit"); err != nil || r.Failed != 1 || r.Lines[0] != "fail make unit" {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestHiddenFailure: a command may end well although tests failed.
func TestHiddenFailure(t *testing.T) {
	f := tree(t)
	fakeGo(t, "fail p TestA\n6 passed, 1 failed, 0 skipped\n")
	if status, said := f.runsOnce(t, "exit 0"); status != 1 {
		t.Errorf("status %d: %s", status, said)
	}
}

// TestChangedMeanwhile: nobody knows what such a step is about.
func TestChangedMeanwhile(t *testing.T) {
	f := tree(t)
	fakeGo(t, allPassed)
	status, said := f.runsOnce(t, "echo other >pkg/p/p.go")
	if r, err := f.load("unit"); err != nil || r != nil || !strings.Contains(said, "the code changed meanwhile: [pkg/p]") {
		t.Errorf("status %d, %q, recorded %+v, %v", status, said, r, err)
	}
}

// TestInterrupted: a step that a signal has ended leaves no record, and make sees that it
// failed.
func TestInterrupted(t *testing.T) {
	if os.Getenv("FULLRUN_TREE") != "" {
		f := &full{records: os.Getenv("FULLRUN_TREE") + "/docs/test-all", root: os.Getenv("FULLRUN_TREE")}
		status, err := f.once("vm-all", filepath.Join(f.root, "results"), []string{"sh", "-c", "echo x >>" + f.root + "/ran; exec sleep 60"}, os.Stdout)
		if err != nil {
			t.Fatal(err)
		}
		os.Exit(status)
	}
	f := tree(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestInterrupted$")
	cmd.Env = append(os.Environ(), "FULLRUN_TREE="+f.root)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a terminal does
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); f.ran() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != interrupted {
		t.Errorf("ended with %v, want status %d", err, interrupted)
	}
	if r, err := f.load("vm-all"); r != nil || err != nil {
		t.Errorf("recorded %+v, %v", r, err)
	}
}
