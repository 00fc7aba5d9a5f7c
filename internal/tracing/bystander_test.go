package tracing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// bystanderVariable makes this test program a process that looks at the open
// files of another one, again and again: how, and the pid of the other.
const bystanderVariable = "RSTTRACE_TEST_BYSTANDER"

// Descriptors of the other process that are looked at.
const firstLookedAt, lastLookedAt = 5, 9

// looks are the ways to look at a file of another process. Each takes a reference
// to it, and drops that at its end.
var looks = map[string]func(pid int) error{
	"kcmp":     lookByKcmp,
	"readlink": lookByReadlink,
	"fdinfo":   lookByFdinfo,
	"iterator": lookByIterator,
}

// lookOn looks until its parent ends.
func lookOn(how string) error {
	var way string
	var pid int
	if _, err := fmt.Sscan(how, &way, &pid); err != nil {
		return err
	}
	for {
		if err := looks[way](pid); err != nil {
			return fmt.Errorf("%s: %w", way, err)
		}
	}
}

// lookByKcmp does what CRIU does: it compares files of processes.
func lookByKcmp(pid int) error {
	const kcmpFile = 0
	for fd := uintptr(firstLookedAt); fd <= lastLookedAt; fd++ {
		_, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(pid), kcmpFile, fd, fd, 0)
		if errno != 0 && errno != unix.EBADF {
			return errno
		}
	}
	return nil
}

// lookByReadlink does what ss -p, lsof and fuser do.
func lookByReadlink(pid int) error {
	for fd := firstLookedAt; fd <= lastLookedAt; fd++ {
		if _, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

func lookByFdinfo(pid int) error {
	for fd := firstLookedAt; fd <= lastLookedAt; fd++ {
		if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd)); err != nil && !isGone(err) {
			return err
		}
	}
	return nil
}

func isGone(err error) bool { return errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) }

// lookByIterator does what bpftool and other tracers do: it walks all file tables.
func lookByIterator(int) error {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "task_file", License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return err
	}
	defer program.Close()
	iterator, err := bpflink.AttachIter(bpflink.IterOptions{Program: program})
	if err != nil {
		return err
	}
	defer iterator.Close()
	for {
		run, err := iterator.Open()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, run); err != nil {
			return err
		}
		run.Close()
	}
}

func startBystander(t *testing.T, how string, pid int) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", bystanderVariable, how, pid))
	var out strings.Builder
	cmd.Stderr = &out
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("%s has ended: %s", how, out.String())
		}
		_ = cmd.Wait()
	})
}

// TestBystanders: who looks at a file when its owner closes it may be left with the
// last reference, and then the socket ends there. It is never named as owner.
func TestBystanders(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for how := range looks {
		t.Run(how, func(t *testing.T) {
			owner := newStranger(t)
			tally := traceOwner(t, owner, func() {
				startBystander(t, how, owner.cmd.Process.Pid)
				owner.do(t, "linger", bystanderRounds)
			})
			t.Logf("%+v", tally)
			const due = 2 * bystanderRounds
			if tally.events < due || tally.wrong > 0 {
				t.Errorf("%d events, want %d; %d with a wrong owner", tally.events, due, tally.wrong)
			}
			if unnamed := tally.events - tally.named; unnamed > tally.events/1000 {
				t.Errorf("%d of %d events name no owner, want 1 in 1000 at most", unnamed, tally.events)
			}
			if how == "kcmp" && tally.sources[event.FromCreator] == 0 {
				t.Error("the bystander never had the last reference: nothing was tested")
			}
		})
	}
}

const bystanderRounds = 10000

// ownerTally counts events of one process by what they say of it.
type ownerTally struct {
	events, named, wrong int
	sources              map[event.OwnerSource]int
}

// traceOwner traces the namespace of a process that owns all its sockets while play
// runs.
func traceOwner(t *testing.T, owner *stranger, play func()) ownerTally {
	t.Helper()
	traced, err := Open(Options{Filter: InNetns(owner.inode), RingSize: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	tally := ownerTally{sources: make(map[event.OwnerSource]int)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		for e, err := range traced.Events(ctx) {
			if err != nil {
				done <- err
				return
			}
			if e != nil && e.Hook != "" && e.Cause != cause.ClosedPort {
				tally.add(e, uint32(owner.cmd.Process.Pid))
			}
		}
		done <- nil
	}()
	play()
	time.Sleep(10 * time.Millisecond)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return tally
}

func (c *ownerTally) add(e *event.Event, pid uint32) {
	c.events++
	switch {
	case e.Owner.PID == 0:
	case e.Owner.PID != pid:
		c.wrong++
	default:
		c.named++
	}
	c.sources[e.Owner.Source]++
}
