package pcapng

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/sink/internal/fixture"
)

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func create(t *testing.T, path string, numbered bool, keep int) *Files {
	t.Helper()
	f, err := Create(path, numbered, keep)
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestOneFile: nobody else may read it, and it takes no other file's place, nor that of a
// link.
func TestOneFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "resets.pcapng")
	f := create(t, path, false, 0)
	s := New(f, Options{Run: "a1"})
	items(t, s)
	must(t, f.Close())
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("%v, %d bytes", info.Mode(), info.Size())
	}
	if _, err := Create(path, false, 0); err == nil || err.Error() != path+" exists: give another name, or remove it" {
		t.Errorf("%v", err)
	}
	link := filepath.Join(folder, "link.pcapng")
	must(t, os.Symlink(filepath.Join(folder, "elsewhere"), link))
	if _, err := Create(link, false, 0); err == nil {
		t.Error("a link was followed")
	}
}

// TestNothingWritten: a run that fails before it begins leaves no file.
func TestNothingWritten(t *testing.T) {
	folder := t.TempDir()
	f, err := Create(filepath.Join(folder, "resets.pcapng"), false, 0)
	must(t, err)
	must(t, f.Close())
	if left := names(t, folder); len(left) > 0 {
		t.Errorf("%q", left)
	}
}

// TestKeep: the newest files stay, those of an earlier run count, and what is no recording
// is not touched.
func TestKeep(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "resets.pcapng")
	foreign := filepath.Join(folder, "resets-000001.pcapng")
	must(t, os.WriteFile(foreign, []byte("somebody's notes"), 0o600))
	for run := range 2 {
		f := create(t, path, true, 3)
		s := New(f, Options{Run: "a1", Span: time.Minute})
		for i := range 4 {
			e := fixture.Events()[0]
			e.Time = fixture.Start.Add(time.Duration(run*10+i) * time.Hour)
			must(t, s.Event(e))
		}
		must(t, s.Flush(fixture.Start))
		must(t, f.Close())
	}
	want := []string{"resets-000001.pcapng", "resets-000007.pcapng", "resets-000008.pcapng", "resets-000009.pcapng"}
	if left := names(t, folder); !slices.Equal(left, want) {
		t.Errorf("%q, want %q", left, want)
	}
}

// TestFullDisk: what was written stays whole blocks, and the error says which file and why.
// It needs a file system with a limit.
func TestFullDisk(t *testing.T) {
	folder := roottest.SmallFolder(t, "512k")
	path := filepath.Join(folder, "resets.pcapng")
	f := create(t, path, false, 0)
	s := New(f, Options{Run: "a1"})
	var err error
	for written := 0; err == nil; written++ {
		if written > 100_000 {
			t.Fatal("the disk is never full")
		}
		err = s.Event(fixture.Events()[written%20])
	}
	if got := err.Error(); got != path+": no space left on device" {
		t.Error(got)
	}
	must(t, f.Close())
	recording, err := os.ReadFile(path)
	must(t, err)
	var c frames
	read(t, recording, &c)
	if len(c.events) < 100 {
		t.Errorf("%d events of %d bytes", len(c.events), len(recording))
	}
}

// TestNoFolder says which path is wrong.
func TestNoFolder(t *testing.T) {
	_, err := Create("/no/such/folder/resets.pcapng", false, 0)
	if err == nil || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Error(fmt.Sprint(err))
	}
}
