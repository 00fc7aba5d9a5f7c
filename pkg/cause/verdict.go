package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// misleading is a kernel reason that names something other than the cause.
type misleading struct {
	cause  event.CauseID
	reason string
}

const (
	notReset = "TCP_RESET does not say that a connection was reset: it is the drop reason of a RST that was not obeyed, "
	oldStamp = "the sequence number may well fit: the timestamp does not, so the kernel looked no further"
)

const stateAlone = "TCP_STATE only says that the connection's state called for a RST when it was torn down: "

// kernelVerdicts holds one sentence for each kernel reason that would send a
// reader the wrong way.
var kernelVerdicts = map[misleading]string{
	{LingerZero, "TCP_STATE"}:      stateAlone + "SO_LINGER {1,0} made close() do it",
	{Disconnect, "TCP_STATE"}:      stateAlone + "connect(AF_UNSPEC) did it",
	{ListenerClosed, "TCP_STATE"}:  stateAlone + "its listener went away before it was accepted",
	{SocketDestroyed, "TCP_STATE"}: stateAlone + "somebody destroyed the socket",
	{FinWait2Timeout, "TCP_STATE"}: stateAlone + "the FIN_WAIT2 timer of a closed socket ran out",
	{Linger2Negative, "TCP_STATE"}: stateAlone + "TCP_LINGER2 is negative, so a closed socket may not wait in FIN_WAIT2",
	{Linger2Negative, "TCP_ABORT_ON_DATA"}: "no data arrived: the kernel uses TCP_ABORT_ON_DATA also when TCP_LINGER2 < 0 " +
		"ends a closed connection as soon as its FIN is acknowledged",
	{Linger2Negative, "TCP_ABORT_ON_LINGER"}: "TCP_ABORT_ON_LINGER is about the socket option TCP_LINGER2, not about SO_LINGER",
	{AcceptQueueOverflow, "INVALID_SYN"}: "no SYN was involved: the kernel reports every refusal in a handshake as INVALID_SYN, " +
		"here a full accept queue",
	{DataAfterClose, "TCP_TIMEWAIT_SOCKET"}: "the connection was not in TIME_WAIT: the kernel keeps a closed FIN_WAIT2 connection " +
		"as a TIME_WAIT mini-socket, and data arrived for it",
	{SynInFinWait2, "TCP_TIMEWAIT_SOCKET"}: "the connection was not in TIME_WAIT: the kernel keeps a closed FIN_WAIT2 connection " +
		"as a TIME_WAIT mini-socket, and a SYN arrived for it",
	{ClosedEarlier, "NO_SOCKET"}:                    "the socket is gone, but that very connection ended on this host a short while ago",
	{ClosedEarlier, "TCP_FLAGS"}:                    "the flags are those of a normal packet: its connection is gone, and only the listener is still there",
	{StraySynAck, "NO_SOCKET"}:                      "the port does not matter: the packet is a SYN-ACK, and no connection is being opened here that it could answer",
	{StraySynAck, "TCP_FLAGS"}:                      "the flags are those of a normal SYN-ACK: no connection is being opened here that it could answer",
	{AckToListener, "TCP_FLAGS"}:                    "the flags are those of a normal ACK: the listener knows no handshake that it completes",
	{KeepaliveUserTimeout, "TCP_KEEPALIVE_TIMEOUT"}: "the kernel names keep-alive for both, but TCP_USER_TIMEOUT set the limit here",
	{MPTCPClose, "TCP_STATE"}:                       stateAlone + "MPTCP ended the whole connection at once",
	{MPTCPReset, "ERROR"}:                           "ERROR means an MPTCP reason that this kernel has no name for",
	{RSTChallenged, "TCP_RESET"}:                    notReset + "as its sequence number is not exact",
	{RSTToListener, "TCP_RESET"}:                    notReset + "as a listener is no connection",
	{RSTToListener, "TCP_FLAGS"}:                    "the flags are those of a normal RST: a listener has no use for it",
	{RSTUnacceptableInSynSent, "TCP_RESET"}:         notReset + "as it does not acknowledge the SYN",
	{RSTOld, "TCP_INVALID_SEQUENCE"}:                "the sequence number is before the window, not beyond it: this kernel has one reason for both",
	{RSTUnacceptable, "TCP_RESET"}:                  notReset + "as its sequence number or what it met does not fit",
	{RSTUnacceptable, "TCP_INVALID_SEQUENCE"}:       "the sequence number may be before the window or beyond it: this kernel has one reason for both",
	{RSTOutOfWindow, "TCP_INVALID_END_SEQUENCE"}:    "the sequence number itself may fit: the payload of the RST ends beyond the window",
	{RSTHandshakeOutOfWindow, "TCP_RFC7323_PAWS"}:   oldStamp,
	{RSTHandshakeOutOfWindow, "TCP_RFC7323_TSECR"}:  oldStamp,
	{RSTTimeWaitOutOfWindow, "TCP_RFC7323_TW_PAWS"}: oldStamp,
	{MPTCPClose, "TCP_ABORT_ON_CLOSE"}:              "no data need have been unread: MPTCP gives this reason to every fast close",
}

// kernelVerdict returns "" where the kernel's reason is absent or fits.
func kernelVerdict(id event.CauseID, reason string) string {
	if reason == "" {
		return ""
	}
	return kernelVerdicts[misleading{id, reason}]
}
