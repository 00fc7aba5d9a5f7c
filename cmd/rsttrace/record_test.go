package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// succeed runs a command that has nothing to complain about, and returns its output.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	p := command(t, args...)
	if code := p.finish(t); code != exitFine || p.stderr.Len() > 0 {
		t.Fatalf("%q: exit code %d: %s", args, code, &p.stderr)
	}
	return p.stdout.String()
}

// TestRecordingOfRecording: what was JSON is the same as pcapng, also compressed, and through
// pipes.
func TestRecordingOfRecording(t *testing.T) {
	path, _ := recorded(t)
	folder := t.TempDir()
	recording := filepath.Join(folder, "resets.pcapng")
	want := succeed(t, "read", path, "-o", "json", "--evidence", "-w", recording)
	content, err := os.ReadFile(recording)
	must(t, err)

	var gz, zst bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, err = w.Write(content)
	must(t, errors.Join(err, w.Close()))
	z, err := zstd.NewWriter(&zst)
	must(t, err)
	_, err = z.Write(content)
	must(t, errors.Join(err, z.Close()))
	for name, content := range map[string][]byte{"plain": content, "gzip": gz.Bytes(), "zstd": zst.Bytes()} {
		file := filepath.Join(folder, name)
		must(t, os.WriteFile(file, content, 0o600))
		if got := succeed(t, "read", file, "-o", "json", "--evidence"); got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
		p := command(t, "read", "-", "-o", "json", "--evidence")
		p.Stdin = bytes.NewReader(content)
		if code := p.finish(t); code != exitFine || p.stdout.String() != want {
			t.Errorf("%s through a pipe: exit code %d, %s", name, code, &p.stderr)
		}
	}
	again := command(t, "read", "-", "-o", "json", "--evidence")
	again.Stdin = strings.NewReader(succeed(t, "read", recording, "-w", "-"))
	if code := again.finish(t); code != exitFine || again.stdout.String() != want {
		t.Errorf("from the standard output: exit code %d, %s", code, &again.stderr)
	}
}

// TestRecordingAndFilter: findings are about the events that are shown.
func TestRecordingAndFilter(t *testing.T) {
	path, _ := recorded(t)
	recording := filepath.Join(t.TempDir(), "resets.pcapng")
	succeed(t, "read", path, "-w", recording)
	for _, args := range [][]string{{"--port", "443"}, {"--count", "2"}} {
		want := succeed(t, append([]string{"read", path, "-o", "json"}, args...)...)
		if got := succeed(t, append([]string{"read", recording, "-o", "json"}, args...)...); got != want {
			t.Errorf("%q: got\n%swant\n%s", args, got, want)
		}
	}
}

// TestRecordingTaken: a file that is there stays as it is.
func TestRecordingTaken(t *testing.T) {
	path, _ := recorded(t)
	before, err := os.ReadFile(path)
	must(t, err)
	checkFailure(t, command(t, "read", path, "-w", path), exitFailed, "--write: "+path+" exists: give another name, or remove it")
	after, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("it was written over")
	}
	checkFailure(t, command(t, "read", path, "-w", "/no/such/folder/resets.pcapng"), exitFailed, "--write: ", "/no/such/folder")
}

// TestRecordingCut: what is readable is shown, one line says what is wrong, and the next file
// is read.
func TestRecordingCut(t *testing.T) {
	path, _ := recorded(t)
	folder := t.TempDir()
	recording, cut := filepath.Join(folder, "resets.pcapng"), filepath.Join(folder, "cut.pcapng")
	whole := succeed(t, "read", path, "-o", "json", "-w", recording)
	content, err := os.ReadFile(recording)
	must(t, err)
	must(t, os.WriteFile(cut, content[:len(content)/2], 0o600))
	p := command(t, "read", cut, recording, "-o", "json")
	if code := p.finish(t); code != exitFailed || strings.Count(p.stderr.String(), "\n") != 1 || !strings.Contains(p.stderr.String(), cut+": the file is cut off") {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	first, rest := strings.TrimSuffix(whole, p.stdout.String()), p.stdout.String()
	if !strings.HasSuffix(rest, whole) || len(rest) <= len(whole) {
		t.Errorf("got\n%swant the beginning of this, and all of it\n%s%s", rest, whole, first)
	}
}

// TestRotatedRecording: the files of a run are one recording.
func TestRotatedRecording(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "resets.jsonl")
	var lines strings.Builder
	for i := range 30 {
		fmt.Fprintf(&lines, `{"schema":2,"time":"2026-03-03T03:%02d:00.000000000Z","kind":"event","id":%d,"dir":"sent","cause":"closed-port","summary":"nothing listens","certainty":"exact","family":"ipv4","local":{"addr":"192.0.2.1","port":80},"peer":{"addr":"192.0.2.2","port":4000},"hook":"tcp_v4_send_reset","via":"fentry"}`+"\n", i, i+1)
	}
	must(t, os.WriteFile(text, []byte(lines.String()), 0o600))
	want := succeed(t, "read", text, "-o", "json", "-w", filepath.Join(folder, "resets.pcapng"), "--rotate", "10m")
	files, err := filepath.Glob(filepath.Join(folder, "resets-*.pcapng"))
	must(t, err)
	if len(files) != 3 {
		t.Fatalf("files %q", files)
	}
	if got := succeed(t, append([]string{"read", "-o", "json"}, files...)...); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	// Another run in between has findings of its own, so they are made anew.
	other := filepath.Join(folder, "other.pcapng")
	succeed(t, "read", text, "-w", other)
	if got := succeed(t, append([]string{"read", "-o", "json", other}, files...)...); got == want || !strings.Contains(got, `"id":1,"phase":"begins"`) {
		t.Errorf("got\n%s", got)
	}
}

