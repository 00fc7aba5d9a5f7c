package selftest

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Live is a tracer at work, of which it can be known that it has reported all
// that happened so far. It is a stage: it takes its own marks out of the stream.
type Live struct {
	event.Sink // what comes behind it
	mutex      sync.Mutex
	seen       int           // marks that were reported
	err        error         // of the tracer, once done is closed
	arrived    chan struct{} // gets a value, if it has room, with every mark
	done       chan struct{}
	marker     *netns.Namespace
	marks      int       // marks that were made
	since      time.Time // when the marker's namespace was made: its number may have been another's before
}

// StartLive runs the tracer until ctx ends. A sink gets all that happens, from another
// goroutine.
func StartLive(ctx context.Context, t *tracing.Tracer, to event.Sink) (*Live, error) {
	marker, err := netns.New("marker")
	if err != nil {
		return nil, err
	}
	if err := t.Session().WatchNetns(marker.Inode()); err != nil {
		marker.Close()
		return nil, err
	}
	l := &Live{Sink: to, since: time.Now(), arrived: make(chan struct{}, 1), done: make(chan struct{}), marker: marker}
	go func() {
		defer close(l.done)
		l.err = t.Run(ctx, l)
	}()
	return l, nil
}

// Event passes an event on, unless it is a mark. Of a mark the received event
// counts: on some kernels the sent one is invisible.
func (l *Live) Event(e *event.Event) error {
	if e.Netns.Inode != l.marker.Inode() {
		return l.Sink.Event(e)
	}
	if e.Dir != event.Received || e.Peer.Addr != netip.AddrFrom4(markAddress()) || e.Time.Before(l.since) {
		return nil
	}
	l.mutex.Lock()
	l.seen++
	l.mutex.Unlock()
	select {
	case l.arrived <- struct{}{}:
	default:
	}
	return nil
}

// settleTimeout is for emulated machines; a real one needs milliseconds.
const settleTimeout = 2 * time.Minute

// Settle returns once every event of the past has been reported. Events come
// in order, so it provokes one of its own, a refused connection in a namespace
// of its own, and waits for it.
func (l *Live) Settle() error {
	if err := awaitSoftirqs(); err != nil {
		return err
	}
	l.marks++
	if err := l.marker.Do(refusedConnect); err != nil {
		return fmt.Errorf("provoke a RST as a mark: %w", err)
	}
	timeout := time.After(settleTimeout)
	for !l.settled() {
		select {
		case <-l.arrived:
		case <-l.done:
			return fmt.Errorf("the tracer ended early: %w", l.err)
		case <-timeout:
			return fmt.Errorf("a refused connection was not reported within %s", settleTimeout)
		}
	}
	return nil
}

// awaitSoftirqs returns when every processor has left what it was doing. Some
// hooks run after their RST was sent, and it may arrive before they do: where the
// hypervisor takes the processor away in between, long before.
func awaitSoftirqs() error {
	const global = 1 // MEMBARRIER_CMD_GLOBAL of linux/membarrier.h
	_, _, errno := unix.Syscall(unix.SYS_MEMBARRIER, global, 0, 0)
	if errno != 0 && errno != unix.EINVAL { // EINVAL: with nohz_full there is no such wait
		return fmt.Errorf("wait for all processors: membarrier: %w", errno)
	}
	return nil
}

func (l *Live) settled() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.seen >= l.marks
}

// Close frees what Watch took. The tracer itself belongs to the caller.
func (l *Live) Close() { l.marker.Close() }

// Wait returns when the tracer has ended, with its error.
func (l *Live) Wait() error {
	<-l.done
	return l.err
}

func refusedConnect() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: markAddress()})
	if err != unix.ECONNREFUSED {
		return fmt.Errorf("connect to a closed port gave %w", err)
	}
	return nil
}

// markAddress tells our marks from resets of an earlier namespace, another
// process's for all we know: the kernel uses the numbers of namespaces again.
func markAddress() [4]byte {
	pid := os.Getpid()
	return [4]byte{127, byte(pid >> 16), byte(pid >> 8), byte(pid)}
}
