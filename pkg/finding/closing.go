package finding

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// closing is how the end that closed first had used the connection, by what either end
// knows.
type closing struct {
	known  bool
	lasted uint64 // milliseconds
	said   uint64 // bytes that it had sent, delivered or not
	read   bool   // it had read something
}

// closingOf looks at the end that closed first if its kernel still has the numbers, else at
// the other one.
func closingOf(r *reset) closing {
	e := r.acted
	if r.seen() && e.Conn.Known {
		return closing{
			known: e.Conn.AgeMillis > 0, lasted: e.Conn.AgeMillis - min(e.Conn.AgeMillis, closedMillis(e)),
			said: payloadSent(e) + uint64(e.Lost.UnackedBytes) + uint64(e.Lost.UnsentBytes),
			read: payloadReceived(e) > uint64(e.Lost.UnreadBytes),
		}
	}
	if r.seen() && !r.both() {
		return closing{}
	}
	other := e
	if r.both() {
		other = r.suffered
	}
	c := &other.Conn
	if !c.Known || c.AgeMillis == 0 || r.seen() && c.PeerFinMillis == 0 {
		return closing{}
	}
	return closing{known: true, lasted: c.AgeMillis - min(c.AgeMillis, c.PeerFinMillis), said: payloadReceived(other), read: payloadSent(other) > 0}
}

// Which causes a close has by chance: what the other end sends comes just before it or just
// after.
var (
	serverCloses = []event.CauseID{cause.UnreadDataOnClose, cause.LingerZero, cause.DataAfterClose, cause.ClosedEarlier}
	clientCloses = []event.CauseID{cause.UnreadDataOnClose, cause.DataAfterClose, cause.ClosedEarlier}
	aborts       = []event.CauseID{cause.LingerZero, cause.Disconnect, cause.DisconnectWithUnsentData}
	checks       = []event.CauseID{cause.LingerZero, cause.Disconnect, cause.DataAfterClose, cause.ClosedEarlier}
	// checksSeen is what the server gets of a check.
	checksSeen = []event.CauseID{cause.PeerAborted, cause.ResetByPeer, cause.HandshakeAborted, cause.WroteAfterPeerClose, cause.ResetAfterPeerClose}
)

// classOfClose says by which kind of close a reset belongs together with others, and the
// cause that stands for all of them.
func (r *reset) classOfClose(here bool) (class, event.CauseID) {
	e, c := r.acted, &r.closing
	switch {
	case r.peerClosedFirst():
		return byCause, e.Cause
	case e.Earlier.EndedBy != "" && e.Earlier.EndedBy != "process":
		return byCause, e.Cause
	case e.Owner.Ended != (event.Ended{}):
		return byEnd, cause.UnreadDataOnClose
	case r.farewell():
		return byFarewell, cause.UnreadDataOnClose
	case c.known && c.said == 0 && c.lasted <= atOnceMillis && (r.seen() && !here && slices.Contains(checks, e.Cause) || !r.seen() && here && slices.Contains(checksSeen, e.Cause)):
		return byCheck, cause.LingerZero
	case r.seen() && here && c.known && !c.read && c.lasted <= soonMillis && c.said <= lineMax && slices.Contains(serverCloses, e.Cause):
		return byTurn, cause.UnreadDataOnClose
	case r.seen() && here && (r.served() || e.Cause == cause.DataAfterClose || e.Cause == cause.ClosedEarlier):
		return byRequest, cause.DataAfterClose
	case r.seen() && !here && slices.Contains(clientCloses, e.Cause):
		return byClient, cause.UnreadDataOnClose
	}
	return byCause, e.Cause
}

// answerMin is less than most answers to a request, of HTTP at least. An upload gets one
// answer, however many parts it has.
const answerMin = 100

// served reports whether a server had answered requests as long as the one that it left
// unread. Of an upload it would have to answer each part.
func (r *reset) served() bool {
	e := r.acted
	if e.Cause != cause.UnreadDataOnClose || !e.Conn.Known || e.Lost.UnreadBytes == 0 {
		return false
	}
	got, next := payloadReceived(e), uint64(e.Lost.UnreadBytes)
	return got >= 2*next && r.closing.said >= got/next*answerMin
}

// peerClosedFirst reports whether data came too late for an end that closed second.
func (r *reset) peerClosedFirst() bool {
	e := r.acted
	return r.seen() && e.Cause != cause.UnreadDataOnClose && (e.State == event.StateCloseWait || e.State == event.StateLastAck)
}

// closings add up how the resets of a group closed.
type closings struct {
	known, read   uint64
	said, slowest uint64 // the most
}

func (s *closings) add(c *closing) {
	if !c.known {
		return
	}
	s.known++
	if c.read {
		s.read++
	}
	s.said, s.slowest = max(s.said, c.said), max(s.slowest, c.lasted)
}

// unread reports whether each close is known, and came before anything was read.
func (g *group) unread() bool { return g.closings.known == g.resets && g.closings.read == 0 }
