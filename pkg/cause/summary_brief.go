package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// briefSummaries are those of the causes that come by the hundred thousand: port
// scans, clients that try again and again, health checks that abort, a server or a
// firewall that has forgotten its connections. They are appended to what the
// caller has, so that nothing is allocated for them.
var briefSummaries = map[event.CauseID]func([]byte, *event.Event) []byte{
	LingerZero:  appendLingerZero,
	ClosedPort:  appendClosedPort,
	HalfOpen:    appendHalfOpen,
	Refused:     appendRefused,
	PeerAborted: appendPeerAborted,
	PeerGone:    appendPeerGone,
	ResetByPeer: appendResetByPeer,
}

func appendLingerZero(text []byte, e *event.Event) []byte {
	who := caller(e)
	text = append(who.appendOr(text, "The application"), ' ')
	if who.ended != "" {
		text = append(append(text, who.ended...), ", and SO_LINGER {1,0} made that reset its connection with "...)
		return appendAlsoLost(e.Peer.AppendTo(text), e.Lost, true)
	}
	text = append(append(text, mostLikely(e)...), "closed the connection with "...)
	text = append(e.Peer.AppendTo(text), " with SO_LINGER {1,0}, which sends a RST instead of a FIN"...)
	return appendAlsoLost(text, e.Lost, true)
}

func appendClosedPort(text []byte, e *event.Event) []byte {
	text = append(e.Peer.AppendTo(text), " tried to connect to "...)
	text = append(e.Local.AppendTo(text), ", where nothing listens"...)
	return appendElsewhere(text, &e.Elsewhere)
}

// appendElsewhere says who listens on the same port of another address.
func appendElsewhere(text []byte, at *event.Elsewhere) []byte {
	if at.Port == 0 {
		return text
	}
	who := actor{pid: at.PID, comm: at.Comm}
	text = who.appendOr(append(text, ", but "...), "somebody")
	return append(at.AppendTo(append(text, " listens on "...)), " of this host"...)
}

func appendHalfOpen(text []byte, e *event.Event) []byte {
	text = appendPacketName(append(e.Peer.AppendTo(text), " sent "...), &e.Trigger)
	text = e.Local.AppendTo(append(text, " to "...))
	return append(text, " for a connection that this host does not know"...)
}

func appendRefused(text []byte, e *event.Event) []byte {
	text = append(e.Peer.AppendTo(text), " refused the connection"...)
	if who := whose(e); who.pid != 0 {
		text = who.appendOr(append(text, " of "...), "")
	}
	switch e.Kernel.OtherEndCause {
	case ClosedPort:
		return append(text, ": nothing listens there"...)
	case NetfilterReject:
		return append(text, ": a firewall rule on this host refused it"...)
	}
	switch {
	case e.PeerEvent != 0: // it has another cause
		return text
	case e.Kernel.PeerListens:
		return append(text, " although something listens there now: a firewall rule refused it, or the listener came a moment later"...)
	}
	return append(text, ": nothing listens there, or a firewall in front of it answered"...)
}

// appendSentByNone is about a RST in the name of an end on this host that sent none.
func appendSentByNone(text []byte, e *event.Event) []byte {
	text = e.Peer.AppendTo(append(text, "a RST in the name of "...))
	return appendAlsoLost(append(text, ", which no socket of this host sent, ended the connection"...), e.Lost, false)
}

func appendPeerAborted(text []byte, e *event.Event) []byte {
	if e.PeerSent.Verdict == event.PeerSentNone {
		return appendSentByNone(text, e)
	}
	text = append(append(e.Peer.AppendTo(text), ' '), mostLikely(e)...)
	return appendAlsoLost(append(text, "aborted the connection, which it still knew"...), e.Lost, false)
}

func appendPeerGone(text []byte, e *event.Event) []byte {
	if e.PeerSent.Verdict == event.PeerSentNone {
		return appendSentByNone(text, e)
	}
	text = append(e.Peer.AppendTo(text), ", or a device in front of it, "...)
	text = append(append(text, mostLikely(e)...), "no longer knows this connection"...)
	text = appendSilence(text, &e.Conn)
	return appendAlsoLost(text, e.Lost, false)
}

func appendResetByPeer(text []byte, e *event.Event) []byte {
	if e.PeerSent.Verdict == event.PeerSentNone {
		return appendSentByNone(text, e)
	}
	return appendAlsoLost(append(e.Peer.AppendTo(text), " reset the connection"...), e.Lost, false)
}
