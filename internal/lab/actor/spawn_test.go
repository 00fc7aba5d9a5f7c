package actor

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// twoEnds makes a Unix socket pair in an actor.
func twoEnds(t *testing.T, p *Process) (one, other int) {
	t.Helper()
	fds := call(t, p, Request{Op: OpPair}).FDs
	if len(fds) != 2 {
		t.Fatalf("descriptors %v", fds)
	}
	return fds[0], fds[1]
}

// reaches fails unless what is written at one end can be read at the other.
func reaches(t *testing.T, from *Process, out int, to *Process, in int) {
	t.Helper()
	if r := call(t, from, Request{Op: OpWrite, FD: out, N: 3}); r.N != 3 {
		t.Errorf("write: %+v", r)
	}
	if r := call(t, to, Request{Op: OpRead, FD: in, N: 10}); r.N != 3 {
		t.Errorf("read: %+v", r)
	}
}

func statusLine(t *testing.T, pid int, key string) string {
	t.Helper()
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if value, found := strings.CutPrefix(line, key+":"); found {
			return strings.TrimSpace(value)
		}
	}
	t.Fatalf("no %s", key)
	return ""
}

func spawn(t *testing.T, p *Process, name string, fds ...int) (*Process, []int) {
	t.Helper()
	child, inherited, err := p.Spawn(name, fds...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Kill() })
	return child, inherited
}

func TestSpawn(t *testing.T) {
	p := start(t, "parent")
	out, in := twoEnds(t, p)
	child, inherited := spawn(t, p, "child", in)
	call(t, p, Request{Op: OpClose, FD: in})
	if parent := statusLine(t, child.PID, "PPid"); parent != strconv.Itoa(p.PID) {
		t.Errorf("the parent is %s, want %d", parent, p.PID)
	}
	if name := statusLine(t, child.PID, "Name"); name != "lab-child" || child.Comm != name {
		t.Errorf("comm is %q, Comm %q", name, child.Comm)
	}
	reaches(t, p, out, child, inherited[0])

	// A second child has none of what the first was given.
	other, _ := spawn(t, child, "grandchild")
	if r := call(t, other, Request{Op: OpWrite, FD: inherited[0], N: 1}); r.Errno == "" {
		t.Errorf("a child has what it was not given: %+v", r)
	}
	child.Kill()
	if status, err := p.WaitFor(child); err != nil || status.Signal != "SIGKILL" {
		t.Errorf("status %v, %v", status, err)
	}
}

func TestExec(t *testing.T) {
	p := start(t, "before")
	_, in := twoEnds(t, p)
	pid := p.PID
	if err := p.Exec("after", in); err != nil {
		t.Fatal(err)
	}
	if name := statusLine(t, pid, "Name"); name != "lab-after" || p.Comm != name {
		t.Errorf("comm is %q, Comm %q", name, p.Comm)
	}
	if r := call(t, p, Request{Op: OpRead, FD: in, N: 1}); r.N != 0 || r.Errno != "" {
		t.Errorf("what was not to be kept is still open, or what was is not: %+v", r)
	}
}

func TestPass(t *testing.T) {
	p := start(t, "sender")
	way, end := twoEnds(t, p)
	receiver, inherited := spawn(t, p, "receiver", end)
	out, in := twoEnds(t, p)
	call(t, p, Request{Op: OpPass, FD: way, FDs: []int{in}})
	got := call(t, receiver, Request{Op: OpReceive, FD: inherited[0]}).FDs
	if len(got) != 1 {
		t.Fatalf("received %v", got)
	}
	reaches(t, p, out, receiver, got[0])
}

func TestThread(t *testing.T) {
	p := start(t, "threads")
	out, in := twoEnds(t, p)
	if r := call(t, p, Request{Op: OpClose, FD: out, Thread: true}); r.TID == 0 || r.TID == p.PID {
		t.Errorf("closed in thread %d of process %d", r.TID, p.PID)
	}
	if r := call(t, p, Request{Op: OpRead, FD: in, N: 1}); r.N != 0 || r.Errno != "" {
		t.Errorf("the other end is not closed: %+v", r)
	}
	out, in = twoEnds(t, p)
	if r := call(t, p, Request{Op: OpEndThread, FD: out}); r.TID == 0 || r.TID == p.PID {
		t.Errorf("left to thread %d of process %d", r.TID, p.PID)
	}
	// Blocks until the thread is gone.
	if r := call(t, p, Request{Op: OpRead, FD: in, N: 1}); r.N != 0 || r.Errno != "" {
		t.Errorf("the other end is not closed: %+v", r)
	}
}

func TestRing(t *testing.T) {
	p := start(t, "ring")
	for name, flags := range map[string]int{"inline": 0, "by a worker": 1 << 4} {
		out, in := twoEnds(t, p)
		r := call(t, p, Request{Op: OpRingClose, FD: out, Flags: flags})
		if r.Errno == "ENOSYS" || r.Errno == "EPERM" {
			t.Skip("io_uring is not available here: " + r.Errno)
		}
		if r.Errno != "" {
			t.Errorf("%s: %s", name, r.Errno)
		}
		if r := call(t, p, Request{Op: OpRead, FD: in, N: 1}); r.N != 0 || r.Errno != "" {
			t.Errorf("%s: the other end is not closed: %+v", name, r)
		}
	}
	out, in := twoEnds(t, p)
	ring := call(t, p, Request{Op: OpRingInstall, FD: out}).FD
	call(t, p, Request{Op: OpClose, FD: out})
	if r := call(t, p, Request{Op: OpRead, FD: in, N: 1, Flags: unix.MSG_DONTWAIT}); r.Errno != "EAGAIN" {
		t.Errorf("the io_uring does not hold the socket: %+v", r)
	}
	call(t, p, Request{Op: OpClose, FD: ring})
	if r := call(t, p, Request{Op: OpRead, FD: in, N: 1}); r.N != 0 || r.Errno != "" {
		t.Errorf("nothing but the io_uring held the socket, and it is still open: %+v", r)
	}
}
