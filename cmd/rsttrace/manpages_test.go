package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/tools/manpage"
)

// manPages has a page for each command. Packages have them. "make docs" writes them.
const manPages = "../../deploy/man"

// TestManPages: the pages say what --help says.
func TestManPages(t *testing.T) {
	root := newRoot()
	eachOf(root, describeFlags)
	pages := manpage.Pages(root)
	if *updateGolden {
		if err := os.MkdirAll(manPages, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range pages {
		path := filepath.Join(manPages, name)
		if *updateGolden {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("run make docs: %v", err)
			continue
		}
		if diff := cmp.Diff(string(got), want); diff != "" {
			t.Errorf("%s is old: run make docs (-page +program):\n%s", path, diff)
		}
	}
	files, err := os.ReadDir(manPages)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if pages[file.Name()] == "" {
			t.Errorf("%s is the page of no command: remove it", file.Name())
		}
	}
}
