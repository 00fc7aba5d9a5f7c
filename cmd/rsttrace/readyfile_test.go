package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadyFileKeepsOthers: nothing that exists is followed, truncated or waited
// for. That is found out before anything is attached, so it needs no root.
func TestReadyFileKeepsOthers(t *testing.T) {
	const precious = "precious\n"
	for name, make := range map[string]func(path, target string) error{
		"link":          func(path, target string) error { return os.Symlink(target, path) },
		"dangling link": func(path, target string) error { return os.Symlink(target+".not", path) },
		"hard link":     func(path, target string) error { return os.Link(target, path) },
		"FIFO":          func(path, _ string) error { return unix.Mkfifo(path, 0o644) },
		"folder":        func(path, _ string) error { return os.Mkdir(path, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path, target := filepath.Join(folder, "ready"), filepath.Join(folder, "target")
			if err := errors.Join(os.WriteFile(target, []byte(precious), 0o644), make(path, target)); err != nil {
				t.Fatal(err)
			}
			checkFailure(t, command(t, "--duration", "10ms", "--ready-file", path), exitFailed, "--ready-file: ", "give another path")
			if text, err := os.ReadFile(target); string(text) != precious {
				t.Errorf("the target is %q, %v", text, err)
			}
			if _, err := os.Lstat(path); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(target + ".not"); err == nil {
				t.Error("the link was followed")
			}
		})
	}
}

// TestReadyFileReplaces what a killed run, or mktemp, has left; and at the end
// nothing is left.
func TestReadyFileReplaces(t *testing.T) {
	needRoot(t)
	for _, left := range []string{"", "812\n"} {
		folder := t.TempDir()
		path := filepath.Join(folder, "ready")
		if err := os.WriteFile(path, []byte(left), 0o644); err != nil {
			t.Fatal(err)
		}
		p := command(t, "--duration", "10ms", "--host", ownAddress(), "--ready-file", path)
		if code := p.finish(t); code != exitFine {
			t.Errorf("after %q: exit code %d, stderr: %s", left, code, &p.stderr)
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			t.Errorf("after %q there is %v, %v", left, files, err)
		}
	}
}

// TestReadyFileIsRemoved, however the run ends.
func TestReadyFileIsRemoved(t *testing.T) {
	needRoot(t)
	for _, args := range [][]string{{"--attach", "tracepoint"}, {"--user", "nobody"}} {
		folder := openFolder(t)
		path := filepath.Join(folder, "ready")
		p := command(t, append(args, "--host", ownAddress(), "--ready-file", path)...)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		awaitFile(t, p, path)
		if err := p.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := p.wait(t); code != exitFine {
			t.Errorf("%s: exit code %d, stderr: %s", strings.Join(args, " "), code, &p.stderr)
		}
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			t.Errorf("%s: there is %v, %v", strings.Join(args, " "), files, err)
		}
	}
}

// TestReadyFileAppears in one step, and not in the place of a file that has come
// meanwhile.
func TestReadyFileAppears(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ready")
	ready, err := prepareReadyFile(path, account{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := ready.publish(); !errors.Is(err, os.ErrExist) {
		t.Errorf("publish: %v", err)
	}
	ready.remove()
	if text, err := os.ReadFile(path); string(text) != "other" {
		t.Errorf("the other file is %q, %v", text, err)
	}
}

func FuzzIsReadyFile(f *testing.F) {
	f.Add([]byte("812\n"))
	f.Add([]byte(""))
	f.Add([]byte("812\n813\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		digits := strings.TrimSuffix(string(content), "\n")
		if isReadyFile(path) && (len(content) > 11 || strings.Trim(digits, "0123456789") != "") {
			t.Errorf("%q counts as a ready file", content)
		}
	})
}
