package tracing_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/audit"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/internal/tracing"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// stormVariable asks for the long storm, as CI does.
const stormVariable = "RSTTRACE_TEST_STORM"

// stormConnects is how many connects are refused; each is one RST sent and one
// received.
func stormConnects() uint64 {
	if os.Getenv(stormVariable) != "" || os.Getenv("CI") != "" {
		return 1_000_000
	}
	return 200_000
}

const shortStorm = 50_000

// The resets of the storm have evidence that no other reset of the host has, so
// that the counters, which are the host's, tell exactly which are its own: the
// SYNs carry data, and the sockets that wait for the answer two options.
const (
	factsOfReply   = event.FactPayload
	factsOfRefusal = event.FactKeepOpen | event.FactLingerZero
)

func ofStorm(e event.Evidence) bool {
	if e.Family != event.IPv6 {
		return false
	}
	switch e.Hook {
	case event.HookSendReply:
		return e.Socket == event.SockNone && e.Packet == event.SYN && e.Has(factsOfReply)
	case event.HookReceive:
		return e.Socket == event.SockFull && e.Has(factsOfRefusal)
	default:
		return false
	}
}

// wantedOfStorm are the causes, each as often as there are connects.
var wantedOfStorm = []event.Count{{Dir: event.Sent, Cause: cause.ClosedPort}, {Dir: event.Received, Cause: cause.Refused}}

// TestStormAccount: a ring far too small and a reader far too slow lose details, and
// not one event is missing in the account.
func TestStormAccount(t *testing.T) {
	s := storm(t, tracing.Options{}, stormConnects())
	s.counted(t)
	if s.shown+s.totals.Lost != 2*s.connects {
		t.Errorf("%d shown + %d lost = %d, want %d", s.shown, s.totals.Lost, s.shown+s.totals.Lost, 2*s.connects)
	}
	if s.totals.Lost == 0 {
		t.Error("nothing was lost: the ring is not small enough for this test")
	}
}

// TestStormLimited: what the limit holds back is in the account, too, and each
// kind shows.
func TestStormLimited(t *testing.T) {
	s := storm(t, tracing.Options{MaxRate: 100}, shortStorm)
	s.counted(t)
	if s.shown+s.totals.Lost >= s.connects {
		t.Errorf("%d shown + %d lost of %d: nothing was held back", s.shown, s.totals.Lost, 2*s.connects)
	}
	for _, want := range wantedOfStorm {
		if s.shownOf[want] == 0 {
			t.Errorf("no event of %s shows", want.Cause)
		}
	}
}

// TestStormCountsOnly: no details at all.
func TestStormCountsOnly(t *testing.T) {
	s := storm(t, tracing.Options{Summary: true}, shortStorm)
	s.counted(t)
	if s.shown+s.totals.Lost > 0 {
		t.Errorf("%d shown, %d lost, want none", s.shown, s.totals.Lost)
	}
}

// stormRun is what was seen of one storm.
type stormRun struct {
	connects uint64
	outRsts  uint64 // TcpOutRsts of the namespace
	countOf  map[event.Count]uint64
	shownOf  map[event.Count]uint64
	shown    uint64
	totals   event.Totals // of the host
}

// counted holds the counters of the storm's resets against what was done and
// what the kernel counted.
func (s *stormRun) counted(t *testing.T) {
	t.Helper()
	t.Logf("%d connects: %d events shown, %d lost, %d not shown, %d missed", s.connects, s.shown, s.totals.Lost, s.totals.NotShown, s.totals.Missed)
	if s.outRsts != s.connects {
		t.Errorf("TcpOutRsts grew by %d, want %d", s.outRsts, s.connects)
	}
	for _, want := range wantedOfStorm {
		if got := s.countOf[want]; got != s.connects {
			t.Errorf("%s %s: %d counted, want %d", want.Dir, want.Cause, got, s.connects)
		}
	}
	if len(s.countOf) != len(wantedOfStorm) {
		t.Errorf("causes %v, want those of %v", s.countOf, wantedOfStorm)
	}
	account := s.totals.Shown + s.totals.NotShown + s.totals.Lost
	if s.totals.Shown != s.shown || s.totals.Events() != account {
		t.Errorf("%d events shown, and totals of %+v", s.shown, s.totals)
	}
}

// storm refuses connects in a namespace of its own while a slow reader traces
// that namespace through the smallest of rings.
func storm(t *testing.T, options tracing.Options, connects uint64) *stormRun {
	t.Helper()
	roottest.Need(t, roottest.BPF)
	if !netns.HasIPv6() {
		t.Skip("this kernel has IPv6 switched off")
	}
	n := stormNamespace(t)
	options.Filter, options.RingSize = tracing.InNetns(n.Inode()), 64<<10
	traced, err := tracing.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer traced.Close()

	s := &stormRun{connects: connects, countOf: make(map[event.Count]uint64), shownOf: make(map[event.Count]uint64)}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	raised := make(chan error, 1)
	go func() {
		defer cancel()
		raised <- n.Do(func() (err error) {
			s.outRsts, err = raise(connects)
			return err
		})
	}()
	for e, err := range traced.Events(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			continue
		}
		s.shown++
		s.shownOf[event.Count{Dir: e.Dir, Cause: e.Cause}]++
		const slowness = 100
		if s.shown%slowness == 0 && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
	}
	if err := <-raised; err != nil {
		t.Fatal(err)
	}
	s.read(t, traced)
	return s
}

func (s *stormRun) read(t *testing.T, traced *tracing.Tracer) {
	t.Helper()
	var err error
	if s.totals, err = traced.Totals(); err != nil {
		t.Fatal(err)
	}
	counts, err := traced.Session().Counts()
	if err != nil {
		t.Fatal(err)
	}
	for _, count := range counts.ByEvidence {
		if ofStorm(count.Evidence) {
			verdict := cause.Classify(count.Evidence)
			s.countOf[event.Count{Dir: verdict.Dir, Cause: verdict.Cause}] += count.Events
		}
	}
}

func stormNamespace(t *testing.T) *netns.Namespace {
	t.Helper()
	n, err := netns.New("storm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	const dataWithoutCookie = "5" // in a SYN, as a client
	if err := n.Sysctl("ipv4/tcp_fastopen", dataWithoutCookie); err != nil {
		t.Fatal(err)
	}
	return n
}

// raise makes so many connects to a closed port, and returns how many RSTs the
// kernel says that it sent.
func raise(connects uint64) (outRsts uint64, err error) {
	before, err := audit.OfThread()
	if err != nil {
		return 0, err
	}
	for range connects {
		if err := refusedWithData(); err != nil {
			return 0, err
		}
	}
	after, err := audit.OfThread()
	return after.Diff(before)["TcpOutRsts"], err
}

func refusedWithData() error {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
		return fmt.Errorf("keepalive: %w", err)
	}
	if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return fmt.Errorf("linger: %w", err)
	}
	closedPort := &unix.SockaddrInet6{Port: 1, Addr: [16]byte{15: 1}}
	err = unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, closedPort)
	if err != nil && err != unix.EINPROGRESS && err != unix.ECONNREFUSED {
		return fmt.Errorf("connect with data: %w", err)
	}
	return nil
}
