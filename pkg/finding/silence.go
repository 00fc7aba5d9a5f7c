package finding

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// quiet is how long nothing had passed before the end, as well as it is known.
type quiet struct {
	millis   uint64
	known    bool
	inferred bool // from what this end sent last: what it received then is not known
}

// silenceOf decides by case what silence means. Best is what was noted when a FIN came,
// or was due. Without a note there is when the peer was heard last, and when this end sent
// payload last. Both are renewed by what comes after the silence, and a number that was
// renewed is of no use.
func silenceOf(e *event.Event) quiet {
	c := &e.Conn
	switch {
	case e.LocalSent() && e.Earlier.EndedBy == "process" && e.Earlier.IdleBeforeMillis > 0:
		return quiet{millis: e.Earlier.IdleBeforeMillis, known: true}
	case !c.Known && e.Via != event.Capture:
		return quiet{}
	case !e.LocalSent(), e.Cause == cause.KeepaliveTimeout, e.Cause == cause.KeepaliveUserTimeout:
		return silenceOfPeer(c)
	case e.Earlier != (event.Earlier{}):
		return silenceBeforeClose(e)
	}
	return silenceOfBoth(c)
}

// silenceOfPeer is for how long the peer was not heard. What this end sent in that time
// is a request that met the end, or a probe. The FIN of the peer ends its silence: what
// was before is only in the note of that FIN.
func silenceOfPeer(c *event.Conn) quiet {
	millis := c.LastReceivedMillis
	if c.PeerFinMillis > 0 {
		millis = c.IdleBeforePeerFinMillis
	}
	return quiet{millis: millis, known: millis > 0}
}

// silenceBeforeClose: the packet that met the close has renewed when the peer was heard
// last. What is left is when this end sent last. A FIN does not change that, but a request
// without an answer is not in it. An end that never sent payload has no such time, except
// where it never received any either.
func silenceBeforeClose(e *event.Event) quiet {
	c, ago := &e.Conn, e.Earlier.AgoMillis
	switch {
	case ago == 0 || e.Earlier.EndedBy != "process" || c.LastSentMillis <= ago:
		return quiet{}
	case c.BytesAcked > 1:
		return quiet{millis: c.LastSentMillis - ago, known: true, inferred: true}
	case c.BytesReceived == 0:
		return quiet{millis: c.LastSentMillis - ago, known: true}
	}
	return quiet{}
}

// silenceOfBoth: this end ends the connection in a call of its own, so nothing came after
// the silence. Only the FIN of the peer may have.
func silenceOfBoth(c *event.Conn) quiet {
	if c.LastReceivedMillis == 0 || c.LastSentMillis == 0 {
		return quiet{}
	}
	if c.PeerFinMillis > 0 && c.LastReceivedMillis <= c.LastSentMillis {
		return quiet{}
	}
	return quiet{millis: min(c.LastReceivedMillis, c.LastSentMillis), known: true}
}

// closedMillis is how long the first close of the connection was ago, 0 where it is not
// known, or there was none.
func closedMillis(e *event.Event) uint64 {
	if ended(e) {
		return e.Conn.PeerFinMillis
	}
	return e.Earlier.AgoMillis
}
