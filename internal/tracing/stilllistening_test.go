package tracing

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestStillListening: those who listen on the address of a closed listener, in its
// namespace, and nothing where that cannot be read.
func TestStillListening(t *testing.T) {
	const none = "0.0.0.0:0"
	netns := map[string]uint32{"self": 1, "20": 2, "21": 2, "30": 3}
	proc := makeProc(t, map[string][]string{
		"self": {"10.0.0.1:80 " + none + " 0A"},
		"20":   {"10.0.0.1:80 " + none + " 0A", "10.0.0.1:80 " + none + " 0A", "0.0.0.0:80 " + none + " 0A", "10.0.0.2:80 " + none + " 0A", "10.0.0.1:81 " + none + " 0A", "10.0.0.1:80 10.0.0.9:4000 01"},
		"21":   nil,
		"30":   {"10.0.0.1:81 " + none + " 0A"},
	}, netns)
	for name, test := range map[string]struct {
		id    event.CauseID
		inode uint32
		pid   uint32
		want  event.StillListening
	}{
		"the owner's namespace":         {cause.ListenerClosed, 2, 20, event.StillListening{Known: true, Sockets: 3}},
		"the owner is gone":             {cause.ListenerClosed, 3, 99, event.StillListening{Known: true}},
		"its own namespace":             {cause.ListenerClosed, 1, 99, event.StillListening{Known: true, Sockets: 1}},
		"a namespace without a process": {cause.ListenerClosed, 4, 20, event.StillListening{}},
		"another cause":                 {cause.LingerZero, 2, 20, event.StillListening{}},
	} {
		s := &stillListening{sockets: openOpenSockets(proc)}
		e := event.Event{Cause: test.id, Time: time.Now(), Local: endpointOf("10.0.0.1:80"), Owner: event.Owner{PID: test.pid}, Netns: event.Netns{Inode: test.inode}}
		s.complete(&e)
		if diff := cmp.Diff(test.want, e.StillListening); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestStillListeningAfterwards: one look is enough for what happened before it. The next
// one waits, so that all of them take 1 % of a core.
func TestStillListeningAfterwards(t *testing.T) {
	const none = "0.0.0.0:0"
	sockets := openOpenSockets(makeProc(t, map[string][]string{"self": {"10.0.0.1:80 " + none + " 0A"}}, map[string]uint32{"self": 1}))
	now := time.Unix(100, 0)
	sockets.now = func() time.Time { now = now.Add(time.Millisecond); return now }
	s := &stillListening{sockets: sockets}
	known := func(at time.Time) bool {
		e := event.Event{Cause: cause.ListenerClosed, Time: at, Local: endpointOf("10.0.0.1:80"), Netns: event.Netns{Inode: 1}}
		s.complete(&e)
		return e.StillListening.Known
	}
	begun := now
	for range 2 {
		if !known(begun) {
			t.Error("what happened before the look is not known")
		}
	}
	if known(now.Add(time.Millisecond)) {
		t.Error("what happened after the look is known from it")
	}
	now = now.Add(time.Minute)
	if !known(now) {
		t.Error("a minute later it is not looked at again")
	}
}
