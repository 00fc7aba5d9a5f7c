package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func openSession(t *testing.T, options Options) *Session {
	t.Helper()
	roottest.Need(t, roottest.BPF)
	s, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newNamespace must come before the session: the kernel uses the numbers of
// namespaces again, and what happened in an earlier one is not ours.
func newNamespace(t *testing.T) *netns.Namespace {
	t.Helper()
	roottest.Need(t, roottest.BPF)
	namespace, err := netns.New("refused")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(namespace.Close)
	return namespace
}

// refuseConnects provokes n times a reset that is sent and received.
func refuseConnects(t *testing.T, namespace *netns.Namespace, n int) {
	t.Helper()
	err := namespace.Do(func() error {
		for range n {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			err = unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}})
			unix.Close(fd)
			if err != unix.ECONNREFUSED {
				return errors.Join(errors.New("connect was not refused"), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// readAll detaches, so that the ring has an end, and reads up to there.
func readAll(t *testing.T, s *Session) (events []event.Event) {
	t.Helper()
	s.Detach()
	var batch Batch
	for {
		if err := s.Read(t.Context(), &batch, time.Now()); err != nil {
			t.Fatal(err)
		}
		if len(batch.Resets)+len(batch.Holders) == 0 {
			return events
		}
		events = append(events, batch.Resets...)
	}
}

// TestCountersAreExact: every event of the host is counted once, under the
// evidence that it is reported with.
func TestCountersAreExact(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{RingSize: 8 << 20})
	const connects = 1000
	refuseConnects(t, namespace, connects)
	reported := make(map[event.Evidence]uint64)
	var received, sent int
	for _, e := range readAll(t, s) {
		reported[e.Evidence]++
		switch {
		case e.Netns.Inode != namespace.Inode():
		case e.Evidence.Hook == event.HookReceive:
			received++
		case e.Evidence.Hook == event.HookSendReply:
			sent++
		}
	}
	if received != connects {
		t.Errorf("%d received resets, want %d", received, connects)
	}
	if sent != connects && s.Visibility().Socketless {
		t.Errorf("%d sent resets, want %d", sent, connects)
	}
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if counts.Lost != 0 || counts.Uncounted != 0 {
		t.Errorf("lost %d, uncounted %d", counts.Lost, counts.Uncounted)
	}
	for _, c := range counts.ByEvidence {
		if reported[c.Evidence] != c.Events {
			t.Errorf("%d counted, %d reported of %+v", c.Events, reported[c.Evidence], c.Evidence)
		}
		delete(reported, c.Evidence)
	}
	for evidence, events := range reported {
		t.Errorf("%d reported and never counted of %+v", events, evidence)
	}
}

// TestFullRing: what finds no room is counted, and counted as lost.
func TestFullRing(t *testing.T) {
	namespace := newNamespace(t)
	s := openSession(t, Options{RingSize: 64 << 10})
	refuseConnects(t, namespace, 1000)
	events := uint64(len(readAll(t, s)))
	counts, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	var counted uint64
	for _, c := range counts.ByEvidence {
		counted += c.Events
	}
	if counts.Lost == 0 {
		t.Fatalf("%d records found room in 64 KiB", events)
	}
	if counted+counts.Uncounted != events+counts.Lost {
		t.Errorf("%d counted, but %d read and %d lost", counted, events, counts.Lost)
	}
}

func TestInterrupt(t *testing.T) {
	s := openSession(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer context.AfterFunc(ctx, s.Interrupt)()
	time.AfterFunc(50*time.Millisecond, cancel)
	var batch Batch
	for {
		err := s.Read(ctx, &batch, time.Time{})
		if errors.Is(err, context.Canceled) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRefusedMethod: an error names the facility that the kernel lacks.
func TestRefusedMethod(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	refused := 0
	for _, method := range event.Methods {
		s, err := Open(Options{Attach: method})
		if err == nil {
			s.Close()
			continue
		}
		refused++
		if !strings.Contains(err.Error(), methods[method].facility()) || strings.Contains(err.Error(), "\n") {
			t.Errorf("--attach %s: %v", method, err)
		}
	}
	if refused == 0 {
		t.Skip("this kernel refuses no attach method")
	}
}
