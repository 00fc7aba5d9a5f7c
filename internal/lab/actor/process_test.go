package actor

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if Main() {
		return
	}
	os.Exit(m.Run())
}

// here starts an actor as a child of this thread: no namespace, no root.
func here(fn func() error) error { return fn() }

func start(t *testing.T, name string) *Process {
	t.Helper()
	p, err := Start(t.Context(), here, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill() })
	return p
}

func call(t *testing.T, p *Process, r Request) Reply {
	t.Helper()
	reply, err := p.Call(r)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func TestActorIsAProcessWithAName(t *testing.T) {
	p := start(t, "server")
	comm, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/comm")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(string(comm)); got != "lab-server" || p.Comm != got {
		t.Errorf("comm is %q, Comm %q", got, p.Comm)
	}
	if p.PID == os.Getpid() {
		t.Error("not a process of its own")
	}
	if status := p.Quit(); status != (Status{}) {
		t.Errorf("status %v after Quit", status)
	}
}

// TestConversation uses two sockets of one actor on the loopback address; both
// close in order, so no RST is sent outside of a namespace of ours.
func TestConversation(t *testing.T) {
	p := start(t, "both")
	listener := call(t, p, Request{Op: OpSocket, Family: unix.AF_INET}).FD
	call(t, p, Request{Op: OpBind, FD: listener, Addr: netip.MustParseAddrPort("127.0.0.1:0")})
	call(t, p, Request{Op: OpListen, FD: listener, N: 1})
	addr := call(t, p, Request{Op: OpLocalName, FD: listener}).Addr
	client := call(t, p, Request{Op: OpSocket, Family: unix.AF_INET}).FD
	if r := call(t, p, Request{Op: OpConnect, FD: client, Addr: addr}); r.Errno != "" {
		t.Fatal(r.Errno)
	}
	server := call(t, p, Request{Op: OpAccept, FD: listener}).FD
	if r := call(t, p, Request{Op: OpWrite, FD: client, N: 5}); r.N != 5 || r.Errno != "" {
		t.Errorf("write: %+v", r)
	}
	if r := call(t, p, Request{Op: OpRead, FD: server, N: 100}); r.N != 5 || r.Errno != "" {
		t.Errorf("read: %+v", r)
	}
	if r := call(t, p, Request{Op: OpInfo, FD: server}); r.Info.State != 1 || r.Info.Unread != 0 {
		t.Errorf("info: %+v", r)
	}
	call(t, p, Request{Op: OpShutdown, FD: client, N: unix.SHUT_WR})
	if r := call(t, p, Request{Op: OpPoll, FD: server, Flags: unix.POLLIN, N: 1000}); r.N&unix.POLLIN == 0 {
		t.Errorf("poll: %+v", r)
	}
	if r := call(t, p, Request{Op: OpRead, FD: server, N: 100}); r.N != 0 || r.Errno != "" {
		t.Errorf("read after shutdown: %+v", r)
	}
	if r := call(t, p, Request{Op: OpClose, FD: 99}); r.Errno != "EBADF" {
		t.Errorf("closing nothing: %+v", r)
	}
	call(t, p, Request{Op: OpClose, FD: server})
	call(t, p, Request{Op: OpClose, FD: client})
}

func TestExitStatus(t *testing.T) {
	p := start(t, "leaver")
	if _, err := p.Call(Request{Op: OpExit, N: 3}); !errors.Is(err, ErrEnded) {
		t.Errorf("call over which it ended: %v", err)
	}
	if status, err := p.Wait(context.Background()); err != nil || status.ExitCode != 3 || status.Signal != "" {
		t.Errorf("status %v, %v", status, err)
	}
	q := start(t, "victim")
	if status := q.Kill(); status.ExitCode != 137 || status.Signal != "SIGKILL" {
		t.Errorf("killed: %v", status)
	}
}
