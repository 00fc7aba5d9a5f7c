package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// never is longer than any test: what waits for it fails.
const never = time.Hour

// TestSecondSignal: what blocks and looks at no context is left behind, and what
// it would have undone is undone.
func TestSecondSignal(t *testing.T) {
	e := newEnding(never)
	defer e.stop()
	var undone bool
	e.leaveNothing(func() { undone = true })
	started, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- e.run(func(context.Context) error { close(started); select {} })
	}()
	<-started
	for range 2 {
		if err := unix.Kill(os.Getpid(), unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-e.ctx.Done() // two signals that wait at once are one
	}
	if err := <-ended; err == nil || !undone {
		t.Errorf("error %v, undone %t", err, undone)
	}
}

// TestPatience: one signal is enough in the end.
func TestPatience(t *testing.T) {
	e := newEnding(time.Millisecond)
	defer e.stop()
	e.cancel(errSignal)
	if err := e.run(func(context.Context) error { select {} }); err == nil {
		t.Error("no error, though something was left behind")
	}
}

// TestStreamBlocks: a write that blocks is given up once the run has ended, and
// no later one is tried.
func TestStreamBlocks(t *testing.T) {
	e := newEnding(never)
	defer e.stop()
	reader, writer := io.Pipe()
	defer reader.Close()
	s := newStream(writer, e, nil)
	e.cancel(errSignal)
	for range 2 {
		if n, err := s.Write([]byte("unread\n")); n != 0 || !errors.Is(err, errUnread) {
			t.Errorf("wrote %d bytes, %v", n, err)
		}
	}
	if !errors.Is(s.failure(), errUnread) {
		t.Errorf("failure is %v", s.failure())
	}
}

// TestStreamFails: the first error ends the run, whoever looks at it.
func TestStreamFails(t *testing.T) {
	e := newEnding(never)
	defer e.stop()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	s := newStream(full, e, func(err error) { e.cancel(err) })
	_, _ = io.WriteString(s, "lost")
	if !errors.Is(context.Cause(e.ctx), unix.ENOSPC) || !errors.Is(s.failure(), unix.ENOSPC) {
		t.Errorf("the run ended by %v, failure is %v", context.Cause(e.ctx), s.failure())
	}
}

// TestBlockedOutput: a pipe that nobody reads keeps nothing alive, whichever
// signal comes, and how often.
func TestBlockedOutput(t *testing.T) {
	needRoot(t)
	for name, signals := range map[string][]syscall.Signal{
		"INT": {unix.SIGINT}, "TERM": {unix.SIGTERM}, "INT twice": {unix.SIGINT, unix.SIGINT},
	} {
		t.Run(name, func(t *testing.T) {
			address := ownAddress()
			p := command(t, received(address)...)
			p.Stdout = fullPipe(t)
			p.startAndAwait(t)
			refuse(t, address)
			for _, signal := range signals {
				if err := p.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			if code := p.wait(t); code != exitFailed {
				t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
			}
			if !strings.Contains(p.stderr.String(), "is lost") {
				t.Errorf("stderr: %s", &p.stderr)
			}
		})
	}
}

// fullPipe is a pipe without room, which nobody reads.
func fullPipe(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close(); writer.Close() })
	size, err := unix.FcntlInt(writer.Fd(), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	return writer
}

// TestQuit: the totals so far, and it goes on.
func TestQuit(t *testing.T) {
	address := ownAddress()
	p := command(t, received(address)...)
	p.Stdout = nil
	output, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.startAndAwait(t)
	text := bufio.NewScanner(output)
	text.Buffer(nil, 1<<20)
	next := func(want string) {
		t.Helper()
		more := text.Scan()
		for more && (strings.Contains(text.Text(), `"kind":"finding"`) || strings.Contains(text.Text(), `"kind":"coverage"`)) {
			more = text.Scan()
		}
		if !more || !strings.Contains(text.Text(), want) {
			t.Fatalf("want %s in %q, stderr: %s", want, text.Text(), &p.stderr)
		}
	}
	refuse(t, address)
	next(`"cause":"refused"`)
	if err := p.Process.Signal(unix.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	next(`"kind":"counts"`)
	refuse(t, address)
	next(`"cause":"refused"`)
	if err := p.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	next(`"kind":"counts"`)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}

// TestNohup: a hang-up that the caller wants to be ignored is ignored.
func TestNohup(t *testing.T) {
	needRoot(t)
	address := ownAddress()
	p := command(t, received(address, "--count", "1")...)
	p.Cmd.Path, p.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, "/proc/self/exe"}, p.Args[1:]...)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.Args[3] = self
	p.startAndAwait(t)
	if err := p.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	refuse(t, address)
	if code := p.wait(t); code != exitFine {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
	checkRefused(t, p)
}

// TestInterrupted: selftest and lab say how far they came.
func TestInterrupted(t *testing.T) {
	needRoot(t)
	for _, test := range []struct{ command, of string }{{"selftest", "8"}, {"lab", "4"}} { // the selftest plays each over IPv4 and IPv6
		t.Run(test.command, func(t *testing.T) {
			p := command(t, test.command, "closed-port", "broken-pipe", "linger-zero", "half-open")
			p.Stdout = nil
			output, err := p.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
				t.Errorf("no line: %v", err)
			}
			if err := p.Process.Signal(unix.SIGINT); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, output) }()
			if code := p.wait(t); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			text := p.stderr.String()
			if !strings.HasPrefix(text, "rsttrace: interrupted after ") || !strings.HasSuffix(text, " of "+test.of+"\n") {
				t.Errorf("stderr: %q", text)
			}
		})
	}
}

// TestBlockedFile: also a result that nobody reads keeps nothing alive.
func TestBlockedFile(t *testing.T) {
	needRoot(t)
	fifo := filepath.Join(t.TempDir(), "results")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := command(t, "selftest", "closed-port", "--json", fifo)
	p.Stdout = nil
	output, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	results := bufio.NewReader(output)
	for range 2 { // IPv4 and IPv6
		if _, err := results.ReadString('\n'); err != nil {
			t.Errorf("no result: %v", err)
		}
	}
	if err := p.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != exitFailed || !strings.Contains(p.stderr.String(), "--json: given up") {
		t.Errorf("exit code %d, stderr: %s", code, &p.stderr)
	}
}
