package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLastFullRun says which records are older than the code. That is no failure: hours
// of tests cannot come before each commit. A release needs more, and has
// "make release-check".
func TestLastFullRun(t *testing.T) {
	steps, err := exec.Command("make", "-C", "../..", "--no-print-directory", "-s", "test-all-steps").Output()
	if err != nil {
		t.Fatal(err)
	}
	f := full{records: "../../docs/test-all", root: "../.."}
	if err := f.check(strings.Fields(string(steps))); err != nil {
		t.Skip(err)
	}
}

// tree makes the folders of a small module, and the records of its tests.
func tree(t *testing.T) *full {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"bpf/a.h": "a", "cmd/c.go": "c", "go.mod": "module m", "headers/k.h": "k", "internal/i.go": "i",
		"pkg/p/p.go": "p", "pkg/p/p_test.go": "test", "pkg/p/testdata/x": "x", "pkg/q/q.go": "q",
		"test/vm/run": "run", "test/vm/README.md": "words", "tools/vm-test": "vm",
		"deploy/packages/nfpm.yaml": "files", "deploy/packages/deb/postinst": "sh", "deploy/systemd/rsttrace.service": "unit",
		"tools/packages": "build", "tools/vm-service": "boot", "tools/vm-service-guest": "try",
	} {
		put(t, filepath.Join(root, path), text)
	}
	return &full{records: filepath.Join(root, "docs/test-all"), root: root}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// recorded is a step that has ended with this total.
func (f *full) recorded(t *testing.T, step, total string) {
	t.Helper()
	now, err := codeOf(f.root)
	if err != nil {
		t.Fatal(err)
	}
	r := &record{Step: step, Ended: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Seconds: 90, Commit: "abc", Code: now}
	if err := errors.Join(r.add([]byte(total)), f.save(r)); err != nil {
		t.Fatal(err)
	}
}

const allPassed = "skip p TestA: no tun\n7 passed, 0 failed, 1 skipped\n"

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		what, path, text, complaint string
	}{
		{"nothing changed", "", "", ""},
		{"a test", "pkg/p/p_test.go", "other", ""},
		{"data of a test", "pkg/p/testdata/x", "other", ""},
		{"a package of tests", "internal/roottest/need.go", "other", ""},
		{"a page", "test/vm/README.md", "other", ""},
		{"a package", "pkg/p/p.go", "other", "changed pkg/p"},
		{"a header", "bpf/a.h", "other", "changed bpf"},
		{"a new package", "pkg/new/n.go", "n", "changed pkg/new"},
		{"a library", "go.mod", "module m // other", "changed go.mod"},
		{"the unit", "deploy/systemd/rsttrace.service", "other", "changed deploy/systemd"},
		{"a file of the packages", "deploy/packages/nfpm.yaml", "other", "changed deploy/packages"},
		{"a script of the packages", "deploy/packages/deb/postinst", "other", "changed deploy/packages/deb"},
		{"how packages are built", "tools/packages", "other", "changed tools/packages"},
		{"the machine of the service", "tools/vm-service", "other", "changed tools/vm-service"},
		{"what is tried in it", "tools/vm-service-guest", "other", "changed tools/vm-service-guest"},
		{"how a guest starts", "test/vm/run", "other", "changed test/vm"},
	} {
		t.Run(test.what, func(t *testing.T) {
			f := tree(t)
			f.recorded(t, "unit", allPassed)
			if test.path != "" {
				put(t, filepath.Join(f.root, test.path), test.text)
			}
			checkComplaint(t, f.check([]string{"unit"}), test.complaint)
		})
	}
	t.Run("a package is gone", func(t *testing.T) {
		f := tree(t)
		f.recorded(t, "unit", allPassed)
		if err := os.RemoveAll(filepath.Join(f.root, "pkg/q")); err != nil {
			t.Fatal(err)
		}
		checkComplaint(t, f.check([]string{"unit"}), "changed pkg/q")
	})
	t.Run("tests failed", func(t *testing.T) {
		f := tree(t)
		f.recorded(t, "unit", "fail p TestB\n7 passed, 1 failed, 0 skipped\n")
		checkComplaint(t, f.check([]string{"unit"}), "1 failed")
	})
	t.Run("a step never ran", func(t *testing.T) {
		f := tree(t)
		f.recorded(t, "unit", allPassed)
		checkComplaint(t, f.check([]string{"unit", "fuzz"}), "fuzz: never ran")
	})
	t.Run("no record of ours", func(t *testing.T) {
		f := tree(t)
		put(t, f.path("unit"), "{}")
		checkComplaint(t, f.check([]string{"unit"}), "is no record of the step unit, remove it")
	})
}

func checkComplaint(t *testing.T, err error, complaint string) {
	t.Helper()
	switch {
	case complaint == "" && err != nil:
		t.Errorf("refused: %v", err)
	case complaint != "" && (err == nil || !strings.Contains(err.Error(), complaint)):
		t.Errorf("%v, want %q", err, complaint)
	}
}

// TestPage: each step has its row, and skipped tests are counted by reason.
func TestPage(t *testing.T) {
	f := tree(t)
	f.recorded(t, "unit", "skip p TestA: no tun\nskip p TestB: no tun\nfail p TestC\n7 passed, 1 failed, 2 skipped\n")
	f.recorded(t, "vm-all-6.1", "skip vm-all 6.1-fentry: netfilter ipv4: a module is missing\n8 passed, 0 failed, 1 skipped\n")
	page := filepath.Join(f.root, "page.md")
	if err := f.page(page, []string{"unit", "vm-all-6.1", "fuzz"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| unit | 2026-11-28 | abc | 1 | 7 | 1 | 2 |\n", "| fuzz | never |", "- unit: p TestC\n", "| 2 | no tun |\n", "| 1 | a module is missing |\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
