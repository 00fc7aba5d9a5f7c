package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLastFullRun says when the recorded run is older than the code. That is no
// failure: hours of tests cannot come before each commit. A release needs more,
// and has "make release-check".
func TestLastFullRun(t *testing.T) {
	if err := check("../../docs/test-all.md", "../.."); err != nil {
		t.Skip(err)
	}
}

// tree makes the folders of a small module.
func tree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"bpf/a.h": "a", "cmd/c.go": "c", "go.mod": "module m", "headers/k.h": "k", "internal/i.go": "i",
		"pkg/p/p.go": "p", "pkg/p/p_test.go": "test", "pkg/p/testdata/x": "x", "pkg/q/q.go": "q",
		"test/vm/run": "run", "test/vm/README.md": "words", "tools/vm-test": "vm",
	} {
		put(t, filepath.Join(root, path), text)
	}
	return root
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

// record writes the page of a run of the code below root.
func record(t *testing.T, root, total string) (page string) {
	t.Helper()
	dir := t.TempDir()
	var code strings.Builder
	if err := run([]string{"code", root}, &code); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "code"), code.String())
	put(t, filepath.Join(dir, "total"), total)
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	page = filepath.Join(dir, "page.md")
	if err := write(filepath.Join(dir, "code"), filepath.Join(dir, "total"), page, now); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if want := "ended on 2026-11-28"; !strings.Contains(string(text), want) {
		t.Errorf("the page does not have %q", want)
	}
	return page
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
	} {
		t.Run(test.what, func(t *testing.T) {
			root := tree(t)
			page := record(t, root, allPassed)
			if test.path != "" {
				put(t, filepath.Join(root, test.path), test.text)
			}
			checkComplaint(t, check(page, root), test.complaint)
		})
	}
	t.Run("a package is gone", func(t *testing.T) {
		root := tree(t)
		page := record(t, root, allPassed)
		if err := os.RemoveAll(filepath.Join(root, "pkg/q")); err != nil {
			t.Fatal(err)
		}
		checkComplaint(t, check(page, root), "changed pkg/q")
	})
	t.Run("tests failed", func(t *testing.T) {
		root := tree(t)
		checkComplaint(t, check(record(t, root, "fail p TestB\n7 passed, 1 failed, 0 skipped\n"), root), "1 failed")
	})
	t.Run("never run", func(t *testing.T) {
		checkComplaint(t, check(filepath.Join(t.TempDir(), "none.md"), tree(t)), "never recorded")
	})
	t.Run("no page of ours", func(t *testing.T) {
		root := tree(t)
		put(t, filepath.Join(root, "page.md"), "# A page\n")
		checkComplaint(t, check(filepath.Join(root, "page.md"), root), "run make test-all")
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
