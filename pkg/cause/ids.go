package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// Ids of the causes of sent RSTs. They are a contract: JSON, metrics and
// filters carry them.
const (
	UnreadDataOnClose        event.CauseID = "unread-data-on-close"
	LingerZero               event.CauseID = "linger-zero"
	Disconnect               event.CauseID = "disconnect"
	DisconnectWithUnsentData event.CauseID = "disconnect-with-unsent-data"
	ListenerClosed           event.CauseID = "listener-closed"
	SocketDestroyed          event.CauseID = "socket-destroyed"
	Linger2Negative          event.CauseID = "linger2-negative"
	OrphanLimit              event.CauseID = "orphan-limit"
	KeepaliveTimeout         event.CauseID = "keepalive-timeout"
	KeepaliveUserTimeout     event.CauseID = "keepalive-user-timeout"
	FinWait2Timeout          event.CauseID = "fin-wait2-timeout"
	ClosedPort               event.CauseID = "closed-port"
	HalfOpen                 event.CauseID = "half-open"
	ClosedEarlier            event.CauseID = "closed-earlier"
	DataAfterClose           event.CauseID = "data-after-close"
	SynInFinWait2            event.CauseID = "syn-in-fin-wait2"
	AckToListener            event.CauseID = "ack-to-listener"
	StraySynAck              event.CauseID = "stray-syn-ack"
	SynInHandshake           event.CauseID = "syn-in-handshake"
	AcceptQueueOverflow      event.CauseID = "accept-queue-overflow"
	BadAckInSynSent          event.CauseID = "bad-ack-in-syn-sent"
	BadTimestampInSynSent    event.CauseID = "bad-timestamp-in-syn-sent"
	BadAckInHandshake        event.CauseID = "bad-ack-in-handshake"
	MPTCPClose               event.CauseID = "mptcp-close"
	MPTCPJoinRefused         event.CauseID = "mptcp-join-refused"
	MPTCPReset               event.CauseID = "mptcp-reset"
	NetfilterReject          event.CauseID = "netfilter-reject"
)

// Ids of the causes of received RSTs that ended or refused a connection.
const (
	Refused             event.CauseID = "refused"
	PeerAborted         event.CauseID = "peer-aborted"
	PeerGone            event.CauseID = "peer-gone"
	ResetByPeer         event.CauseID = "reset-by-peer"
	WroteAfterPeerClose event.CauseID = "wrote-after-peer-close"
	ResetAfterPeerClose event.CauseID = "reset-after-peer-close"
	ResetWhileClosing   event.CauseID = "reset-while-closing"
	HandshakeAborted    event.CauseID = "handshake-aborted"
	TimeWaitKilled      event.CauseID = "time-wait-killed"
)

// Ids of the causes of received RSTs that the kernel did not obey.
const (
	RSTChallenged            event.CauseID = "rst-challenged"
	RSTOutOfWindow           event.CauseID = "rst-out-of-window"
	RSTOld                   event.CauseID = "rst-old"
	RSTNoConnection          event.CauseID = "rst-no-connection"
	RSTToListener            event.CauseID = "rst-to-listener"
	RSTUnacceptable          event.CauseID = "rst-unacceptable"
	RSTUnacceptableInSynSent event.CauseID = "rst-unacceptable-in-syn-sent"
	RSTTimeWaitProtected     event.CauseID = "rst-time-wait-protected"
	RSTTimeWaitOutOfWindow   event.CauseID = "rst-time-wait-out-of-window"
	RSTHandshakeChallenged   event.CauseID = "rst-handshake-challenged"
	RSTHandshakeOutOfWindow  event.CauseID = "rst-handshake-out-of-window"
	RSTBadChecksum           event.CauseID = "rst-bad-checksum"
	RSTTTLTooLow             event.CauseID = "rst-ttl-too-low"
	RSTBadSignature          event.CauseID = "rst-bad-signature"
)

// Ids of what only a capture says: packets leave several causes, or show what no end can
// know.
const (
	WireRefused      event.CauseID = "wire-refused"
	WireNoConnection event.CauseID = "wire-no-connection"
	WireAfterClose   event.CauseID = "wire-after-close"
	WireAbort        event.CauseID = "wire-abort"
	WireBrokenOff    event.CauseID = "wire-broken-off"
	WireOtherDevice  event.CauseID = "wire-other-device"
	WireInjected     event.CauseID = "wire-injected"
	WireUnknown      event.CauseID = "wire-unknown"
)

// Unclassified is the cause of evidence that fits no rule, in any direction.
// It is printed with its full evidence and counts as a bug.
const Unclassified event.CauseID = "unclassified"
