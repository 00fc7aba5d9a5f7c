package serve

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestSystemd: what a unit of Type=notify-reload with a watchdog gets.
func TestSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	must(t, err)
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "30000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	heard := make(chan string, 1000)
	go func() {
		room := make([]byte, 4096)
		for {
			n, err := socket.Read(room)
			if err != nil {
				return
			}
			heard <- string(room[:n])
		}
	}()
	wait := func(want string) {
		t.Helper()
		patience := time.After(time.Minute)
		for {
			select {
			case got := <-heard:
				if strings.HasPrefix(got, want) {
					return
				}
			case <-patience:
				t.Fatalf("systemd does not hear %s", want)
			}
		}
	}
	f := newFake()
	f.events = 3
	s := New(Options{Tracer: f, Now: f.now, Reload: func() error { return nil }})
	must(t, s.Sink().Flush(f.now()))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	wait("READY=1")
	wait("STATUS=resets since the start: 3 sent")
	wait("WATCHDOG=1")
	must(t, s.Reload())
	wait("RELOADING=1\nMONOTONIC_USEC=")
	wait("READY=1")
	cancel()
	wait("STOPPING=1")
	<-ended
}

// TestStatus: what systemctl status shows.
func TestStatus(t *testing.T) {
	counted := []event.Count{
		{Dir: event.Received, Cause: cause.Refused, Events: 1},
		{Dir: event.Sent, Cause: cause.ClosedPort, Events: 1}, {Dir: event.Sent, Cause: cause.HalfOpen, Events: 2},
	}
	for _, test := range []struct {
		totals event.Totals
		want   string
	}{
		{event.Totals{}, "no reset since the start"},
		{event.Totals{Counts: counted}, "resets since the start: 3 sent, 1 received"},
		{event.Totals{Counts: counted, Lost: 1, Missed: 2}, "resets since the start: 3 sent, 1 received; lost the details of 1; missed 2 probes"},
	} {
		if got := statusOf(test.totals); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestWatchdogStarves: systemd shall restart a tracer that is stuck.
func TestWatchdogStarves(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "3000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	asked := make(chan struct{}, 3)
	m := &manager{notify: func(state string) { t.Errorf("systemd hears %s", state) }}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.watch(ctx, func() error {
			select {
			case asked <- struct{}{}:
			default:
			}
			return context.DeadlineExceeded
		})
	}()
	for range cap(asked) {
		<-asked
	}
	cancel()
	<-ended
}
