package tracing_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// TestElsewhereLive: a client tries 127.0.0.1, and another process has a listener on
// [::1]. The event and its sentence name that process: in the namespace of the tracer and
// in another one, and whether the listener is older than the tracer or not.
func TestElsewhereLive(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	for name, test := range map[string]struct{ older, apart, mptcp bool }{
		"its own namespace":         {},
		"its own, MPTCP":            {mptcp: true},
		"its own, older":            {older: true},
		"its own, older MPTCP":      {older: true, mptcp: true},
		"another namespace":         {apart: true},
		"another, MPTCP":            {apart: true, mptcp: true},
		"another namespace's older": {older: true, apart: true},
		"another's older MPTCP":     {older: true, apart: true, mptcp: true},
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
			}
			var listener *ipv6Listener
			if test.older {
				listener = listenAtIPv6(t, test.mptcp, within)
			}
			traced, err := tracing.Open(tracing.Options{Filter: filter.MustParse("cause closed-port")})
			if err != nil {
				t.Fatal(err)
			}
			defer traced.Close()
			if !test.older {
				listener = listenAtIPv6(t, test.mptcp, within)
			}
			err = within(func() error {
				return refusedAt(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), listener.at.Port()))
			})
			if err != nil {
				t.Fatal(err)
			}
			listener.expect(t, drained(t, traced))
		})
	}
}

// ipv6Listener is a listener on [::1], which is to belong to another process.
type ipv6Listener struct {
	at     netip.AddrPort
	file   *os.File
	holder *exec.Cmd
}

// listenAtIPv6 takes a port on which nobody listens at 127.0.0.1.
func listenAtIPv6(t *testing.T, mptcp bool, within func(func() error) error) *ipv6Listener {
	t.Helper()
	l := new(ipv6Listener)
	err := within(func() error {
		var how net.ListenConfig
		how.SetMultipathTCP(mptcp)
		listening, err := how.Listen(t.Context(), "tcp6", "[::1]:0")
		if err != nil {
			return err
		}
		defer listening.Close()
		l.at = netip.MustParseAddrPort(listening.Addr().String())
		l.file, err = listening.(*net.TCPListener).File()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l.handOver(t)
	return l
}

// handOver gives the socket to a process that does nothing: nobody else has it then.
func (l *ipv6Listener) handOver(t *testing.T) {
	t.Helper()
	l.holder = exec.Command("sleep", "600")
	l.holder.ExtraFiles = []*os.File{l.file}
	if err := errors.Join(l.holder.Start(), l.file.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = l.holder.Process.Kill()
		_ = l.holder.Wait()
	})
}

func refusedAt(at netip.AddrPort) error {
	connection, err := net.Dial("tcp4", at.String())
	if err == nil {
		connection.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return errors.Join(errors.New("nothing listens there, and the connection was not refused"), err)
	}
	return nil
}

func (l *ipv6Listener) expect(t *testing.T, events []event.Event) {
	t.Helper()
	want := event.Elsewhere{Endpoint: event.Endpoint{Addr: l.at.Addr(), Port: l.at.Port()}, PID: uint32(l.holder.Process.Pid), Comm: "sleep"}
	said := "but sleep[" + strconv.Itoa(l.holder.Process.Pid) + "] listens on " + l.at.String() + " of this host"
	var found int
	for _, e := range events {
		if e.Cause != cause.ClosedPort || e.Local.Port != l.at.Port() {
			continue // of another test
		}
		found++
		if e.Elsewhere != want {
			t.Errorf("%s of %s[%d], want %s of %s[%d]", e.Elsewhere, e.Elsewhere.Comm, e.Elsewhere.PID, want, want.Comm, want.PID)
		}
		if !strings.HasSuffix(e.Summary, said) {
			t.Errorf("%q does not end with %q", e.Summary, said)
		}
	}
	if found != 1 {
		t.Errorf("%d of %d events are about the closed port, want 1", found, len(events))
	}
}
