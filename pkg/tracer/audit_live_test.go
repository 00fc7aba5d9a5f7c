package tracer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/audit"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/probe"
)

// strangerVariable makes this test program a process in a namespace of its own
// that resets connections on command.
const strangerVariable = "RSTTRACE_TEST_STRANGER"

func TestMain(m *testing.M) {
	if os.Getenv(strangerVariable) != "" {
		if err := obey(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestAuditLive: the kernel's counters and the events agree to the last one,
// in a namespace that is there all the time.
func TestAuditLive(t *testing.T) {
	needRoot(t)
	const refused, lingering = 40, 30
	var run *auditedRun
	for range 10 { // other tests use namespaces at the same time
		run = audited(t, func() {}, func(stays *stranger) {
			stays.do(t, "refuse", refused)
			stays.do(t, "linger", lingering)
		})
		if !run.disturbed() {
			break
		}
	}
	run.holds(t, "TcpOutRsts", refused+lingering)
	run.holds(t, "TcpAttemptFails", refused)
	run.holds(t, "TCPAbortOnData", lingering)
	run.holds(t, "TcpEstabResets", 2*lingering)
}

// TestAuditLiveStorm reads the counters while resets come without a pause: the
// bounds that it gives then are true.
func TestAuditLiveStorm(t *testing.T) {
	needRoot(t)
	storming := newStranger(t)
	var run *auditedRun
	for range 4 {
		var storm sync.WaitGroup
		run = audited(t, func() {
			storm.Go(func() { storming.do(t, "storm", 2000) })
		}, func(*stranger) { time.Sleep(100 * time.Millisecond) }, storming)
		storm.Wait()
		// On a slow machine the storm may be over before it is looked at.
		if !run.disturbed() && run.line(t, "TcpOutRsts").Kernel > 100 {
			break
		}
	}
	run.holds(t, "TcpOutRsts", 100)
	run.holds(t, "TcpAttemptFails", 100)
	l := run.line(t, "TcpOutRsts")
	t.Logf("%d to %d events, the counter has %d", l.Events, l.Most(), l.Kernel)
}

// TestAuditLiveLeaver: the resets of a namespace that goes away are events
// without a counter, and that is said.
func TestAuditLiveLeaver(t *testing.T) {
	needRoot(t)
	const refused, gone = 10, 7
	var leaver *stranger
	run := audited(t, func() { leaver = newStranger(t) }, func(stays *stranger) {
		stays.do(t, "refuse", refused)
		leaver.do(t, "refuse", gone)
		leaver.leave(t)
	})
	if run.report.Went < 1 || !strings.Contains(strings.Join(run.report.Notes, " "), "went") {
		t.Errorf("nothing is said of the namespace that went: %+v", run.report)
	}
	l := run.line(t, "TcpOutRsts")
	missing := l.Events - l.Kernel
	if l.OK || missing < gone || missing > gone+run.foreign-run.of[leaver.inode] {
		t.Errorf("%d events, %d in the counter, %d belong to the namespace that went: ok is %t",
			l.Events, l.Kernel, gone, l.OK)
	}
	if !strings.Contains(l.Note, "went") {
		t.Errorf("the note does not explain it: %s", l.Note)
	}
}

// auditedRun is what one run of tracer and auditor found.
type auditedRun struct {
	report audit.Report
	// foreign events happened where the test does not know whether the
	// counters can be read: other tests use such namespaces at the same time.
	foreign uint64
	of      map[uint32]uint64 // events by namespace
}

// audited traces and audits while act happens.
func audited(t *testing.T, prepare func(), act func(*stranger), known ...*stranger) *auditedRun {
	t.Helper()
	stays := newStranger(t)
	prepare()
	tracer, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	var limits []audit.Limit
	for _, l := range tracer.Session().Limits() {
		limits = append(limits, audit.Limit{ID: l.ID, Sentence: l.Sentence})
	}
	auditor, err := audit.New(tracer.AuditEvents, audit.Options{Limits: limits})
	if err != nil {
		t.Fatal(err)
	}
	run := &auditedRun{of: make(map[uint32]uint64)}
	tracer.BeforeEnd(func() (err error) {
		run.report, err = auditor.Whole()
		return err
	})
	ctx, cancel := context.WithCancel(t.Context())
	var stream sync.WaitGroup
	stream.Go(func() {
		for e, err := range tracer.Events(ctx) {
			if err != nil {
				t.Error(err)
			}
			if e != nil {
				run.of[e.Netns.Inode]++
			}
		}
	})
	act(stays)
	time.Sleep(10 * time.Millisecond) // the last reset may be on its way
	cancel()
	stream.Wait()
	readable := []uint32{stays.inode, ownNamespace(t, os.Getpid())}
	for _, s := range known {
		readable = append(readable, s.inode)
	}
	for inode, events := range run.of {
		if !slices.Contains(readable, inode) {
			run.foreign += events
		}
	}
	return run
}

func (r *auditedRun) line(t *testing.T, counter string) audit.Line {
	t.Helper()
	for _, l := range r.report.Lines {
		if l.Counter == counter {
			return l
		}
	}
	t.Fatalf("no %s in %+v", counter, r.report)
	return audit.Line{}
}

// disturbed: the counters cannot be complete, whatever the audit does.
func (r *auditedRun) disturbed() bool {
	return r.foreign > 0 || r.report.Came > 0 || r.report.Went > 0
}

// holds wants a counter to agree exactly. Where foreign events came in between
// it may lack so many, and no more.
func (r *auditedRun) holds(t *testing.T, counter string, atLeast uint64) {
	t.Helper()
	l := r.line(t, counter)
	if l.Kernel < atLeast {
		t.Errorf("%s grew by %d, want at least %d", counter, l.Kernel, atLeast)
	}
	switch {
	case l.OK && l.Exact, l.Slack > 0 && l.OK:
	case r.report.Came > 0 && l.Kernel > l.Events:
		t.Logf("%s: %d, with the past of a namespace that came", counter, l.Kernel)
	case r.foreign > 0 && l.Kernel <= l.Events && l.Events-l.Kernel <= r.foreign:
		t.Logf("%s: %d of %d events; %d happened in namespaces of other tests", counter, l.Kernel, l.Events, r.foreign)
	case strings.HasPrefix(l.Note, "not comparable"):
		t.Logf("%s: %s", counter, l.Note)
	default:
		t.Errorf("%s: kernel %d, events %d, foreign %d: %s", counter, l.Kernel, l.Events, r.foreign, l.Note)
	}
}

// stranger is a process in a network namespace of its own.
type stranger struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	inode uint32
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	s := &stranger{cmd: exec.Command("/proc/self/exe")}
	s.cmd.Env = append(os.Environ(), strangerVariable+"=1")
	s.cmd.Stderr = os.Stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	in, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.leave(t) })
	s.do(t, "refuse", 1) // it is ready
	s.inode = ownNamespace(t, s.cmd.Process.Pid)
	return s
}