// TestRecordingFullDisk: the recording ends with one line, and all else goes on.
func TestRecordingFullDisk(t *testing.T) {
	needRoot(t)
	folder := t.TempDir()
	must(t, unix.Mount("tmpfs", folder, "tmpfs", 0, "size=8k"))
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	path, _ := recorded(t)
	events, err := os.ReadFile(path)
	must(t, err)
	long := filepath.Join(t.TempDir(), "long.jsonl")
	must(t, os.WriteFile(long, bytes.Repeat(events, 20), 0o600))
	want := succeed(t, "read", long, "-o", "json")
	recording := filepath.Join(folder, "resets.pcapng")
	p := command(t, "read", long, "-o", "json", "-w", recording)
	if code := p.finish(t); code != exitFailed || p.stdout.String() != want {
		t.Errorf("exit code %d, %d bytes of output, want %d", code, p.stdout.Len(), len(want))
	}
	if got := p.stderr.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "rsttrace: --write: "+recording+": no space left on device: the recording ends here") {
		t.Error(got)
	}
}

// compare wants a recording to give the JSON of its run.
func compare(t *testing.T, want string, recording ...string) {
	t.Helper()
	if got := succeed(t, append([]string{"read", "-o", "json"}, recording...)...); got != want || !strings.Contains(want, `"kind":"event"`) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestLiveRecording: the recording of a run gives its JSON, byte for byte, whoever it runs as.
func TestLiveRecording(t *testing.T) {
	for _, args := range [][]string{nil, {"--user", "nobody"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			address := ownAddress()
			recording := filepath.Join(t.TempDir(), "resets.pcapng") // of root
			must(t, os.Chmod(filepath.Dir(recording), 0o700))
			p := start(t, append(args, "-o", "json", "-w", recording, "--host", address, "--audit", "end")...)
			for range 5 {
				refuse(t, address)
			}
			must(t, p.Process.Signal(syscall.SIGINT))
			if code := p.wait(t); code != exitFine {
				t.Fatalf("exit code %d: %s", code, &p.stderr)
			}
			compare(t, p.stdout.String(), recording)
			checkPackets(t, recording, address)
		})
	}
}

// TestRotationAfterDrop: later files are made without privileges.
func TestRotationAfterDrop(t *testing.T) {
	address := ownAddress()
	folder := openFolder(t)
	p := start(t, "-o", "json", "-w", filepath.Join(folder, "resets.pcapng"), "--rotate", "1s", "--host", address, "--user", "nobody")
	for range 2 {
		refuse(t, address)
		time.Sleep(1100 * time.Millisecond) // the age of a file is real time
	}
	refuse(t, address)
	must(t, p.Process.Signal(syscall.SIGINT))
	if code := p.wait(t); code != exitFine {
		t.Fatalf("exit code %d: %s", code, &p.stderr)
	}
	files, err := filepath.Glob(filepath.Join(folder, "resets-*.pcapng"))
	must(t, err)
	if len(files) < 2 {
		t.Fatalf("files %q", files)
	}
	compare(t, p.stdout.String(), files...)
	for _, file := range files {
		info, err := os.Stat(file)
		must(t, err)
		if owner := info.Sys().(*syscall.Stat_t).Uid; owner != nobody || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: user %d, %v", file, owner, info.Mode())
		}
	}
}

// TestRotationImpossible: it is known before anything is attached.
func TestRotationImpossible(t *testing.T) {
	needRoot(t)
	folder := t.TempDir()
	must(t, os.Chmod(folder, 0o700))
	checkFailure(t, command(t, "-w", filepath.Join(folder, "resets.pcapng"), "--rotate", "1h", "--user", "nobody"), exitFailed, "--write: ", "permission denied", "user nobody creates the files there")
}

// TestRecordingKilled: what was flushed is there after kill -9.
func TestRecordingKilled(t *testing.T) {
	address := ownAddress()
	recording := filepath.Join(t.TempDir(), "resets.pcapng")
	p := start(t, "-w", recording, "--host", address)
	refuse(t, address)
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if content, _ := os.ReadFile(recording); bytes.Contains(content, []byte(`"cause":"refused"`)) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing was written in time")
		}
	}
	must(t, p.Process.Kill())
	_ = p.wait(t)
	if got := succeed(t, "read", recording, "-o", "json"); !strings.Contains(got, `"cause":"refused"`) {
		t.Error(got)
	}
}
