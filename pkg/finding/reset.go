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
	closing  closing
}

// resetOf tells which of two ends acted. The second may be nil.
func resetOf(a, b *event.Event) reset {
	switch {
	case b == nil && a.LocalSent():
		return reset{acted: a}
	case b == nil:
		return reset{acted: a, suffered: a}
	case b.LocalSent():
		return reset{acted: b, suffered: a}
	default:
		return reset{acted: a, suffered: b}
	}
}

// ended reports whether the RST came to this end, and may have ended a connection.
func ended(e *event.Event) bool {
	return e.Dir == event.Received || e.Dir == event.Observed && !e.LocalSent()
}

// seen reports whether the end that sent the RST was seen.
func (r *reset) seen() bool { return r.acted.LocalSent() }

// both reports whether both ends are on this host and were seen.
func (r *reset) both() bool { return r.suffered != nil && r.suffered != r.acted }

// serverOf is the end that listens, and whether it is the one on this side of e. Where
// neither the connection nor the cause says it, the lower port does: ports that the
// kernel chooses for clients begin at 32768.
func serverOf(e *event.Event) (server event.Endpoint, here bool) {
	here, known := serverSide(e)
	if !known {
		here = e.Local.Port <= e.Peer.Port
	}
	if here {
		return e.Local, true
	}
	return e.Peer, false
}

// opposite is the role of the other end.
var opposite = map[event.Role]event.Role{event.Client: event.Server, event.Server: event.Client}

// serverSide reports whether the end on this side of e listens, and whether that is known:
// the connection says it, or a cause that only one of both sides can have.
func serverSide(e *event.Event) (here, known bool) {
	if e.Conn.Role != "" {
		return e.Conn.Role == event.Server, true
	}
	switch e.Cause {
	case cause.ClosedPort, cause.AcceptQueueOverflow, cause.AckToListener, cause.SynInHandshake, cause.BadAckInHandshake,
		cause.ListenerClosed, cause.HandshakeAborted, cause.RSTToListener, cause.RSTHandshakeChallenged, cause.RSTHandshakeOutOfWindow,
		cause.MPTCPJoinRefused:
		return true, true
	case cause.BadAckInSynSent, cause.BadTimestampInSynSent, cause.StraySynAck, cause.Refused, cause.RSTUnacceptableInSynSent:
		return false, true
	}
	return false, false
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

// lastWords reports whether it is known that the end that wrote what was unread, or came too
// late, had closed behind it.
func (r *reset) lastWords() bool {
	e := r.acted
	if e.Lost.UnreadBytes > 0 {
		return e.State == event.StateCloseWait || e.State == event.StateLastAck || e.Conn.PeerFinMillis > 0
	}
	if e.Trigger.Flags&event.FIN != 0 {
		return true
	}
	return r.both() && r.suffered.Conn.FinMillis > 0
}
