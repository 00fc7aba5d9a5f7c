package fileset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, path string) *Set {
	t.Helper()
	s, err := Open(path)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestNames: they sort as the files follow each other.
func TestNames(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "resets.pcapng"))
	if got := s.Named(7); got != "resets-000007.pcapng" {
		t.Error(got)
	}
	s = open(t, "resets")
	if got := s.Named(1234567); got != "resets-1234567" {
		t.Error(got)
	}
}

// TestRemoveOldest: what only looks like a file of the set stays.
func TestRemoveOldest(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a-000001.log", "a-000002.log", "a-000003.log", "a-000004.log", "a-5.log", "a-000006.txt", "b-000007.log", "a.log"} {
		must(t, os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600))
	}
	s := open(t, filepath.Join(folder, "a.log"))
	if last, err := s.Last(); last != 4 || err != nil {
		t.Errorf("the last one is %d, %v", last, err)
	}
	must(t, s.RemoveOldest(1, func(name string) bool { return !strings.Contains(name, "2") }))
	left, err := filepath.Glob(filepath.Join(folder, "a-00000?.log"))
	must(t, err)
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if diff := cmp.Diff([]string{"a-000002.log", "a-000004.log"}, left); diff != "" {
		t.Error(diff)
	}
}
