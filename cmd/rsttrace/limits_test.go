package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// limited runs a command with limits of the shell, such as "ulimit -n 70".
func limited(t *testing.T, limit string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := command(t, args...)
	p.Path, p.Args = "/bin/sh", slices.Concat([]string{"sh", "-c", limit + ` && exec "$0" "$@"`, self}, args)
	return p
}

// TestOpenFiles: with too few of them nothing is said about the kernel. Either
// the picture is that of a process without a limit, or the limit is named.
func TestOpenFiles(t *testing.T) {
	needRoot(t)
	whole := command(t, "doctor")
	if code := whole.finish(t); code != exitFine {
		t.Skipf("rsttrace does not work here: %s", &whole.stderr)
	}
	enough := false
	const step = 16
	for files := step; !enough; files += step {
		p := limited(t, fmt.Sprintf("ulimit -n %d", files), "doctor")
		code := p.finish(t)
		enough = code == exitFine
		switch text := p.stderr.String(); {
		case enough && p.stdout.String() != whole.stdout.String():
			t.Errorf("with %d files:\n%s", files, &p.stdout)
		case !enough && !strings.Contains(text, fmt.Sprintf("no more than %d open files", files)):
			t.Errorf("with %d files: exit code %d, stderr: %s", files, code, text)
		case files > 1024:
			t.Fatal("1024 files are not enough")
		}
	}
}

// TestSoftLimit: what the hard limit allows is used.
func TestSoftLimit(t *testing.T) {
	needRoot(t)
	p := limited(t, "ulimit -Sn 16 && ulimit -Hn 1024", "--duration", "10ms", "--host", ownAddress())
	if code := p.finish(t); code != exitFine || strings.Contains(p.stderr.String(), "open files") {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}
