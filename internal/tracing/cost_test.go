package tracing

import (
	"context"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/internal/sink/jsonl"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// refusals is a source of nothing but refused connects on this host: of each,
// the RST that is sent and the same RST when it arrives.
type refusals struct {
	*fakeSource
	pair [2]event.Event
	port uint16 // of the last client
}

// refusalsPerBatch makes a batch as large as those of a session under load.
const refusalsPerBatch = 256

func newRefusals() *refusals {
	var (
		client  = event.Endpoint{Addr: netip.MustParseAddr("127.0.0.1")}
		server  = event.Endpoint{Addr: client.Addr, Port: 1}
		host    = event.Netns{Inode: 0xEFFFFFF9}
		current = event.Process{PID: 1 << 30, TID: 1 << 30, Comm: "curl", UID: 1000} // none of this host

		scaled, closed uint16 = 65495, 0
	)
	return &refusals{fakeSource: newFakeSource(), pair: [2]event.Event{
		{
			Schema: event.SchemaVersion, Family: event.IPv4, Local: server, Peer: client, Netns: host,
			RST:     event.Segment{Flags: event.RST | event.ACK, Ack: 965007080, Window: &closed},
			Trigger: event.Segment{Flags: event.SYN, Seq: 965007079, Window: &scaled, TTL: 64, Ifname: "lo"},
			Hook:    "tcp_v4_send_reset", Via: event.Fentry, KernelReason: "NO_SOCKET",
			Evidence: event.Evidence{
				Hook: event.HookSendReply, Socket: event.SockNone, Packet: event.SYN, Reason: "NO_SOCKET",
				Family: event.IPv4, Facts: event.FactSeesPacket,
			},
		},
		{
			Schema: event.SchemaVersion, Family: event.IPv4, Local: client, Peer: server, Netns: host,
			State: event.StateSynSent, Hook: "tcp_reset", Via: event.Fentry,
			RST:      event.Segment{Flags: event.RST | event.ACK, Ack: 965007080, Window: &closed, TTL: 64, Ifname: "lo"},
			Conn:     event.Conn{Known: true, AgeMillis: 1},
			Evidence: receivedEvidence,
			Kernel: event.KernelContext{
				Current: current, Connector: current, Socket: event.SocketRef{Address: 0xffff888000000040, Inode: 99},
				ReportedError: event.SocketError{Errno: "ECONNREFUSED", After: time.Microsecond},
			},
		},
	}}
}

func (r *refusals) Read(_ context.Context, batch *probe.Batch, _ time.Time) error {
	now := time.Now()
	batch.Resets = batch.Resets[:0]
	for range refusalsPerBatch {
		r.port++
		for i := range r.pair {
			batch.Resets = append(batch.Resets, r.pair[i])
			e := &batch.Resets[len(batch.Resets)-1]
			e.Time, e.Kernel.HookNanos = now, uint64(now.UnixNano())
		}
		sent := len(batch.Resets) - len(r.pair)
		batch.Resets[sent].Peer.Port, batch.Resets[sent+1].Local.Port = r.port, r.port
	}
	return nil
}

// storming is a tracer and a sink as the command has them, under refused connects.
type storming struct {
	tracer *Tracer
	out    *jsonl.Sink
}

func newStorming(tb testing.TB) *storming {
	s := &storming{tracer: tracing(newRefusals(), ""), out: jsonl.New(io.Discard, jsonl.Options{})}
	s.tracer.endPairs = newEndPairs()
	s.tracer.locations = openLocations(false)
	tb.Cleanup(s.tracer.locations.close)
	return s
}

// run writes events until more says no.
func (s *storming) run(more func() bool) error {
	return s.tracer.Run(context.Background(), &whileMore{s.out, more})
}

// whileMore is a stage that has enough when a function says so.
type whileMore struct {
	*jsonl.Sink
	more func() bool
}

func (w *whileMore) Event(e *event.Event) error {
	if !w.more() {
		return event.ErrEnough
	}
	return w.Sink.Event(e)
}

// BenchmarkStorm is all that an event costs between the record and the line.
func BenchmarkStorm(b *testing.B) {
	s := newStorming(b)
	b.ReportAllocs()
	if err := s.run(b.Loop); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
	b.ReportMetric(0, "ns/op")
}

// TestStormAllocates: next to nothing, whatever the number of events. What is
// left are blocks that the texts of many events come out of.
func TestStormAllocates(t *testing.T) {
	s := newStorming(t)
	s.tracer.sink = s.out
	turn := func() {
		if err := s.tracer.read(t.Context(), time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := s.tracer.deliver(time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	turn() // what is allocated once
	allocations := testing.AllocsPerRun(50, turn)
	const events = 2 * refusalsPerBatch
	t.Logf("%v allocations for %d events", allocations, events)
	if allocations > events/32 {
		t.Errorf("%v allocations for %d events", allocations, events)
	}
	if s.tracer.shownIDs.last < 50*events-1 { // the last waits for its other end
		t.Errorf("only %d events were shown", s.tracer.shownIDs.last)
	}
}
