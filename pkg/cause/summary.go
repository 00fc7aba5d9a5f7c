package cause

import (
	"fmt"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// summary is one sentence with the event's own values, for somebody who reads
// it at night and knows TCP from the outside. It must read well with nothing
// known but the addresses, and claim nothing that the evidence does not show.
func summary(e *event.Event) string {
	return summaryOf(e) + Said(&e.RST)
}

// Said is what a RST says of itself, as a clause: "; the RST says …". It is empty if the RST
// says nothing.
func Said(rst *event.Segment) string {
	text := ""
	if rst.DiagText != "" {
		text += "; the RST says " + strconv.Quote(rst.DiagText)
	}
	if rst.Reason != nil {
		text += "; the RST gives the reason " + ReasonText(rst.Reason)
	}
	return text
}

// ReasonText is the name of a code, if it is known, and whose code it is.
func ReasonText(r *event.Reason) string {
	switch {
	case r.Registry == event.RegistryLinux:
		return fmt.Sprintf("%s (Linux code %d)", r.Name, r.Code)
	case r.Registry == event.RegistryMPTCP:
		return fmt.Sprintf("%q (MPTCP code %d)", r.Name, r.Code)
	case r.Registry == event.RegistryVendor && r.Vendor != "":
		return fmt.Sprintf("%d of vendor %d (%s)", r.Code, r.PEN, r.Vendor)
	case r.Registry == event.RegistryVendor:
		return fmt.Sprintf("%d of vendor %d", r.Code, r.PEN)
	case r.Name == "":
		return fmt.Sprintf("%d of the IETF registry", r.Code)
	}
	return fmt.Sprintf("%q (IETF code %d)", r.Name, r.Code)
}

func summaryOf(e *event.Event) string {
	if write, ok := briefSummaries[e.Cause]; ok {
		return string(write(nil, e))
	}
	if write, ok := summaries[e.Cause]; ok {
		return write(e)
	}
	if e.Dir == event.Ignored {
		return ignoredSummary(e)
	}
	return unclassifiedSummary(e)
}

var summaries = map[event.CauseID]func(*event.Event) string{
	UnreadDataOnClose:        unreadSummary,
	Disconnect:               disconnectSummary,
	DisconnectWithUnsentData: unsentSummary,
	ListenerClosed:           listenerSummary,
	SocketDestroyed:          destroyedSummary,
	Linger2Negative:          linger2Summary,
	OrphanLimit:              orphanSummary,
	KeepaliveTimeout:         keepaliveSummary,
	KeepaliveUserTimeout:     userTimeoutSummary,
	FinWait2Timeout:          finWait2Summary,
	ClosedEarlier:            closedEarlierSummary,
	DataAfterClose:           dataAfterCloseSummary,
	SynInFinWait2:            synInFinWait2Summary,
	AckToListener:            ackToListenerSummary,
	StraySynAck:              straySynAckSummary,
	SynInHandshake:           synInHandshakeSummary,
	AcceptQueueOverflow:      overflowSummary,
	BadAckInSynSent:          badAckInSynSentSummary,
	BadTimestampInSynSent:    badTimestampSummary,
	BadAckInHandshake:        badAckInHandshakeSummary,
	MPTCPClose:               mptcpCloseSummary,
	MPTCPJoinRefused:         joinRefusedSummary,
	MPTCPReset:               mptcpResetSummary,
	NetfilterReject:          rejectSummary,
	WroteAfterPeerClose:      wroteAfterPeerCloseSummary,
	ResetAfterPeerClose:      resetAfterPeerCloseSummary,
	ResetWhileClosing:        resetWhileClosingSummary,
	HandshakeAborted:         handshakeAbortedSummary,
	TimeWaitKilled:           timeWaitKilledSummary,
}

func unclassifiedSummary(e *event.Event) string {
	what := "sent"
	if e.Dir == event.Received {
		what = "received"
	}
	return fmt.Sprintf("A RST between %s and %s was %s in a way that rsttrace does not know: please report it with --evidence",
		e.Local, e.Peer, what)
}
