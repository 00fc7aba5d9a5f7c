package tracing

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// endedAt is a RST that ended a connection of a server.
func endedAt(nanos uint64) *event.Event {
	e := &event.Event{
		Dir: event.Received, Cause: cause.PeerGone, Netns: event.Netns{Inode: 7},
		Local: event.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 80},
		Peer:  event.Endpoint{Addr: netip.MustParseAddr("10.0.0.9"), Port: 4000},
		Owner: event.Owner{PID: 5, Comm: "web", Source: event.FromSocket, Others: []event.ProcessRef{{PID: 4}}},
	}
	e.Evidence = event.Evidence{Hook: event.HookReceive, Socket: event.SockFull, State: event.StateEstablished}
	e.Kernel.HookNanos, e.Kernel.Cgroup = nanos, 70
	return e
}

// sentOn is a packet that came after it.
func sentOn(nanos uint64, closing event.Closing) *event.Event {
	e := endedAt(nanos)
	e.Dir, e.Cause, e.Owner, e.Kernel.Cgroup = event.Sent, cause.ClosedEarlier, event.Owner{}, 0
	e.Evidence = event.Evidence{Hook: event.HookSendReply, Socket: event.SockNone, Facts: event.FactRemembered}
	closing.Precision = 4 * time.Millisecond
	e.Kernel.Closing = closing
	return e
}

func TestEndings(t *testing.T) {
	const second = uint64(time.Second)
	reset := event.Closing{Ago: 100 * time.Millisecond, EndedBy: event.EndedByReset}
	web := event.Owner{PID: 5, Comm: "web", Source: event.FromSocket}
	closer := event.Owner{PID: 6, Comm: "other", Source: event.FromCloser}
	for name, test := range map[string]struct {
		end    func(*event.Event) // changes the event that ended the connection
		number uint64
		then   *event.Event
		known  event.Owner // of the later event, from the record
		want   event.Earlier
		owner  event.Owner
	}{
		"a RST": {number: 12, then: sentOn(2*second, reset), owner: web,
			want: event.Earlier{Event: 12, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"a RST that a filter hides": {then: sentOn(2*second, reset), owner: web,
			want: event.Earlier{Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"the owner is known better": {number: 12, then: sentOn(2*second, reset), known: closer, owner: closer,
			want: event.Earlier{Event: 12, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"in the owner's own call": {number: 12, then: sentOn(2*second, reset), end: func(e *event.Event) { e.Owner.Source = event.FromCurrent },
			owner: event.Owner{PID: 5, Comm: "web", Source: event.FromCloser},
			want:  event.Earlier{Event: 12, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"the note has ticks only": {number: 12, owner: web,
			then: sentOn(2*second, event.Closing{Ago: 93 * time.Millisecond, EndedBy: event.EndedByReset}),
			want: event.Earlier{Event: 12, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"the tick was late": {number: 12, owner: web,
			then: sentOn(2*second, event.Closing{Ago: time.Millisecond, EndedBy: event.EndedByReset}),
			want: event.Earlier{Event: 12, Cause: cause.PeerGone, EndedBy: "reset", AgoMillis: 100}},
		"a close after it, of the next connection": {number: 12, known: closer, owner: closer,
			then: sentOn(2*second, event.Closing{Ago: 50 * time.Millisecond, From: event.StateEstablished, To: event.StateFinWait1}),
			want: event.Earlier{AgoMillis: 50}},
		"a timer after it, of the next connection": {number: 12,
			then: sentOn(2*second, event.Closing{Ago: 50 * time.Millisecond, EndedBy: event.EndedByTimeout}),
			want: event.Earlier{EndedBy: "timeout", AgoMillis: 50}},
		"of an earlier connection": {number: 12, end: func(e *event.Event) { e.Kernel.HookNanos = second / 2 },
			then: sentOn(2*second, reset), want: event.Earlier{EndedBy: "reset", AgoMillis: 100}},
		"closed first, and reset then": {number: 12, known: closer, owner: closer,
			then: sentOn(2*second, event.Closing{Ago: time.Second}),
			want: event.Earlier{Event: 12, Cause: cause.PeerGone, AgoMillis: 100}},
		"another namespace": {number: 12, end: func(e *event.Event) { e.Netns.Inode = 8 },
			then: sentOn(2*second, reset), want: event.Earlier{EndedBy: "reset", AgoMillis: 100}},
		"the other end": {number: 12, end: func(e *event.Event) { e.Local, e.Peer = e.Peer, e.Local },
			then: sentOn(2*second, reset), want: event.Earlier{EndedBy: "reset", AgoMillis: 100}},
		"an attempt": {number: 12, end: func(e *event.Event) { e.Evidence.State = event.StateSynSent },
			then: sentOn(2*second, reset), want: event.Earlier{EndedBy: "reset", AgoMillis: 100}},
		"a timer without an event": {number: 12, end: func(e *event.Event) { e.Netns.Inode = 8 },
			then: sentOn(2*second, event.Closing{Ago: 100 * time.Microsecond, EndedBy: event.EndedByTimeout}), want: event.Earlier{EndedBy: "timeout", AgoMillis: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var n endings
			end, then := endedAt(2*second-uint64(100*time.Millisecond)), test.then
			if test.end != nil {
				test.end(end)
			}
			n.record(end, test.number)
			n.record(sentOn(second, reset), 13) // an echo ends nothing
			then.Owner = test.known
			n.linkEarlier(then)
			if diff := cmp.Diff(test.want, then.Earlier); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.owner, then.Owner, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("owner (-want +got):\n%s", diff)
			}
			if then.Owner.PID == 5 && then.Kernel.Cgroup != 70 {
				t.Errorf("the control group is %d, want that of the socket", then.Kernel.Cgroup)
			}
		})
	}
}

// TestEndingsBounded: the latest endings are known, whatever came before.
func TestEndingsBounded(t *testing.T) {
	var n endings
	const second, all = uint64(time.Second), 20 * endingSets * endingWays
	at := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	for i := range all {
		e := endedAt(second + uint64(i))
		e.Peer.Addr = at(i)
		n.record(e, uint64(i+1))
	}
	then := sentOn(second+all+1e6, event.Closing{Ago: time.Millisecond, EndedBy: event.EndedByReset})
	then.Peer.Addr = at(all - 1)
	n.linkEarlier(then)
	if then.Earlier.Event != all || len(n.sets) != endingSets {
		t.Errorf("%+v, %d sets", then.Earlier, len(n.sets))
	}
}
