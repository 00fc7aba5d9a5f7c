package tracing

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// brokenPipe is an event of a process that wrote after its peer had closed.
func brokenPipe(pid uint32, comm string) *event.Event {
	return &event.Event{Cause: cause.WroteAfterPeerClose, Owner: event.Owner{PID: pid, Comm: comm, Source: event.FromSocket}}
}

// TestDispositionsOfProcesses asks the kernel about real processes.
func TestDispositionsOfProcesses(t *testing.T) {
	for name, test := range map[string]struct {
		trap string // of the shell
		want event.SignalAction
	}{
		"default": {"-", event.SignalDefault},
		"ignored": {"''", event.SignalIgnored},
		"caught":  {":", event.SignalCaught},
	} {
		t.Run(name, func(t *testing.T) {
			shell := exec.Command("sh", "-c", "trap "+test.trap+" PIPE; echo ready; read line")
			stdin, err := shell.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := shell.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := shell.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { stdin.Close(); shell.Wait() }() //nolint:errcheck // read fails at the end of its input
			if _, err := stdout.Read(make([]byte, 6)); err != nil {
				t.Fatal(err)
			}
			e := brokenPipe(uint32(shell.Process.Pid), "sh")
			newDispositions("/proc").complete(e, time.Now())
			if e.Owner.SIGPIPE != test.want {
				t.Errorf("%q, want %q", e.Owner.SIGPIPE, test.want)
			}
		})
	}
}

// TestDispositionOfGo: the runtime has a handler for every signal.
func TestDispositionOfGo(t *testing.T) {
	if signal.Ignored(unix.SIGPIPE) {
		t.Skip("the process that runs the tests ignores SIGPIPE")
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	e := brokenPipe(uint32(os.Getpid()), strings.TrimSpace(string(comm)))
	newDispositions("/proc").complete(e, time.Now())
	if e.Owner.SIGPIPE != event.SignalCaught {
		t.Errorf("%q, want caught", e.Owner.SIGPIPE)
	}
}

// TestDispositions: what is not known is not said, and a process is asked once a second.
func TestDispositions(t *testing.T) {
	root := t.TempDir()
	write := func(comm, status string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(root, "7"), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"comm": comm + "\n", "status": status} {
			if err := os.WriteFile(filepath.Join(root, "7", name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	now := time.Unix(1, 0)
	d := newDispositions(root)
	for _, step := range []struct {
		name         string
		comm, status string // what the process is by then; no comm: unchanged
		later        time.Duration
		event        *event.Event
		want         event.SignalAction
	}{
		{name: "gone", event: brokenPipe(7, "app")},
		{"started", "app", "Name:\tapp\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000000\n", time.Second, brokenPipe(7, "app"), event.SignalIgnored},
		{"changed at once", "app", "Name:\tapp\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000001000\n", time.Second / 2, brokenPipe(7, "app"), event.SignalIgnored},
		{name: "asked again", later: time.Second / 2, event: brokenPipe(7, "app"), want: event.SignalCaught},
		{name: "another process of that number", event: brokenPipe(7, "other")},
		{name: "no process is known", event: brokenPipe(0, "")},
		{name: "another cause", event: &event.Event{Cause: cause.PeerAborted, Owner: brokenPipe(7, "app").Owner}},
		{"cut off", "app", "Name:\tapp\nSigIgn:\t00", time.Second, brokenPipe(7, "app"), ""},
	} {
		if step.comm != "" {
			write(step.comm, step.status)
		}
		now = now.Add(step.later)
		d.complete(step.event, now)
		if got := step.event.Owner.SIGPIPE; got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
	var none *dispositions
	none.complete(brokenPipe(7, "app"), now)
}
