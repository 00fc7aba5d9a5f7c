package event

// Evidence is the set of kernel facts that decide a cause, and nothing else:
// events with equal evidence have the same cause. It is also the key of the
// exact in-kernel counters, so it holds enums and booleans, never numbers.
type Evidence struct {
	Hook   Hook     `json:"hook"`
	Socket SockKind `json:"socket"`
	State  State    `json:"state,omitzero"` // at the hook
	// Prior is the state before the kernel changed it, from the state-change
	// hook; for a TIME_WAIT mini-socket its substate. Absent when not seen.
	Prior  State    `json:"prior,omitzero"`
	Packet TCPFlags `json:"packet,omitzero"` // FIN, SYN, RST, ACK of the packet at the hook; see SeesPacket
	Caller Caller   `json:"caller,omitzero"`
	// Reason is the kernel's own word, by name: of enum sk_rst_reason, or of
	// enum skb_drop_reason where Dropped.
	Reason  string `json:"reason,omitzero"`
	Dropped bool   `json:"dropped,omitzero"`
	Chain   Chain  `json:"chain,omitzero"`
	Family  Family `json:"family"`
	Facts   Facts  `json:"facts,omitzero"`
}

// Hook is the place in the kernel where the event was seen.
type Hook uint8

const (
	HookSendActive Hook = iota + 1 // tcp_send_active_reset: the kernel aborts a connection
	HookSendReply                  // tcp_v4_send_reset, tcp_v6_send_reset: answer to a packet
	HookReceive                    // tcp_reset: an incoming RST is obeyed
	HookReject                     // nf_send_reset and kin: a firewall rule answers
	HookIgnore                     // an incoming RST is dropped
)

// SockKind is the kind of socket that the kernel had for the packet.
type SockKind uint8

const (
	SockNone     SockKind = iota + 1 // no socket at all
	SockFull                         // struct tcp_sock, listeners included
	SockRequest                      // request socket: a handshake under way
	SockTimeWait                     // TIME_WAIT mini-socket
)

// Caller is the kernel function that led to the hook, read from the stack, and
// only where nothing cheaper decides. Of a dropped RST whose socket is not known
// it is the function that dropped it.
type Caller uint8

const (
	CallerOther            Caller = iota + 1 // asked for, none of the known ones
	CallerValidateIncoming                   // tcp_validate_incoming: a RST arrived
	CallerRcvStateProcess                    // tcp_rcv_state_process: data after close, no RST arrived
	CallerCheckReq                           // tcp_check_req
	CallerTCPClose                           // __tcp_close
	CallerStreamConnect                      // __inet_stream_connect: connect(AF_UNSPEC)
	CallerListenStop                         // inet_csk_listen_stop: the listener ends, in its closer's context
	CallerQueueAdd                           // inet_csk_reqsk_queue_add: a child finds its listener gone, in softirq
	CallerAbort                              // tcp_abort
	CallerListenAbort                        // tcp_abort of a listener, which ends it: inet_csk_listen_stop on behalf of somebody else
	CallerRcv                                // tcp_v4_rcv, tcp_v6_rcv: where a packet for a mini-socket is dropped
	CallerDoRcv                              // tcp_v4_do_rcv, tcp_v6_do_rcv
)

// Chain is the netfilter hook of a REJECT rule.
type Chain uint8

const (
	ChainPrerouting Chain = iota + 1
	ChainInput
	ChainForward
	ChainOutput
	ChainPostrouting
	ChainIngress
)

// Facts is a set of booleans about the socket and the packet at the hook.
type Facts uint32

