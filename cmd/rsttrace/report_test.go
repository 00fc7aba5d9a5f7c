package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReport: one page of a recording, for its owner only.
func TestReport(t *testing.T) {
	path, _ := recorded(t)
	page := filepath.Join(t.TempDir(), "page.html")
	p := command(t, "report", path, "-o", page, "--title", "web-1 <incident>")
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	if got, want := p.stderr.String(), "rsttrace: written: "+page+"\n"; got != want || p.stdout.Len() > 0 {
		t.Errorf("stderr %q, want %q; stdout %q", got, want, &p.stdout)
	}
	content := readPage(t, page)
	for _, want := range []string{"<h1>web-1 &lt;incident&gt;</h1>", "resets.jsonl", "linger-zero", "The page has all events: 3."} {
		if !strings.Contains(content, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	info, err := os.Stat(page)
	must(t, err)
	if info.Mode().Perm() != pageMode {
		t.Errorf("mode %v, want %o", info.Mode(), pageMode)
	}
	onlyFile(t, page)
	again := command(t, "report", path, "-o", "-", "--title", "web-1 <incident>")
	if code := again.finish(t); code != exitFine || again.stdout.String() != content {
		t.Errorf("the standard output has another page, exit code %d: %s", code, &again.stderr)
	}
}

func readPage(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	return string(content)
}

// onlyFile wants nothing beside a file in its folder: what was written on the way is gone.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("the folder has %v", entries)
	}
}

// TestReportOfSudo: the page belongs to the user who called sudo.
func TestReportOfSudo(t *testing.T) {
	needRoot(t)
	path, _ := recorded(t)
	page := filepath.Join(t.TempDir(), "page.html")
	p := command(t, "report", path, "-o", page)
	p.Env = append(p.Env, "SUDO_UID="+strconv.Itoa(nobody), "SUDO_GID="+strconv.Itoa(nobody))
	if code := p.finish(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	info, err := os.Stat(page)
	must(t, err)
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != nobody || owner.Gid != nobody {
		t.Errorf("it belongs to %d:%d", owner.Uid, owner.Gid)
	}
}

func TestReportFilters(t *testing.T) {
	path, _ := recorded(t)
	for args, want := range map[string]string{
		"--port 80":            "The page has all events: 1.",
		"--filter port=443":    "The page has all events: 2.",
		"--direction received": "No reset was seen.",
	} {
		p := command(t, append([]string{"report", path, "-o", "-"}, strings.Fields(args)...)...)
		if code := p.finish(t); code != exitFine {
			t.Errorf("%s: exit code %d: %s", args, code, &p.stderr)
		}
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("%s: no %q on the page", args, want)
		}
		if !strings.Contains(p.stdout.String(), "resets.jsonl, filtered") {
			t.Errorf("%s: the page does not say that it is filtered", args)
		}
	}
}

// TestReportReplacesReportsOnly: a page replaces a page, and nothing else.
func TestReportReplacesReportsOnly(t *testing.T) {
	path, _ := recorded(t)
	folder := t.TempDir()
	page := filepath.Join(folder, "page.html")
	for range 2 {
		if p := command(t, "report", path, "-o", page); p.finish(t) != exitFine {
			t.Fatal(p.stderr.String())
		}
	}
	onlyFile(t, page)
	empty := filepath.Join(folder, "empty")
	must(t, os.WriteFile(empty, nil, 0o600))
	if p := command(t, "report", path, "-o", empty); p.finish(t) != exitFine {
		t.Error(p.stderr.String())
	}
	before := readPage(t, path)
	checkFailure(t, command(t, "report", path, "-o", path), exitFailed, "--output: "+path+" exists and is no report")
	if readPage(t, path) != before {
		t.Error("the recording was overwritten")
	}
	link := filepath.Join(folder, "link")
	must(t, os.Symlink(path, link))
	checkFailure(t, command(t, "report", path, "-o", link), exitFailed, "no regular file")
	fifo := filepath.Join(folder, "fifo")
	must(t, unix.Mkfifo(fifo, 0o600))
	checkFailure(t, command(t, "report", path, "-o", fifo), exitFailed, "use -o -")
	checkFailure(t, command(t, "report", path, "-o", folder), exitFailed, "is a folder")
	checkFailure(t, command(t, "report", path, "-o", filepath.Join(folder, "none", "page")), exitFailed, "--output: ")
}

// TestReportOfDamaged: what was read so far is on the page, with what is wrong.
func TestReportOfDamaged(t *testing.T) {
	path, lines := recorded(t)
	damaged := filepath.Join(t.TempDir(), "damaged.jsonl")
	must(t, os.WriteFile(damaged, []byte(lines[0]+lines[2][:50]), 0o600))
	p := command(t, "report", damaged, path, "-o", "-")
	if code := p.finish(t); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if got := strings.Count(p.stderr.String(), "\n"); got != 2 {
		t.Errorf("%d lines on stderr: %s", got, &p.stderr)
	}
	for _, want := range []string{"The page has all events: 4.", "Not all of the input could be read: " + damaged} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

func TestReportUsage(t *testing.T) {
	path, _ := recorded(t)
	for args, want := range map[string]string{
		"report " + path:                              "-o report.html",
		"report -o page.html":                         "--duration",
		"report -o page.html --duration 5m " + path:   "leave one out",
		"report -o page.html --duration 0s":           "want more than 0",
		"report -o page.html --events 0 " + path:      "want more than 0",
		"report -o page.html --filter prot=1 " + path: "there is no field",
	} {
		p := command(t, strings.Fields(args)...)
		if code := p.finish(t); code != exitUsage || !strings.Contains(p.stderr.String(), want) {
			t.Errorf("%s: exit code %d, stderr %q, want %q", args, code, &p.stderr, want)
		}
	}
	page := filepath.Join(t.TempDir(), "page.html")
	checkFailure(t, command(t, "report", "/no/such/file", "-o", page), exitFailed, "there is no file /no/such/file")
	if _, err := os.Stat(page); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a page was written: %v", err)
	}
}

// TestLiveReport: a page about what happens now. Privileges are gone when it is written.
func TestLiveReport(t *testing.T) {
	needRoot(t)
	address := ownAddress()
	closed := t.TempDir() // a folder that root may write only because of a capability
	must(t, errors.Join(os.Chmod(closed, 0o700), os.Chown(closed, nobody, nobody)))
	for _, folder := range []string{t.TempDir(), closed} {
		page := filepath.Join(folder, "page.html")
		p := command(t, "report", "--duration", "3s", "-o", page, "--host", address)
		must(t, p.Start())
		for deadline := time.Now().Add(patience); !isPage(page) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			refuse(t, address)
		}
		if code := p.wait(t); code != exitFine {
			t.Fatalf("exit code %d: %s", code, &p.stderr)
		}
		content := readPage(t, page)
		for _, want := range []string{"traced live", "nothing-listens", "Kernel&#39;s counters over"} {
			if !strings.Contains(content, want) {
				t.Errorf("no %q on the page in %s", want, folder)
			}
		}
		onlyFile(t, page)
	}
}
