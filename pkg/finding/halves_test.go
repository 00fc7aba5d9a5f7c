package finding

import (
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestHalvesOfAStorm: in a storm one end of some resets is missing. They are like those
// before, and nobody else is accused. One of another process or another time is not.
func TestHalvesOfAStorm(t *testing.T) {
	refused := func(change func(e *event.Event)) event.Event {
		return with(receivedBy(3, cause.Refused, "curl"), change)
	}
	for name, test := range map[string]struct {
		half event.Event
		same bool
	}{
		"the client's end": {refused(func(e *event.Event) { e.Time = start.Add(time.Second) }), true},
		"the server's end": {with(sentBy(3, cause.ClosedPort, ""), func(e *event.Event) { e.Time = start.Add(time.Second) }), true},
		"another process":  {refused(func(e *event.Event) { e.Time, e.Owner.PID = start.Add(time.Second), 201 }), false},
		"another port":     {refused(func(e *event.Event) { e.Time, e.Peer.Port = start.Add(time.Second), 8001 }), false},
		"another client":   {with(sentBy(3, cause.ClosedPort, ""), func(e *event.Event) { e.Time, e.Peer = start.Add(time.Second), endpoint("203.0.113.7:40000") }), false},
		"much later":       {refused(func(e *event.Event) { e.Time = start.Add(11 * time.Second) }), false},
		"another cause":    {with(receivedBy(3, cause.PeerGone, "curl"), func(e *event.Event) { e.Time = start.Add(time.Second) }), false},
	} {
		sent, received := pair(sentBy(1, cause.ClosedPort, ""), receivedBy(2, cause.Refused, "curl"))
		f := run(t, sent, received, test.half).last(t, 1)
		want := uint64(1)
		if test.same {
			want = 2
		}
		if f.Resets != want {
			t.Errorf("%s: %d resets are one finding, want %d", name, f.Resets, want)
		}
	}
}

// TestHalvesOfPairs: what holds of refused connections holds of every pair of causes.
func TestHalvesOfPairs(t *testing.T) {
	for _, causes := range [][2]event.CauseID{
		{cause.ClosedPort, cause.Refused},
		{cause.UnreadDataOnClose, cause.PeerAborted},
		{cause.LingerZero, cause.PeerAborted},
		{cause.DataAfterClose, cause.WroteAfterPeerClose},
		{cause.ListenerClosed, cause.PeerAborted},
		{cause.HalfOpen, cause.PeerGone},
		{cause.AcceptQueueOverflow, cause.Refused},
		{cause.OrphanLimit, cause.ResetWhileClosing},
	} {
		sent, received := pair(sentBy(1, causes[0], "app"), receivedBy(2, causes[1], "curl"))
		alone, other := sentBy(3, causes[0], "app"), receivedBy(4, causes[1], "curl")
		other.PeerSent = event.PeerSent{Verdict: event.PeerSentNotSeen, Because: "--max-rate may have left its event out"}
		forged := receivedBy(5, causes[1], "curl")
		forged.PeerSent = event.PeerSent{Verdict: event.PeerSentNone, Because: "each RST is seen"}
		c := run(t, sent, received, alone, other, forged)
		if f := c.last(t, 1); f.Resets != 3 {
			t.Errorf("%s: the finding has %d resets, want 3", causes, f.Resets)
		}
		if f := c.last(t, 2); f.Resets != 1 || f.Dir != event.Received {
			t.Errorf("%s: a RST that nobody here sent is not of its own: %+v", causes, f)
		}
	}
}
