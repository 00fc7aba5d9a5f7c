package wire

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Kind is what the rules tell apart.
type Kind uint8

// The kinds. Where one side is said to have done something, that is S, the end in whose
// name the RST was sent.
const (
	Unknown     Kind = iota
	RefusedSYN       // S answered a SYN
	NoSocket         // S knows no such connection
	AfterClose       // S had closed, and T went on
	AfterReset       // S had reset the connection, and answers what still comes
	Abort            // S ended a connection that it knew
	OddAbort         // the same, in a shape that Linux does not send
	KeepAlive        // S gave up: its probes were not answered
	BrokenOff        // S began a handshake and ended it
	Unasked          // S had not asked for the SYN-ACK
	Challenged       // T did not obey at once
	BadSum           // T could not obey
	NoSignature      // T does not believe it
	FastClosed       // MPTCP of S closed the whole connection
	SubflowGone      // MPTCP of S gave up a subflow
	OtherDevice      // not S sent it, but a device between
	Injected         // somebody forged it
	kinds       = iota
)

// meaning is how a kind is put into an event.
type meaning struct {
	name string // in the table of docs/wire.md
	// observed is the cause if nobody has said which end is ours, sent if S is ours,
	// received if T is. Where received is empty, the state of T decides.
	observed, sent, received event.CauseID
	ignored                  bool // T does not obey
}

// String is what the kind says of S.
func (k Kind) String() string { return meanings[k].name }

// meanings has the row of every kind.
var meanings = [kinds]meaning{
	Unknown:     {name: "unknown", observed: cause.WireUnknown, sent: cause.WireUnknown, received: cause.WireUnknown},
	RefusedSYN:  {name: "refused", observed: cause.Refused, sent: cause.WireRefused, received: cause.Refused},
	NoSocket:    {name: "does not know the connection", observed: cause.PeerGone, sent: cause.WireNoConnection},
	AfterClose:  {name: "had closed before", observed: cause.WroteAfterPeerClose, sent: cause.WireAfterClose},
	AfterReset:  {name: "had reset before", observed: cause.ClosedEarlier, sent: cause.ClosedEarlier, received: cause.RSTNoConnection, ignored: true},
	Abort:       {name: "aborted", observed: cause.PeerAborted, sent: cause.WireAbort},
	OddAbort:    {name: "aborted, not as Linux does", observed: cause.ResetByPeer, sent: cause.WireAbort},
	KeepAlive:   {name: "keep-alive ran out", observed: cause.KeepaliveTimeout, sent: cause.KeepaliveTimeout, received: cause.PeerAborted},
	BrokenOff:   {name: "broke off the handshake", observed: cause.HandshakeAborted, sent: cause.WireBrokenOff, received: cause.HandshakeAborted},
	Unasked:     {name: "had not asked", observed: cause.StraySynAck, sent: cause.StraySynAck, received: cause.HandshakeAborted},
	Challenged:  {name: "challenged", observed: cause.RSTChallenged, sent: cause.WireAbort, received: cause.RSTChallenged, ignored: true},
	BadSum:      {name: "bad checksum", observed: cause.RSTBadChecksum, sent: cause.RSTBadChecksum, received: cause.RSTBadChecksum, ignored: true},
	NoSignature: {name: "no signature", observed: cause.RSTBadSignature, sent: cause.RSTBadSignature, received: cause.RSTBadSignature, ignored: true},
	FastClosed:  {name: "MPTCP fast close", observed: cause.MPTCPClose, sent: cause.MPTCPClose},
	SubflowGone: {name: "MPTCP subflow reset", observed: cause.MPTCPReset, sent: cause.MPTCPReset},
	OtherDevice: {name: "sent by another device", observed: cause.WireOtherDevice, sent: cause.WireOtherDevice, received: cause.WireOtherDevice},
	Injected:    {name: "injected", observed: cause.WireInjected, sent: cause.WireInjected, received: cause.WireInjected},
}

// causeOf is the cause of a RST of this kind, seen from that side.
func causeOf(v *sight, k Kind, dir event.Dir) event.CauseID {
	m := &meanings[k]
	id := m.received
	switch {
	case dir == event.Sent:
		return m.sent
	case dir == event.Observed:
		id = m.observed
	case id == "":
		id = m.observed
	}
	switch k {
	case Challenged:
		if v.s.syn && v.s.nAcks == 0 {
			return cause.RSTHandshakeChallenged
		}
	case NoSocket, Abort, OddAbort, AfterClose, FastClosed, SubflowGone:
		return closing(v, k, dir, id)
	}
	return id
}

// closing is the cause at an end T that had closed, or whose peer had, as the live
// tracer names it.
func closing(v *sight, k Kind, dir event.Dir, open event.CauseID) event.CauseID {
	mptcp := k == FastClosed || k == SubflowGone
	switch {
	case mptcp && dir == event.Observed:
		return open
	case v.timeWait():
		return cause.TimeWaitKilled
	case v.t.fin:
		return cause.ResetWhileClosing
	case v.s.fin && v.t.dataFrame > v.s.finFrame:
		return cause.WroteAfterPeerClose
	case v.s.fin:
		return cause.ResetAfterPeerClose
	case mptcp:
		return cause.PeerAborted
	}
	return open
}

// timeWait: T had closed first, and both ends have acknowledged the other's FIN.
func (v *sight) timeWait() bool {
	acked := func(x, y *side) bool { return x.fin && y.acked && before(x.finSeq, y.ack) }
	return acked(&v.s, &v.t) && acked(&v.t, &v.s) && v.t.finFrame < v.s.finFrame
}
