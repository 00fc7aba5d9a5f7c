package tracing

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func monotonic(t *testing.T) uint64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return uint64(now.Nano())
}

func commOf(t *testing.T, pid int) string {
	t.Helper()
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(comm))
}

// TestPrograms reads what this process is.
func TestPrograms(t *testing.T) {
	p, pid := newPrograms("/proc"), os.Getpid()
	owned := func(hook uint64, comm string) event.Owner {
		e := event.Event{Owner: event.Owner{PID: uint32(pid), Comm: comm, Source: event.FromSocket}, Kernel: event.KernelContext{HookNanos: hook}}
		p.complete(&e, time.Now())
		return e.Owner
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	got := owned(monotonic(t), commOf(t, pid))
	parent := event.ProcessRef{PID: uint32(os.Getppid()), Comm: commOf(t, os.Getppid())}
	if got.Exe != self || !strings.HasPrefix(got.Cmdline, os.Args[0][:min(len(os.Args[0]), 20)]) || got.Parent != parent {
		t.Errorf("%q, %q, %+v, want %q, %q, %+v", got.Exe, got.Cmdline, got.Parent, self, os.Args[0], parent)
	}
	for what, other := range map[string]event.Owner{
		"of another name":                owned(monotonic(t), "other"),
		"that had ended before we began": owned(1, commOf(t, pid)),
	} {
		if other.Exe != "" || other.Cmdline != "" || other.Parent != (event.ProcessRef{}) {
			t.Errorf("a process %s is said to run this: %+v", what, other)
		}
	}
}

// TestProgramsAreFewAtOnce: a storm of new processes does not become one of reading.
func TestProgramsAreFewAtOnce(t *testing.T) {
	p, now := newPrograms(t.TempDir()), time.Now()
	for pid := range uint32(3 * programsPerTick) {
		p.complete(&event.Event{Owner: event.Owner{PID: 1 + pid, Comm: "x"}}, now)
	}
	if p.recent.Len() != programsPerTick {
		t.Errorf("%d processes were looked at, want %d", p.recent.Len(), programsPerTick)
	}
	p.complete(&event.Event{Owner: event.Owner{PID: 9999, Comm: "x"}}, now.Add(programTick))
	if p.recent.Len() != programsPerTick+1 {
		t.Error("and none afterwards")
	}
}
