package finding

import (
	"net/netip"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// reset is one RST with what is known of both of its ends. Both are valid only while
// the stage works on it.
type reset struct {
	acted    *event.Event // of the end that decides the reason; never nil
	suffered *event.Event // the end that got the RST, where it was seen, too
}

// resetOf tells which of two ends acted. The second may be nil.
func resetOf(a, b *event.Event) reset {
	switch {
	case b == nil && a.Dir == event.Sent:
		return reset{acted: a}
	case b == nil:
		return reset{acted: a, suffered: a}
	case b.Dir == event.Sent:
		return reset{acted: b, suffered: a}
	default:
		return reset{acted: a, suffered: b}
	}
}

// seen reports whether the end that sent the RST was seen.
func (r *reset) seen() bool { return r.acted.Dir == event.Sent }

// both reports whether both ends are on this host and were seen.
func (r *reset) both() bool { return r.suffered != nil && r.suffered != r.acted }

// serverOf is the end that listens, and whether it is the one on this side of e. Where
// neither the connection nor the cause says it, the lower port does: ports that the
// kernel chooses for clients begin at 32768.
func serverOf(e *event.Event) (server event.Endpoint, here bool) {
	switch e.Conn.Role {
	case event.Client:
		return e.Peer, false
	case event.Server:
		return e.Local, true
	}
	switch e.Cause {
	case cause.ClosedPort, cause.AcceptQueueOverflow, cause.AckToListener, cause.SynInHandshake, cause.BadAckInHandshake,
		cause.ListenerClosed, cause.HandshakeAborted, cause.RSTToListener, cause.RSTHandshakeChallenged, cause.RSTHandshakeOutOfWindow,
		cause.MPTCPJoinRefused:
		return e.Local, true
	case cause.BadAckInSynSent, cause.BadTimestampInSynSent, cause.StraySynAck, cause.Refused, cause.RSTUnacceptableInSynSent:
		return e.Peer, false
	}
	if e.Local.Port <= e.Peer.Port {
		return e.Local, true
	}
	return e.Peer, false
}

// clientOf is the address of the other end.
func clientOf(e *event.Event, serverHere bool) netip.Addr {
	if serverHere {
		return e.Peer.Addr
	}
	return e.Local.Addr
}

// owners are those of both ends, nil where that end was not seen.
func (r *reset) owners(serverHere bool) (server, client *event.Owner) {
	acted := &r.acted.Owner
	var suffered *event.Owner
	if r.both() {
		suffered = &r.suffered.Owner
	}
	if serverHere {
		return acted, suffered
	}
	return suffered, acted
}

// silenceOf is how long no payload had passed when the end came, and whether that is
// known. The kernel keeps both times from the handshake on.
func silenceOf(e *event.Event) (millis uint64, known bool) {
	c := &e.Conn
	if !c.Known || c.LastReceivedMillis == 0 && c.LastSentMillis == 0 {
		return 0, false
	}
	quiet := min(c.LastReceivedMillis, c.LastSentMillis)
	if quiet == 0 {
		quiet = max(c.LastReceivedMillis, c.LastSentMillis)
	}
	// After a close the silence before it counts. Where the peer closed and this end wrote
	// on, what it had received last tells.
	if e.Dir == event.Received && c.PeerFinMillis > 0 && c.LastReceivedMillis > 0 {
		quiet = c.LastReceivedMillis
	}
	return quiet - min(quiet, closedMillis(e)), true
}

// closedMillis is how long the first close of the connection was ago, 0 where it is not
// known, or there was none.
func closedMillis(e *event.Event) uint64 {
	if e.Dir == event.Received {
		return e.Conn.PeerFinMillis
	}
	return e.Earlier.AgoMillis
}
