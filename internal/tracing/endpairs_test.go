package tracing

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// theEnds are the events of one RST that 10.0.0.1 sent and 10.0.0.2 received.
func theEnds(seq uint32) (sent, received event.Event) {
	here := event.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 80}
	there := event.Endpoint{Addr: netip.MustParseAddr("10.0.0.2"), Port: 40000}
	rst := event.Segment{Flags: event.RST, Seq: seq}
	now := time.Now()
	sent = event.Event{
		ID: 1, Dir: event.Sent, Time: now, Local: here, Peer: there, RST: rst,
		Evidence: event.Evidence{Hook: event.HookSendActive}, Netns: event.Netns{Inode: 1},
	}
	received = event.Event{
		ID: 2, Dir: event.Received, Time: now.Add(time.Millisecond), Local: there, Peer: here, RST: rst,
		Evidence: event.Evidence{Hook: event.HookReceive, Facts: event.FactSeesPacket}, Netns: event.Netns{Inode: 2},
	}
	return sent, received
}

// link is what a tracer does with events that all wait in its queue.
func link(events ...*event.Event) {
	p := newEndPairs()
	for _, e := range events {
		p.pair(e)
		for _, other := range events {
			if other.ID == e.PeerEvent {
				other.PeerEvent = e.ID
			}
		}
	}
}

func TestPairs(t *testing.T) {
	loopback := func(events ...*event.Event) {
		for _, e := range events {
			e.Local.Addr, e.Peer.Addr = netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.1")
		}
	}
	for name, test := range map[string]struct {
		change func(sent, received *event.Event)
		linked bool
	}{
		"the same RST": {func(_, _ *event.Event) {}, true},
		"ignored":      {func(_, r *event.Event) { r.Dir = event.Ignored }, true},
		// tcp:tcp_send_reset runs after the RST has left, and perhaps arrived.
		"received first":          {func(s, r *event.Event) { s.Time = r.Time.Add(time.Millisecond) }, true},
		"just in time":            {func(s, r *event.Event) { r.Time = s.Time.Add(pairWindow) }, true},
		"too late":                {func(s, r *event.Event) { r.Time = s.Time.Add(pairWindow + 1) }, false},
		"too early":               {func(s, r *event.Event) { s.Time = r.Time.Add(pairWindow + 1) }, false},
		"another sequence number": {func(_, r *event.Event) { r.RST.Seq++ }, false},
		"RST not seen":            {func(_, r *event.Event) { r.RST, r.Evidence.Facts = event.Segment{}, 0 }, true},
		"reply to an unseen one":  {func(s, _ *event.Event) { s.Evidence.Hook, s.RST.Seq = event.HookSendReply, 0 }, true},
		"another port":            {func(_, r *event.Event) { r.Local.Port++ }, false},
		"another address":         {func(_, r *event.Event) { r.Peer.Addr = r.Peer.Addr.Next() }, false},
		"not mirrored":            {func(_, r *event.Event) { r.Local, r.Peer = r.Peer, r.Local }, false},
		"both sent":               {func(_, r *event.Event) { r.Dir, r.Local, r.Peer = event.Sent, r.Peer, r.Local }, false},
		"both received":           {func(s, _ *event.Event) { s.Dir, s.Local, s.Peer = event.Received, s.Peer, s.Local }, false},
		// A rule of the output chain answers in the name of the peer.
		"rejected on the way out":   {func(s, r *event.Event) { s.Chain, s.Local, s.Peer = "output", s.Peer, s.Local }, true},
		"rejected on the way in":    {func(s, r *event.Event) { s.Chain, s.Local, s.Peer = "input", s.Peer, s.Local }, false},
		"loopback":                  {func(s, r *event.Event) { loopback(s, r); r.Netns = s.Netns }, true},
		"loopback of another netns": {func(s, r *event.Event) { loopback(s, r) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range []string{"sent before received", "received before sent"} {
				sent, received := theEnds(7)
				test.change(&sent, &received)
				first, second := &sent, &received
				if order != "sent before received" {
					first, second = second, first
					first.ID, second.ID = 1, 2
				}
				link(first, second)
				var want [2]uint64
				if test.linked {
					want = [2]uint64{2, 1}
				}
				if got := [2]uint64{first.PeerEvent, second.PeerEvent}; got != want {
					t.Errorf("%s: linked to %d, want %d", order, got, want)
				}
			}
		})
	}
}

