package tracing_test

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// TestStillListeningLive: a listener is closed with a connection in its queue. The event
// says whether another one listens there.
func TestStillListeningLive(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for name, test := range map[string]struct{ apart, another bool }{
		"its own namespace":         {another: true},
		"its own namespace, nobody": {},
		"another namespace":         {apart: true, another: true},
		"another namespace, nobody": {apart: true},
	} {
		t.Run(name, func(t *testing.T) {
			within := func(f func() error) error { return f() }
			if test.apart {
				n, err := netns.New("elsewhere")
				if err != nil {
					t.Fatal(err)
				}
				defer n.Close()
				within = n.Do
				resident := exec.Command("sleep", "600")
				if err := n.Do(resident.Start); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = resident.Process.Kill(); _ = resident.Wait() }()
			}
			want := event.StillListening{Known: true}
			if test.another {
				want.Sockets = 1
			}
			const attempts = 10 // a busy machine may have no time for a look
			var got event.StillListening
			for i := 0; i < attempts && !got.Known; i++ {
				got = lookAfterClose(t, within, test.another)
			}
			if got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
}

// lookAfterClose is what a tracer says of a listener that is closed.
func lookAfterClose(t *testing.T, within func(func() error) error, another bool) event.StillListening {
	t.Helper()
	traced, err := tracing.Open(tracing.Options{Filter: filter.MustParse("cause listener-closed")})
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()
	var port int
	if err := within(func() (err error) { port, err = closeWithQueue(t, another); return err }); err != nil {
		t.Fatal(err)
	}
	for _, e := range drained(t, traced) {
		if e.Cause == cause.ListenerClosed && int(e.Local.Port) == port {
			return e.StillListening
		}
	}
	t.Fatal("no event is about the listener")
	return event.StillListening{}
}

// closeWithQueue closes a listener with a connection in its queue, perhaps behind another
// one on the same port.
func closeWithQueue(t *testing.T, another bool) (port int, err error) {
	how := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }), err)
	}}
	first, err := how.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	client, err := net.Dial("tcp4", first.Addr().String())
	if err != nil {
		return 0, err
	}
	t.Cleanup(func() { client.Close() })
	if another {
		second, err := how.Listen(context.Background(), "tcp4", first.Addr().String())
		if err != nil {
			return 0, err
		}
		t.Cleanup(func() { second.Close() })
	}
	return first.Addr().(*net.TCPAddr).Port, first.Close()
}
