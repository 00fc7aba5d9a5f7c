package tracing

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// waitingCalls are calls on a connection in which a thread waits until data comes,
// and leaves it unread.
var waitingCalls = map[string]struct {
	number uintptr
	call   func(fd int)
}{
	"recvfrom": {unix.SYS_RECVFROM, func(fd int) { _, _, _ = unix.Recvfrom(fd, make([]byte, 1), unix.MSG_PEEK) }},
	"recvmsg": {unix.SYS_RECVMSG, func(fd int) {
		_, _, _, _, _ = unix.Recvmsg(fd, make([]byte, 1), nil, unix.MSG_PEEK)
	}},
	"ppoll": {unix.SYS_PPOLL, func(fd int) {
		_, _ = unix.Ppoll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, nil, nil)
	}},
	"sendfile":       {unix.SYS_SENDFILE, sendfileUntilTimeout},
	"io_uring_enter": {unix.SYS_IO_URING_ENTER, func(fd int) { _ = actor.PeekByRing(fd) }},
}

// sendfileUntilTimeout sends more than the connection takes, until SO_SNDTIMEO is over.
func sendfileUntilTimeout(fd int) {
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		return
	}
	defer file.Close()
	const all = 1 << 30
	for {
		if n, err := unix.Sendfile(fd, int(file.Fd()), nil, all); err != nil || n == 0 {
			return
		}
	}
}

// TestOwnersInOtherCalls: a thread is in a call on a connection when another one of
// its process closes the descriptor. The socket ends when the call does, in the thread
// that made it: it is the owner.
func TestOwnersInOtherCalls(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for name, c := range waitingCalls {
		t.Run(name, func(t *testing.T) {
			if err := actor.PeekByRing(-1); c.number == unix.SYS_IO_URING_ENTER && !errors.Is(err, unix.EBADF) {
				t.Skip("this kernel allows no io_uring: ", err)
			}
			server, client := connected(t)
			traced, err := Open(Options{Filter: InNetns(ownNamespace(t, os.Getpid()))})
			if err != nil {
				t.Fatal(err)
			}
			defer traced.Close()
			tid := closeInCall(t, server, c.number, c.call, client)
			e := firstSent(t, traced, uint16(client.RemoteAddr().(*net.TCPAddr).Port), uint16(client.LocalAddr().(*net.TCPAddr).Port))
			if e.Owner.Source != event.FromCurrent || int(e.Owner.PID) != os.Getpid() || int(e.Owner.TID) != tid {
				t.Errorf("%s by %+v, want thread %d of %d", e.Cause, e.Owner, tid, os.Getpid())
			}
		})
	}
}

// connected returns a blocking descriptor of one end of a connection, and the other end.
func connected(t *testing.T) (server int, client net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp4", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	raw, err := accepted.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { server, err = unix.Dup(int(fd)) }); err != nil || server < 0 {
		t.Fatal(err, server)
	}
	if err := unix.SetNonblock(server, false); err != nil {
		t.Fatal(err)
	}
	limit := unix.Timeval{Usec: 200_000}
	if err := unix.SetsockoptTimeval(server, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// closeInCall closes fd while another thread is in a call on it, sends that one data, and
// returns the thread when it has come back.
func closeInCall(t *testing.T, fd int, number uintptr, call func(int), client net.Conn) (tid int) {
	t.Helper()
	thread, back := make(chan int, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		call(fd)
		close(back)
	}()
	tid = <-thread
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		now, err := os.ReadFile("/proc/self/task/" + strconv.Itoa(tid) + "/syscall")
		if err != nil {
			t.Skip("the kernel does not show system calls: ", err)
		}
		if strings.HasPrefix(string(now), strconv.Itoa(int(number))+" ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the thread is not in call %d: %s", number, now)
		}
	}
	if err := unix.Close(fd); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	<-back
	return tid
}

// firstSent is the first RST that is sent from a port to another.
func firstSent(t *testing.T, traced *Tracer, from, to uint16) *event.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for e, err := range traced.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if e != nil && e.Dir == event.Sent && e.Local.Port == from && e.Peer.Port == to {
			found := *e
			return &found
		}
	}
	t.Fatal("no event")
	return nil
}
