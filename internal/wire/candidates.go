package wire

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// candidates are the causes that a tracer at S would choose between. docs/wire.md says
// which of them the lab has shown. nil: one is as good as certain, or none is.
func candidates(v *sight, k Kind) []event.CauseID {
	switch k {
	case RefusedSYN:
		ids := []event.CauseID{cause.ClosedPort, cause.NetfilterReject}
		if v.t.join {
			ids = append(ids, cause.MPTCPJoinRefused)
		}
		if v.inside {
			ids = append(ids, cause.SynInHandshake, cause.SynInFinWait2)
		}
		return ids
	case NoSocket:
		return notKnown(v)
	case AfterClose:
		return []event.CauseID{cause.DataAfterClose, cause.ClosedEarlier, cause.HalfOpen, cause.Linger2Negative}
	case Abort:
		return aborted(v)
	case KeepAlive:
		return []event.CauseID{cause.KeepaliveTimeout, cause.KeepaliveUserTimeout}
	case SubflowGone:
		return []event.CauseID{cause.MPTCPReset, cause.MPTCPJoinRefused, cause.SocketDestroyed}
	case BrokenOff:
		if v.bare() {
			return []event.CauseID{cause.StraySynAck, cause.BadAckInSynSent, cause.BadTimestampInSynSent}
		}
	}
	return nil
}

// notKnown: what answers a packet alone. Right behind the handshake it may be the
// listener that does.
func notKnown(v *sight) []event.CauseID {
	ids := []event.CauseID{cause.HalfOpen, cause.ClosedEarlier}
	if v.s.synAck && v.s.data == 0 {
		ids = []event.CauseID{cause.AcceptQueueOverflow, cause.AckToListener, cause.BadAckInHandshake, cause.ClosedEarlier, cause.HalfOpen}
	}
	if v.s.packets == 0 && v.t.acked && !v.t.syn {
		ids = append(ids, cause.AckToListener)
	}
	if v.t.fin {
		ids = append(ids, cause.DataAfterClose)
	}
	return append(ids, cause.NetfilterReject)
}

// aborted: who ends a living connection, and why.
func aborted(v *sight) []event.CauseID {
	var ids []event.CauseID
	if v.unread() || v.t.data > 0 {
		ids = append(ids, cause.UnreadDataOnClose)
	}
	ids = append(ids, cause.LingerZero)
	if v.s.fin {
		return append(ids, cause.FinWait2Timeout, cause.Linger2Negative, cause.OrphanLimit, cause.DisconnectWithUnsentData, cause.Disconnect, cause.SocketDestroyed)
	}
	if v.s.synAck {
		ids = append(ids, cause.ListenerClosed)
	}
	if v.t.fin {
		ids = append(ids, cause.DisconnectWithUnsentData)
	}
	return append(ids, cause.SocketDestroyed, cause.Disconnect, cause.OrphanLimit)
}
