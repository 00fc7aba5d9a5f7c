package selftest

import (
	"os"
	"slices"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/lab"
)

// checkRole: which end opened a connection is never wrong. It is known of each
// connection that has a socket, because each was seen to begin.
func (c *comparison) checkRole(expected lab.Expectation, e *event.Event) {
	switch role := e.Conn.Role; {
	case role != "" && role != expected.Role:
		c.problemf("%s at %s says that this end is the %s of the connection, it is the %s", e.Cause, e.Local, role, expected.Role)
	case role == "" && e.Conn.Known && expected.Role != "":
		c.problemf("%s at %s does not say that this end is the %s of the connection (%+v)", e.Cause, e.Local, expected.Role, e.Evidence)
	}
}

// checkSegments: what was received or sent came in segments.
func (c *comparison) checkSegments(e *event.Event) {
	n := &e.Conn
	if !n.Known {
		return
	}
	switch {
	case n.SegmentsReceived == nil || n.SegmentsSent == nil || n.SegmentsUnacked == nil:
		c.problemf("%s at %s does not say how many segments there were", e.Cause, e.Local)
	case n.BytesReceived > 1 && *n.SegmentsReceived == 0:
		c.problemf("%s at %s received %d bytes in no segment", e.Cause, e.Local, n.BytesReceived)
	case e.Lost.UnackedBytes > 0 && *n.SegmentsUnacked == 0 && e.Evidence.Has(event.FactInFlight):
		c.problemf("%s at %s has %d bytes on the way in no segment", e.Cause, e.Local, e.Lost.UnackedBytes)
	case e.Evidence.Has(event.FactInFlight) != (*n.SegmentsUnacked > 0) && e.State != event.StateSynSent:
		c.problemf("%s at %s has %d segments on the way, the facts are %s", e.Cause, e.Local, *n.SegmentsUnacked, e.Evidence.Facts)
	}
}

// checkFINs: since when an end has sent its FIN is known if, and only if, it has.
func (c *comparison) checkFINs(e *event.Event) {
	if !e.Conn.Known {
		return
	}
	c.checkFIN("the peer's", e.Conn.PeerFinMillis, e.Evidence.Has(event.FactPeerFIN), e)
	own := false
	switch e.State {
	case event.StateFinWait1, event.StateFinWait2, event.StateClosing, event.StateLastAck:
		own = true
	}
	c.checkFIN("its own", e.Conn.FinMillis, own, e)
	c.checkIdle("the peer's", e.Conn.IdleBeforePeerFinMillis, e.Conn.PeerFinMillis, e)
	c.checkIdle("its own", e.Conn.IdleBeforeFinMillis, e.Conn.FinMillis, e)
}

// checkIdle: the silence before a FIN is known where the FIN is, and no longer than the
// scenario.
func (c *comparison) checkIdle(whose string, idle, fin uint64, e *event.Event) {
	if (idle > 0) != (fin > 0) {
		c.problemf("%s at %s in %s: %s FIN is %d ms old, the silence before it %d ms", e.Cause, e.Local, e.State, whose, fin, idle)
	}
	if most := e.Time.Sub(c.outcome.Began) + clockSlack; time.Duration(idle)*time.Millisecond > most {
		c.problemf("%s at %s: the silence before %s FIN is %d ms, the scenario %s", e.Cause, e.Local, whose, idle, most)
	}
}

func (c *comparison) checkFIN(whose string, millis uint64, due bool, e *event.Event) {
	if (millis > 0) != due {
		c.problemf("%s at %s in %s: %s FIN is %d ms old (%+v)", e.Cause, e.Local, e.State, whose, millis, e.Evidence)
	}
	if most := e.Time.Sub(c.outcome.Began) + clockSlack; time.Duration(millis)*time.Millisecond > most {
		c.problemf("%s at %s: %s FIN is %d ms old, the scenario %s", e.Cause, e.Local, whose, millis, most)
	}
}

// checkListener: how full the queue was is known wherever the listener is at hand.
func (c *comparison) checkListener(expected lab.Expectation, e *event.Event) {
	if expected.Listener.Known && e.Listener != expected.Listener {
		c.problemf("%s at %s says that the queue of the listener was %+v, it was %+v (%+v)", e.Cause, e.Local, e.Listener, expected.Listener, e.Evidence)
	}
}

// checkKiller: a scenario kills its processes with this one, or they kill each other.
func (c *comparison) checkKiller(e *event.Event) {
	k, signal := e.Owner.KilledBy, e.Owner.Ended.Signal
	if (k != event.Killer{}) != (signal != "") {
		c.problemf("%s at %s: the owner ended by %q, and %+v killed it", e.Cause, e.Local, signal, k)
		return
	}
	if signal == "SIGKILL" && (int(k.PID) != os.Getpid() || k.Comm == "" || k.Kernel || k.OOM) {
		c.problemf("%s at %s: %+v killed the owner, it was process %d", e.Cause, e.Local, k, os.Getpid())
	}
}

// checkParent: this process started all that own a socket, or they started each other.
// Only the kernel says who was the parent at the hook: in /proc it may have ended.
func (c *comparison) checkParent(expected lab.Expectation, e *event.Event) {
	if expected.Owner == "" || e.Owner.Source != event.FromCurrent {
		return
	}
	parent := e.Owner.Parent
	isActor := func(a lab.ActorInfo) bool { return a.PID == int(parent.PID) }
	if parent.Comm == "" || int(parent.PID) != os.Getpid() && !slices.ContainsFunc(c.outcome.Actors, isActor) {
		c.problemf("%s at %s says that %s[%d] is the parent of the owner", e.Cause, e.Local, parent.Comm, parent.PID)
	}
}
