package tracing

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"github.com/rsttrace/rsttrace/internal/owner"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Options are those of package tracer, which says what they mean. It converts its
// own to these: fields and their order are the same.
type Options struct {
	Filter       *filter.Filter
	Summary      bool
	MaxRate      uint32
	Stacks       bool
	Packets      bool
	SeePackets   bool
	Top          int
	Attach       event.Method
	NoDrops      bool
	NoFlowMemory bool
	NoFollowups  bool
	RingSize     uint32
	Interval     time.Duration
	AuditAtEnd   bool
	AuditEvery   time.Duration
	Warn         func(error)
	Host         event.Host
}

// audits reports whether events are compared with the kernel's counters.
func (o *Options) audits() bool { return o.AuditAtEnd || o.AuditEvery > 0 }

// Tracer is an attached rsttrace. Its methods are for one goroutine, except
// AskTotals and Counted.
type Tracer struct {
	session   *probe.Session
	source    source // the session
	filter    *filter.Filter
	needs     filter.Known // of the filter
	scratch   event.Event  // of which only the owner's location is known
	resolver  owner.Resolver
	lag       time.Duration // see lagOf
	explainer cause.Explainer
	flowIDs   flowIDs
	locations *locations
	endPairs  *endPairs

	dispositions *dispositions
	programs     *programs
	listeners    *listeners
	orphans      orphans
	openSockets  *openSockets
	still        stillListening
	visibility   visibility
	queue        queue
	nextMute     time.Time

	followups followups
	reports   periodicReports
	coverage  coverage
	host      event.Host // Options.Host
	endings   endings

	sink     event.Sink  // of Run
	warn     func(error) // Options.Warn, or nil
	draining bool        // the context has ended
	// seesSocketless: also resets that are sent without a full socket are seen.
	seesSocketless bool
	arrived        uint64 // events in the queue so far
	shownIDs       shownIDs
	topRows        int // Options.Top
	tops           topLists
}

// Open attaches to the kernel: 5.8 or later with BTF, as root or with CAP_BPF,
// CAP_PERFMON and, for all details, CAP_SYSLOG and CAP_SYS_PTRACE. It fails if no
// reset hook can be attached, and if Attach is refused for every hook.
func Open(o Options) (*Tracer, error) {
	session, err := probe.Open(o.probe())
	if err != nil {
		return nil, err
	}
	return FromSession(session, o), nil
}

// FromSession is Open for a session that is attached already, whatever Options say
// of the kernel side. The tracer closes the session.
func FromSession(session *probe.Session, o Options) *Tracer {
	t := newTracer(session, o.Filter)
	t.session = session
	t.locations = openLocations(t.filter.NeedsNames())
	t.dispositions = openDispositions(procfs.DefaultMountPoint)
	t.programs = openPrograms(procfs.DefaultMountPoint)
	t.listeners = openListeners(procfs.DefaultMountPoint)
	t.orphans.proc = procfs.DefaultMountPoint
	if t.listeners != nil {
		t.listeners.noted.read, t.listeners.owners.Walk = session.Listeners, session.HoldersOfAny
	}
	t.openSockets = openOpenSockets(procfs.DefaultMountPoint)
	t.still.sockets = t.openSockets
	t.visibility = openVisibility(session, &o)
	t.coverage, t.host = openCoverage(session, &o), o.Host
	if bothEnds(o.Filter.Selection().Dirs) {
		t.endPairs = newEndPairs()
	}
	t.seesSocketless = session.Visibility().Socketless
	t.reports.totalsEvery, t.reports.auditAtEnd, t.reports.auditEvery = o.Interval, o.AuditAtEnd, o.AuditEvery
	t.topRows = o.Top
	t.warn = o.Warn
	return t
}

// probe are the options of the kernel side.
func (o *Options) probe() probe.Options {
	chosen := o.Filter.Selection()
	s := probe.Selection{
		CountsOnly: o.Summary, MaxRate: o.MaxRate, Stacks: o.Stacks,
		Dirs: chosen.Dirs, Hosts: chosen.Hosts, Ports: chosen.Ports, Netns: chosen.Netns, PIDs: chosen.PIDs, Comms: chosen.Comms,
		Cgroups: o.Filter.Reads()&filter.KnowsLocation != 0,
	}
	return probe.Options{
		Attach: o.Attach, NoDrops: o.NoDrops, NoFlowMemory: o.NoFlowMemory, NoFollowups: o.NoFollowups, RingSize: o.RingSize,
		Ignored:    len(chosen.Dirs) == 0 || slices.Contains(chosen.Dirs, event.Ignored),
		Wants:      o.wants(),
		Tops:       o.Top > 0,
		Packets:    o.Packets,
		SeePackets: o.SeePackets,
		Netns:      o.audits(),
		Selection:  s,
	}
}

func newTracer(s source, f *filter.Filter) *Tracer {
	return &Tracer{source: s, filter: f, needs: f.Reads(), resolver: owner.Resolver{Walk: s.Holders}}
}

// Session gives access to the kernel side: how hooks are reached, and what
// cannot be known.
func (t *Tracer) Session() *probe.Session { return t.session }

// Close detaches and frees everything.
func (t *Tracer) Close() error {
	t.locations.close()
	return t.source.Close()
}

// tick is how often a waiting event is looked at again.
const tick = 10 * time.Millisecond

// deadline is until when to wait for records: for ever, unless events wait or
// a heartbeat is due.
func (t *Tracer) deadline(now time.Time) time.Time {
	switch {
	case !t.queue.empty():
		return now.Add(tick)
	case t.reports.heartbeat() > 0:
		return now.Add(t.reports.heartbeat())
	default:
		return time.Time{}
	}
}

