package tracing

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// fakeSource hands out scripted batches, then waits as a session does.
type fakeSource struct {
	batches     []probe.Batch
	failure     error  // of Read, after the batches
	counted     func() // is called by Counts
	afterDetach []probe.Batch
	holders     func() []event.Holder
	counts      probe.Counts
	namespaces  []probe.NetnsCount
	tops        probe.TopTables
	hidden      map[uint64]time.Duration // control groups, and how long

	interrupted chan struct{}
	detached    bool
	closed      bool
	reads       int
}

// tracing is a tracer of a source with a filter.
func tracing(s source, wanted string) *Tracer { return newTracer(s, filter.MustParse(wanted)) }

func newFakeSource(batches ...probe.Batch) *fakeSource {
	return &fakeSource{batches: batches, interrupted: make(chan struct{}, 1)}
}

func (f *fakeSource) Read(ctx context.Context, batch *probe.Batch, deadline time.Time) error {
	f.reads++
	batch.Resets, batch.Holders, batch.Signals, batch.Errors = batch.Resets[:0], batch.Holders[:0], batch.Signals[:0], batch.Errors[:0]
	batch.Cgroups = batch.Cgroups[:0]
	script := &f.batches
	if f.detached {
		script = &f.afterDetach
	}
	if len(*script) > 0 {
		next := (*script)[0]
		*script = (*script)[1:]
		batch.Resets = append(batch.Resets, next.Resets...)
		batch.Holders = append(batch.Holders, next.Holders...)
		batch.Signals = append(batch.Signals, next.Signals...)
		batch.Errors = append(batch.Errors, next.Errors...)
		batch.Cgroups = append(batch.Cgroups, next.Cgroups...)
		return nil
	}
	if f.failure != nil {
		return f.failure
	}
	var timeout <-chan time.Time
	if !deadline.IsZero() {
		timeout = time.After(time.Until(deadline))
	}
	select {
	case <-f.interrupted:
		return context.Cause(ctx)
	case <-timeout:
		return nil
	}
}

// fakePause is how much longer than a search takes the fake pauses behind it.
const fakePause = 9

func (f *fakeSource) Holders([]event.SocketRef) ([]event.Holder, time.Duration, error) {
	if f.holders == nil {
		return nil, 0, nil
	}
	begun := time.Now()
	found := f.holders()
	return found, fakePause * time.Since(begun), nil
}

func (f *fakeSource) Mute(func(event.Evidence) bool) error { return nil }

func (f *fakeSource) HideCgroup(id uint64, while time.Duration) error {
	if f.hidden == nil {
		f.hidden = make(map[uint64]time.Duration)
	}
	f.hidden[id] = while
	return nil
}

func (f *fakeSource) Counts() (probe.Counts, error) {
	if f.counted != nil {
		f.counted()
	}
	return f.counts, nil
}

func (f *fakeSource) NetnsCounts() ([]probe.NetnsCount, error) { return f.namespaces, nil }

// Top is a table of f.tops.
func (f *fakeSource) Top(kind probe.TopKind) (*probe.TopTable, error) {
	switch kind {
	case probe.TopOwners:
		return &f.tops.Owners, nil
	case probe.TopPeers:
		return &f.tops.Peers, nil
	}
	return &f.tops.Ports, nil
}

func (f *fakeSource) Interrupt()   { f.interrupted <- struct{}{} }
func (f *fakeSource) Detach()      { f.detached = true }
func (f *fakeSource) Close() error { f.closed = true; return nil }

func resets(events ...event.Event) probe.Batch { return probe.Batch{Resets: events} }

// closedPort is an event that waits for nothing: no socket, no owner.
func closedPort(port uint16) event.Event {
	return event.Event{
		Schema: event.SchemaVersion, Time: time.Now(), Family: event.IPv4,
		Local:    event.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: port},
		Peer:     event.Endpoint{Addr: netip.MustParseAddr("10.0.0.2"), Port: 40000},
		Evidence: closedPortEvidence,
	}
}

var closedPortEvidence = event.Evidence{
	Hook: event.HookSendReply, Socket: event.SockNone, Packet: event.SYN, Family: event.IPv4,
	Facts: event.FactSeesPacket,
}

// received is an event whose socket is alive and whose owner must be found.
func received(port uint16, address uint64) event.Event {
	e := closedPort(port)
	e.State = event.StateSynSent
	e.Evidence = receivedEvidence
	e.Kernel.Socket = event.SocketRef{Address: address, Inode: address + 1}
	return e
}

var receivedEvidence = event.Evidence{
	Hook: event.HookReceive, Socket: event.SockFull, State: event.StateSynSent,
	Packet: event.RST | event.ACK, Family: event.IPv4,
	Facts: event.FactSeesPacket | event.FactHasSocket | event.FactAckInRange,
}

// noReset is what tcp_reset is also called for: data after close.
var noReset = event.Evidence{
	Hook: event.HookReceive, Socket: event.SockFull, State: event.StateFinWait2,
	Packet: event.ACK, Family: event.IPv4, Facts: event.FactSeesPacket,
}

func holderOf(e event.Event, pid uint32) event.Holder {
	return event.Holder{Socket: e.Kernel.Socket, Process: event.Process{PID: pid, TID: pid, Comm: "app"}}
}

// seen is one value of the stream: an event, or the moment to flush.
type seen struct {
	port  uint16 // 0 for a flush
	pid   uint32
	after time.Duration // since the stream began
}

// collect runs the stream until it has seen so many events.
func collect(t *Tracer, want int) (all []seen, events []event.Event) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := time.Now()
	err := t.Run(ctx, &sinkFuncs{
		event: func(e *event.Event) error {
			all = append(all, seen{e.Local.Port, e.Owner.PID, time.Since(began)})
			events = append(events, *e)
			if len(events) == want {
				return event.ErrEnough
			}
			return nil
		},
		flush: func() error {
			all = append(all, seen{after: time.Since(began)})
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	return all[:len(all)-1], events // without the flush at the end
}

// sinkFuncs is a sink of functions; nil ones do nothing.
type sinkFuncs struct {
	event.NopSink
	event    func(*event.Event) error
	followup func(*event.Followup) error
	totals   func(*event.Totals) error
	audit    func(*event.Audit) error
	flush    func() error
}

func (s *sinkFuncs) Event(e *event.Event) error {
	if s.event == nil {
		return nil
	}
	return s.event(e)
}

func (s *sinkFuncs) Followup(f *event.Followup) error {
	if s.followup == nil {
		return nil
	}
	return s.followup(f)
}

func (s *sinkFuncs) Totals(t *event.Totals) error {
	if s.totals == nil {
		return nil
	}
	return s.totals(t)
}

func (s *sinkFuncs) Audit(a *event.Audit) error {
	if s.audit == nil {
		return nil
	}
	return s.audit(a)
}

func (s *sinkFuncs) Flush(time.Time) error {
	if s.flush == nil {
		return nil
	}
	return s.flush()
}

func onlyEvents(all []seen) []seen {
	return slices.DeleteFunc(all, func(s seen) bool { return s.port == 0 })
}
