package lab

// ObservationPoint is a point in the kernel where something can be seen that passes
// none of the functions that send or obey a RST. What a tracer can see there
// depends on the kernel: kfree_skb has had a reason since 5.17 and names the
// socket since 6.11, and some drops are silent before 5.19.
type ObservationPoint uint8

const (
	// AtHook: the function of the expectation's Hook, as on every kernel.
	AtHook ObservationPoint = iota
	// AtReply: tcp_v4_send_reset or tcp_v6_send_reset is entered with a RST
	// and returns; then kfree_skb in tcp_v4_rcv or tcp_v4_do_rcv.
	AtReply
	// AtEarlyDrop: kfree_skb in tcp_v4_rcv or tcp_v6_rcv before the connection
	// is looked at: checksum, time to live, signature.
	AtEarlyDrop
	// AtConnection: dropped inside tcp_validate_incoming or
	// tcp_rcv_state_process, which before 5.19 free the packet in silence.
	AtConnection
	// AtRequest: tcp_check_req, then kfree_skb in tcp_v4_rcv with the listener
	// as its socket and no reason of its own.
	AtRequest
	// AtTimeWait: tcp_timewait_state_process, then kfree_skb in tcp_v4_rcv
	// with the mini-socket as its socket.
	AtTimeWait
	// AtLink: nf_reject_skb_v4_tcp_reset or v6, which 5.10 has not: it builds
	// the RST of a bridge's rule in the bridge.
	AtLink
)

var observationPointNames = []string{"hook", "reply", "early-drop", "connection", "request", "time-wait", "link"}

func (s ObservationPoint) String() string { return observationPointNames[s] }