func ownNamespace(t *testing.T, pid int) uint32 {
	t.Helper()
	var stat unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/net", pid), &stat); err != nil {
		t.Fatal(err)
	}
	return uint32(stat.Ino)
}

func (s *stranger) do(t *testing.T, what string, times int) {
	t.Helper()
	fmt.Fprintln(s.in, what, times)
	if answer, err := s.out.ReadString('\n'); err != nil || answer != "done\n" {
		t.Fatalf("%s: %q, %v", what, answer, err)
	}
}

// leave ends the process and, with it, its namespace.
func (s *stranger) leave(t *testing.T) {
	if s.cmd.ProcessState != nil {
		return
	}
	s.in.Close()
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// obey is the stranger's side.
func obey(in io.Reader, out io.Writer) error {
	if err := loopbackUp(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var what string
		var times int
		if _, err := fmt.Sscan(lines.Text(), &what, &times); err != nil {
			return err
		}
		if err := act(what, times); err != nil {
			return err
		}
		fmt.Fprintln(out, "done")
	}
	return nil
}

// act refuses or lingers so many times, or refuses for so many milliseconds.
func act(what string, times int) (err error) {
	end := time.Now().Add(time.Duration(times) * time.Millisecond)
	for i := 0; err == nil; i++ {
		switch {
		case what == "storm" && time.Now().After(end), what != "storm" && i == times:
			return nil
		case what == "linger":
			err = linger()
		default:
			err = refuse()
		}
	}
	return err
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

func refuse() error {
	c, err := net.Dial("tcp4", "127.0.0.1:1")
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return fmt.Errorf("connect to a closed port: %w", err)
	}
	return nil
}

// linger closes a connection with SO_LINGER {1,0}, and waits for the RST.
func linger() error {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		return err
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		return err
	}
	err = errors.Join(server.(*net.TCPConn).SetLinger(0), server.Close())
	if _, read := client.Read(make([]byte, 1)); !errors.Is(read, unix.ECONNRESET) {
		err = errors.Join(err, fmt.Errorf("read after the peer's abort: %w", read))
	}
	return err
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: BPF programs cannot be loaded without CAP_BPF")
	}
}

// TestAuditEvents: what decides a counter survives, the rest is added up.
func TestAuditEvents(t *testing.T) {
	f := newFakeSource()
	variant := closedPortEvidence
	variant.Facts |= event.FactWindow
	f.counts.ByEvidence = append(f.counts.ByEvidence,
		probe.Count{Evidence: closedPortEvidence, Events: 100}, probe.Count{Evidence: variant, Events: 5},
		probe.Count{Evidence: noReset, Events: 7}, probe.Count{Evidence: receivedEvidence, Events: 10})
	f.counts.Uncounted, f.counts.Missed = 2, 3
	events, err := (&Tracer{source: f}).AuditEvents()
	if err != nil {
		t.Fatal(err)
	}
	closedPort := audit.Key{Dir: event.Sent, Cause: "closed-port", Hook: event.HookSendReply, Socket: event.SockNone}
	refused := audit.Key{Dir: event.Received, Cause: "refused", Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent}
	if len(events.Counts) != 2 || events.Counts[closedPort] != 105 || events.Counts[refused] != 10 {
		t.Errorf("%+v", events.Counts)
	}
	if events.Uncounted != 2 || events.Missed != 3 {
		t.Errorf("%+v", events)
	}
}

// TestBeforeEnd: it runs while the hooks are attached, and its error ends the
// stream.
func TestBeforeEnd(t *testing.T) {
	f := newFakeSource()
	tracer := &Tracer{source: f}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failure := errors.New("no counters")
	calls := 0
	tracer.BeforeEnd(func() error {
		if calls++; f.detached {
			t.Error("the hooks are detached already")
		}
		return failure
	})
	var got []error
	for _, err := range tracer.Events(ctx) {
		got = append(got, err)
	}
	if calls != 1 || len(got) != 1 || !errors.Is(got[0], failure) {
		t.Errorf("%d calls, errors %v", calls, got)
	}
}