// TestPairsOneEach: a RST has two ends, not three, and several of one
// connection pair off in their order.
func TestPairsOneEach(t *testing.T) {
	var events [6]event.Event
	var inOrder []*event.Event
	for i := range events {
		sent, received := theEnds(0)
		if events[i] = sent; i >= 2 && i < 5 {
			events[i] = received
		}
		events[i].ID = uint64(i + 1)
		inOrder = append(inOrder, &events[i])
	}
	link(inOrder...)
	for i, want := range []uint64{3, 4, 1, 2, 6, 5} {
		if got := events[i].PeerEvent; got != want {
			t.Errorf("event %d is linked to %d, want %d", i+1, got, want)
		}
	}
}

// TestPairsGone: an event that was shown already is named all the same.
func TestPairsGone(t *testing.T) {
	tracer := tracing(newFakeSource(), "")
	tracer.endPairs = newEndPairs()
	sent, received := theEnds(7)
	tracer.queue.add(&sent)
	tracer.linkOtherEnd(&sent)
	tracer.queue.drop()
	tracer.queue.add(&received)
	tracer.linkOtherEnd(&received)
	if received.PeerEvent != sent.ID {
		t.Errorf("linked to %d, want %d", received.PeerEvent, sent.ID)
	}
}

// TestPairsMemory: it stays the same, and what is found in it is recent.
func TestPairsMemory(t *testing.T) {
	p := newEndPairs()
	sent, received := theEnds(7)
	for id := range uint64(100_000) {
		sent.ID = id + 1
		sent.Peer.Port = uint16(id)
		sent.Local.Port = uint16(id >> 16)
		p.pair(&sent)
	}
	received.Peer, received.Local, received.ID = sent.Local, sent.Peer, sent.ID+1
	if p.pair(&received); received.PeerEvent != sent.ID {
		t.Errorf("the last of many is not found: %d", received.PeerEvent)
	}
	allocations := testing.AllocsPerRun(1000, func() {
		sent.ID++
		sent.Peer.Port++
		p.pair(&sent)
	})
	if allocations != 0 {
		t.Errorf("%v allocations per event", allocations)
	}
}

// TestPairsInStream: an event waits a moment for the other end, so that both
// can name each other; of one that comes later it knows nothing.
func TestPairsInStream(t *testing.T) {
	for name, test := range map[string]struct {
		pause time.Duration // until the next read returns, with nothing
		want  [2]uint64
	}{
		"soon":  {pairPatience / 2, [2]uint64{2, 1}},
		"later": {pairPatience, [2]uint64{0, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, received := resetPair()
				tracer := tracing(&pausing{newFakeSource(resets(sent), resets(), resets(received)), test.pause}, "")
				tracer.endPairs = newEndPairs()
				_, events := collect(tracer, 2)
				for i, want := range test.want {
					if got := events[i].PeerEvent; got != want {
						t.Errorf("event %d is linked to %d, want %d", events[i].ID, got, want)
					}
				}
			})
		})
	}
}

// pausing takes its time for the second read.
type pausing struct {
	*fakeSource
	pause time.Duration
}

func (p *pausing) Read(ctx context.Context, batch *probe.Batch, deadline time.Time) error {
	if p.reads == 1 {
		time.Sleep(p.pause)
	}
	return p.fakeSource.Read(ctx, batch, deadline)
}

// TestPairsHidden: nobody is told the number of an event that is not shown.
func TestPairsHidden(t *testing.T) {
	for name, sentOwned := range map[string]bool{"the first": false, "the second": true} {
		synctest.Test(t, func(t *testing.T) {
			sent, received := resetPair()
			shown := &sent
			if !sentOwned {
				shown = &received
			}
			shown.Kernel.Current = event.Process{PID: 7, Comm: "app"}
			tracer := tracing(newFakeSource(resets(sent, received)), "comm app")
			tracer.endPairs = newEndPairs()
			_, events := collect(tracer, 1)
			if events[0].PeerEvent != 0 {
				t.Errorf("%s is hidden, and the other linked to %d", name, events[0].PeerEvent)
			}
		})
	}
}