// read takes one batch of records and works on it. A read that ends with ctx may
// have taken records out of the ring before.
func (t *Tracer) read(ctx context.Context, deadline time.Time) error {
	t.queue.leaveBatch()
	t.queue.trim(time.Now())
	batch := &t.queue.batch
	if err := t.source.Read(ctx, batch, deadline); err != nil && ctx.Err() == nil {
		return err
	}
	now := time.Now()
	t.lag = lagOf(batch.Resets, now)
	t.visibility.arrived.add(len(batch.Resets), now)
	t.visibility.mayHaveHeld = t.visibility.mayHaveHeld || t.visibility.limits()
	t.locations.setClock(now)
	t.warnAll(t.locations.warnings())
	t.locations.learn(batch.Cgroups)
	for i := range batch.Resets {
		if err := t.enqueue(&batch.Resets[i]); err != nil {
			return err
		}
	}
	for _, holder := range batch.Holders {
		t.resolver.Closed(holder)
	}
	t.followups.addSignals(batch.Signals)
	t.attachErrors(batch.Errors)
	if err := t.muteCauses(now); err != nil {
		return err
	}
	return t.resolver.Search(now)
}

func (t *Tracer) warnAll(warnings []error) {
	if t.warn == nil {
		return
	}
	for _, warning := range warnings {
		t.warn(warning)
	}
}

// enqueue puts a new event in the queue, unless the filter hides it. It is explained when its
// turn comes: until then more may become known.
func (t *Tracer) enqueue(e *event.Event) error {
	if !cause.IsReset(e.Evidence) {
		return nil
	}
	settled := t.resolver.FromRecord(e)
	t.explainer.Decide(e)
	if t.filter.Decide(e, filter.KnowsVerdict|filter.KnowsRecord) == filter.No {
		return nil
	}
	t.locations.prefetch(e)
	if rejected, err := t.rejectByCgroup(e); rejected || err != nil {
		return err
	}
	t.arrived++
	e.ID = t.arrived
	if settled {
		t.queue.add(e)
	} else {
		e = t.queue.addCopy(e)
		t.resolver.Await(e)
	}
	t.linkOtherEnd(e)
	return nil
}

// deliver gives the events at the head of the queue to the sink, as far as they
// wait for nothing.
func (t *Tracer) deliver(now time.Time) error {
	for !t.queue.empty() {
		e := t.queue.head()
		if t.queue.length() < queueMax && t.pending(e, now) {
			return nil
		}
		if err := t.followups.emitBefore(e.Time, t.sink); err != nil {
			return err
		}
		err := t.emit(e)
		t.queue.drop()
		if err != nil {
			return err
		}
	}
	return t.followups.emitBefore(time.Time{}, t.sink)
}

// lagOf is how far reading is behind the hooks, 0 if all was read. In a storm the news
// that names an owner comes as late as the events do.
func lagOf(read []event.Event, now time.Time) time.Duration {
	if len(read) == 0 {
		return 0
	}
	return max(0, now.Sub(read[len(read)-1].Time))
}

// pending reports whether more may soon become known of e.
func (t *Tracer) pending(e *event.Event, now time.Time) bool {
	return t.resolver.Pending(e, now.Add(-t.lag)) || t.endPairs.pending(e, now, t.endPatience(e)) || t.awaitsError(e, now) || t.awaitsName(e, now)
}

// emit completes an event and gives it to the sink, unless the filter hides it.
func (t *Tracer) emit(e *event.Event) error {
	if owner.NeedsOwner(e) {
		t.resolver.GiveUp(e)
	}
	t.resolver.FallBackToConnector(e)
	t.endings.linkEarlier(e)
	if t.filteredOut(e) {
		t.endings.record(e, 0)
		t.unlinkOtherEnd(e)
		_, err := t.rejectByCgroup(e) // its name may have come meanwhile
		return err
	}
	t.unlinkFilteredEnd(e)
	e.Confirmed = e.Dir == event.Sent && e.PeerEvent != 0 // it was seen to arrive
	e.CommunityID, e.MonotonicNanos = t.flowIDs.of(e), e.Kernel.HookNanos
	t.locations.complete(e)
	t.dispositions.complete(e, t.locations.clock())
	t.programs.complete(e, t.locations.clock())
	e.Kernel.OtherEndHidden = t.hidesOtherEnd(e)
	e.PeerSent = t.peerSent(e)
	t.listeners.complete(e, t.locations.clock())
	t.listeners.completeClosedPort(e, t.locations.clock())
	t.still.complete(e)
	t.orphans.complete(e, t.locations.clock())
	t.explainer.Explain(e)
	markReported(e)
	if t.needs&filter.KnowsRest != 0 && !t.filter.Match(e) {
		t.unlinkOtherEnd(e)
		return nil
	}
	t.assignID(e)
	t.endings.record(e, e.ID)
	t.followups.remember(e)
	return t.sink.Event(e)
}

// drain ends the stream: no more hooks, then everything that they had seen.
func (t *Tracer) drain() error {
	t.draining = true
	if err := t.reports.beforeDetach(); err != nil {
		return err
	}
	t.reports.detached = time.Now()
	t.source.Detach()
	background := context.Background()
	patience := time.Now().Add(owner.PatienceToWalk)
	for {
		if err := t.read(background, time.Now()); err != nil {
			return err
		}
		if err := t.deliver(time.Now()); err != nil {
			return err
		}
		if len(t.queue.batch.Resets) > 0 {
			continue
		}
		if t.queue.empty() || time.Now().After(patience) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return t.deliver(time.Now().Add(owner.PatienceToWalk))
}
