package tracing

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/roottest"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestAuditLive: the kernel's counters and the events agree to the last one,
// in a namespace that is there all the time.
func TestAuditLive(t *testing.T) {
	roottest.Need(t, roottest.BPF)
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
	roottest.Need(t, roottest.BPF)
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
	t.Logf("%d to %d events, the counter has %d", l.Counted, l.Most(), l.Kernel)
}

// TestAuditLiveLeaver: the resets of a namespace that goes away are events
// without a counter. They are said, and they are no contradiction.
func TestAuditLiveLeaver(t *testing.T) {
	roottest.Need(t, roottest.BPF)
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
	run.lacks(t, "TcpOutRsts", gone, leaver)
	run.lacks(t, "TcpAttemptFails", gone, leaver)
}

// TestAuditLiveBetween: a namespace that comes, has resets and goes while nobody
// looks is not found at all. Its events are known, so they are no contradiction.
func TestAuditLiveBetween(t *testing.T) {
	roottest.Need(t, roottest.BPF)
	const refused, between = 10, 9
	var leaver *stranger
	run := audited(t, func() {}, func(stays *stranger) {
		stays.do(t, "refuse", refused)
		leaver = newStranger(t)
		leaver.do(t, "refuse", between)
		leaver.leave(t)
	})
	run.lacks(t, "TcpOutRsts", between, leaver)
	run.lacks(t, "TcpAttemptFails", between, leaver)
}

// auditedRun is what one run of tracer and auditor found.
type auditedRun struct {
	report event.Audit
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
	tracer, err := Open(Options{AuditAtEnd: true, Interval: 10 * time.Millisecond}) // so that it flushes at once
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	run := &auditedRun{of: make(map[uint32]uint64)}
	ctx, cancel := context.WithCancel(t.Context())
	var stream sync.WaitGroup
	started := make(chan struct{})
	stream.Go(func() {
		start := sync.OnceFunc(func() { close(started) })
		err := tracer.Run(ctx, &sinkFuncs{
			event: func(e *event.Event) error { run.of[e.Netns.Inode]++; return nil },
			audit: func(a *event.Audit) error { run.report = *a; return nil },
			flush: func() error { start(); return nil },
		})
		start()
		if err != nil {
			t.Error(err)
		}
	})
	<-started
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

func (r *auditedRun) line(t *testing.T, counter string) event.AuditCounter {
	t.Helper()
	for _, l := range r.report.Counters {
		if l.Name == counter {
			return l
		}
	}
	t.Fatalf("no %s in %+v", counter, r.report)
	return event.AuditCounter{}
}

// disturbed: the counters cannot be complete, whatever the audit does.
func (r *auditedRun) disturbed() bool {
	return r.foreign > 0 || r.report.Came > 0 || r.report.Went > 0
}

// lacks wants a counter to lack so many events of a namespace that is gone, at
// least, and no more than the test cannot vouch for. The report has to excuse them.
func (r *auditedRun) lacks(t *testing.T, counter string, atLeast uint64, gone *stranger) {
	t.Helper()
	l := r.line(t, counter)
	missing := l.Counted - l.Kernel
	if missing < atLeast || missing > r.foreign {
		t.Errorf("%s: %d events, %d in the counter, %d events of the namespace that is gone, foreign %d",
			counter, l.Counted, l.Kernel, r.of[gone.inode], r.foreign)
	}
	if !l.OK || !l.Uncompared || !strings.Contains(l.Note, "that went or could not be read") {
		t.Errorf("%s: ok is %t, uncompared %t: %s", counter, l.OK, l.Uncompared, l.Note)
	}
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
	case r.report.Came > 0 && l.Kernel > l.Counted:
		t.Logf("%s: %d, with the past of a namespace that came", counter, l.Kernel)
	case r.foreign > 0 && l.Kernel <= l.Counted && l.Counted-l.Kernel <= r.foreign:
		t.Logf("%s: %d of %d events; %d happened in namespaces of other tests", counter, l.Kernel, l.Counted, r.foreign)
	case strings.HasPrefix(l.Note, "not comparable"):
		t.Logf("%s: %s", counter, l.Note)
	default:
		t.Errorf("%s: kernel %d, events %d, foreign %d: %s", counter, l.Kernel, l.Counted, r.foreign, l.Note)
	}
}
