package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// Explain decides the cause of e from e.Evidence and writes what a person
// reads: Cause, Dir, Certainty, Because, Summary, Remedy, App, KernelVerdict
// and IETFCause. Every other field is left alone.
//
// It may be called again when more is known, for example once Owner or By is
// filled: the same event gives the same text, a better known one a better text.
func Explain(e *event.Event) {
	var x Explainer
	x.Explain(e)
}

// remedy is the usual one, unless the event knows better: the peer is at hand,
// this side was still writing when the peer had closed, or the peer breaks the
// protocol.
func remedy(e *event.Event, usual string) string {
	switch {
	case e.PeerEvent != 0 && (e.Cause == PeerAborted || e.Cause == ResetByPeer):
		return "See the event of the other end: it is on this host, and names the cause"
	case e.Cause == ResetAfterPeerClose && e.Lost.UnsentBytes > 0:
		return "Read while you write: the peer closed before it had taken all, and what it said before that may tell why"
	case behindFIN(e):
		return "Look at the peer and at what changes packets on the way: a TCP sends nothing behind its own FIN"
	}
	return usual
}

// because lists what a likely cause rests on, and beside an exact one what the
// flow memory knows of the address: it does not decide there.
func because(e *event.Event, v *Verdict) []string {
	if e.Evidence.Socket != event.SockNone {
		return v.Because
	}
	switch v.Cause {
	case ClosedPort:
		if line := formerSocket(e); line != "" {
			return []string{line}
		}
	case StraySynAck:
		if line := closedBefore(e); line != "" {
			return []string{line}
		}
	}
	return v.Because
}
