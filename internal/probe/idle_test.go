package probe

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// closeAfterSilence makes a connection, sends data, waits, and closes the accepted end.
// Then the client writes twice: the first answer is a RST.
func closeAfterSilence(t *testing.T, namespace *netns.Namespace, silence time.Duration) {
	t.Helper()
	err := namespace.Do(func() error {
		listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(listener)
		at := &unix.SockaddrInet4{Port: 7081, Addr: [4]byte{127, 0, 0, 1}}
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err := errors.Join(err, unix.Bind(listener, at), unix.Listen(listener, 1), unix.Connect(client, at)); err != nil {
			return err
		}
		defer unix.Close(client)
		server, _, err := unix.Accept(listener)
		if err != nil {
			return err
		}
		_, err = unix.Write(client, []byte("hello"))
		_, readErr := unix.Read(server, make([]byte, 5))
		time.Sleep(silence)
		err = errors.Join(err, readErr, unix.Close(server))
		_, writeErr := unix.Write(client, []byte("late"))
		return errors.Join(err, writeErr)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestIdleBeforeFIN: data after the FIN renews the times of the connection, and not the
// silence before the FIN.
func TestIdleBeforeFIN(t *testing.T) {
	for _, method := range event.Methods {
		t.Run(string(method), func(t *testing.T) { idleBy(t, method) })
	}
}

func idleBy(t *testing.T, method event.Method) {
	namespace := newNamespace(t)
	s, err := Open(Options{Attach: method, Selection: Selection{Netns: []uint32{namespace.Inode()}}})
	if errors.Is(err, ErrExhausted) {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
	defer s.Close()
	const silence, tick = 300, 20 // milliseconds
	closeAfterSilence(t, namespace, silence*time.Millisecond)
	found := make(map[event.Hook]int)
	for _, e := range readAll(t, s) {
		found[e.Evidence.Hook]++
		idle := e.Kernel.Closing.IdleMillis // also if a TIME_WAIT mini-socket is in the socket's place
		if e.Evidence.Hook == event.HookReceive {
			idle = e.Conn.IdleBeforePeerFinMillis
		} else if e.Conn.Known && e.Conn.IdleBeforeFinMillis != idle {
			t.Errorf("the note says %d ms of silence, the connection %d", idle, e.Conn.IdleBeforeFinMillis)
		}
		if idle < silence-tick || e.Conn.Known && idle > e.Conn.AgeMillis+tick {
			t.Errorf("%s: %d ms of silence before the FIN; it was at least %d of %d ms", e.Evidence.Hook, idle, silence, e.Conn.AgeMillis)
		}
	}
	if found[event.HookReceive] != 1 || len(found) != 2 && s.Visibility().Socketless {
		t.Errorf("events of hooks %v, want one of each end", found)
	}
}