// resetPair are the two ends of a refused connect, with sockets that nobody
// needs to look for.
func resetPair() (sent, refused event.Event) {
	sent = closedPort(80)
	refused = received(80, 0)
	refused.Evidence.Facts &^= event.FactHasSocket
	refused.Local, refused.Peer = sent.Peer, sent.Local
	return sent, refused
}

func TestBothEnds(t *testing.T) {
	for _, test := range []struct {
		dirs []event.Dir
		want bool
	}{
		{nil, true},
		{[]event.Dir{event.Sent, event.Received}, true},
		{[]event.Dir{event.Ignored, event.Sent}, true},
		{[]event.Dir{event.Sent}, false},
		{[]event.Dir{event.Received, event.Ignored}, false},
	} {
		if got := bothEnds(test.dirs); got != test.want {
			t.Errorf("%v: %v", test.dirs, got)
		}
	}
}

func BenchmarkPeers(b *testing.B) {
	p := newEndPairs()
	sent, received := theEnds(7)
	b.Run("linked", func(b *testing.B) {
		b.ReportAllocs()
		for n := uint64(0); b.Loop(); n += 2 {
			sent.ID, received.ID = n+1, n+2
			p.pair(&sent)
			p.pair(&received)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/event")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for n := uint64(0); b.Loop(); n++ {
			sent.ID, sent.Peer.Port = n+1, uint16(n)
			p.pair(&sent)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/event")
		b.ReportMetric(0, "ns/op")
	})
}

// onLoopback moves both ends to 127.0.0.1.
func onLoopback(sent, received *event.Event) {
	for _, end := range []*event.Endpoint{&sent.Local, &sent.Peer, &received.Local, &received.Peer} {
		end.Addr = netip.MustParseAddr("127.0.0.1")
	}
}

// TestHiddenEnd: where a filter shows one end of a connection of this host, its
// event says how to see the other, and only there.
func TestHiddenEnd(t *testing.T) {
	const hint = "--port 80 shows both"
	for name, test := range map[string]struct {
		filter string
		change func(sent, received *event.Event)
		alone  bool // the kernel holds the other end back
		blind  bool // to replies
		hinted bool
	}{
		"both are shown":        {hinted: false},
		"the other was seen":    {filter: "comm app", hinted: true},
		"not seen, not local":   {filter: "comm app", alone: true},
		"not seen, on loopback": {filter: "comm app", change: onLoopback, alone: true, hinted: true},
		"not asked for":         {filter: "received", change: onLoopback, alone: true, hinted: true},
		"no filter":             {change: onLoopback, alone: true},
		"a filter of both":      {filter: "port 80 and (sent or received)", change: onLoopback, alone: true},
		"nobody can see it":     {filter: "comm app", change: onLoopback, alone: true, blind: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sent, refused := resetPair()
				received := received(80, 0x100)
				received.Local, received.Peer = refused.Local, refused.Peer
				received.State, received.Evidence.State = event.StateEstablished, event.StateEstablished
				if test.change != nil {
					test.change(&sent, &received)
				}
				f := newFakeSource(resets(sent, received))
				if test.alone {
					f = newFakeSource(resets(received))
				}
				f.holders = func() []event.Holder { return []event.Holder{holderOf(received, 10)} }
				tracer := tracing(f, test.filter)
				tracer.endPairs, tracer.seesSocketless = newEndPairs(), !test.blind
				want := 2
				if test.alone || tracer.filter.Divides() {
					want = 1
				}
				_, events := collect(tracer, want)
				e := events[len(events)-1]
				if got := strings.Contains(e.Remedy, hint); e.Dir != event.Received || got != test.hinted {
					t.Errorf("%s: %q, hint %t, want %t", e.Cause, e.Remedy, got, test.hinted)
				}
			})
		})
	}
}