const (
	FactOwned           Facts = 1 << iota // sk_lock.owned: a system call holds the socket, current is its process
	FactDead                              // SOCK_DEAD: no descriptor refers to it any more
	FactHasSocket                         // sk_socket is set
	FactUnread                            // payload received and never read
	FactUnsent                            // payload written and never sent (write_seq past snd_nxt)
	FactInFlight                          // packets_out > 0: sent and not acknowledged
	FactLingerZero                        // SO_LINGER {1,0}
	FactLinger2Negative                   // TCP_LINGER2 < 0
	FactShutRcv                           // sk_shutdown has RCV_SHUTDOWN
	FactShutSend                          // sk_shutdown has SEND_SHUTDOWN
	FactKeepOpen                          // SO_KEEPALIVE
	FactUserTimeout                       // TCP_USER_TIMEOUT is set
	FactMPTCP                             // an MPTCP subflow: the application has another socket above it, also of a client that fell back to TCP
	FactFastOpen                          // a Fast Open child still in the handshake
	FactError                             // sk_err is set
	FactPeerFIN                           // SOCK_DONE: the peer's FIN arrived
	FactQueueFull                         // listener: sk_ack_backlog > sk_max_ack_backlog
	FactAckInRange                        // SYN_SENT: the packet acknowledges something we sent
	FactSeesPacket                        // the hook passed the packet; without it Packet says nothing
	FactPayload                           // the packet carries data
	FactNewData                           // the packet carries data past rcv_nxt
	FactWindow                            // the packet's window is not zero
	FactTSNegotiated                      // TCP timestamps were negotiated
	FactTSSeen                            // the packet carried a timestamp, as the kernel parsed it
	FactFastClose                         // MPTCP: the subflow sends MP_FASTCLOSE
	FactMPJoin                            // MPTCP: the packet carries MP_JOIN
	FactSeqExact                          // ignored RST or mini-socket: its sequence number is rcv_nxt
	FactSeqInWindow                       // the same: it is past rcv_nxt and inside the window
	FactSeqOld                            // the same: it is before rcv_nxt; none of the three: past the window
	FactRemembered                        // no socket: that very connection ended on this host a short while ago
	FactListener                          // ignored RST, socket not seen: one listens at the address that it was sent to
	FactSeqOutside                        // ignored RST, its number not compared: what the kernel did or said puts it outside the window, and of a connection beyond it

	factLast = FactSeqOutside
)

// Has reports whether every fact of want is set.
func (f Facts) Has(want Facts) bool { return f&want == want }

// Any reports whether at least one fact of want is set.
func (f Facts) Any(want Facts) bool { return f&want != 0 }

// Has is short for e.Facts.Has.
func (e Evidence) Has(want Facts) bool { return e.Facts.Has(want) }

// SeesPacket reports whether Packet and the packet's facts mean anything.
func (e Evidence) SeesPacket() bool { return e.Facts.Has(FactSeesPacket) }

var factNames = [...]string{
	"owned", "dead", "hasSocket", "unread", "unsent", "inFlight", "lingerZero", "linger2Negative",
	"shutRcv", "shutSend", "keepOpen", "userTimeout", "mptcp", "fastOpen", "error", "peerFIN",
	"queueFull", "ackInRange", "seesPacket", "payload", "newData", "window", "tsNegotiated", "tsSeen",
	"fastClose", "mpJoin", "seqExact", "seqInWindow", "seqOld", "remembered",
	"listener", "seqOutside",
}

// String lists the facts by name, comma-separated.
func (f Facts) String() string {
	var room [256]byte
	return string(f.AppendTo(room[:0]))
}

// AppendTo appends what String returns.
func (f Facts) AppendTo(text []byte) []byte {
	comma := ""
	for bit, name := range factNames {
		if f&(1<<bit) != 0 {
			text = append(append(text, comma...), name...)
			comma = ","
		}
	}
	return text
}

// StateBefore is the state that mattered: at most hooks the socket is CLOSE
// already, and a TIME_WAIT mini-socket is what its substate says.
func (e Evidence) StateBefore() State {
	switch {
	case e.Socket == SockRequest:
		return StateSynRecv
	case e.State == StateClose:
		return e.Prior
	case e.Socket == SockTimeWait && e.Prior == StateFinWait2:
		return e.Prior
	default:
		return e.State
	}
}
