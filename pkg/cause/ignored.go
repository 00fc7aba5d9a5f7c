package cause

import "github.com/rsttrace/rsttrace/pkg/event"

const ignoredAppSees = "Nothing: the connection goes on."

// ignored: a RST met a connection, a handshake or a TIME_WAIT, and its numbers
// did not fit.
var ignored = []Entry{
	{
		ID: RSTChallenged, Dir: event.Ignored,
		Title: "RST in the window but not exact: challenged",
		Meaning: "The RST lies inside the receive window but is not exactly the next byte expected. A blind attacker could send that, so the " +
			"kernel answers with a challenge ACK (rate-limited): a real peer then repeats the RST with the right number.",
		KernelPath: "tcp_validate_incoming, tcp_send_challenge_ack; drop reason TCP_RESET; counter TCPChallengeACK",
		OnTheWire:  "the incoming RST, then an empty ACK from here",
		AppHere:    ignoredAppSees,
		AppPeer:    "If it really had reset the connection, its kernel answers the challenge ACK with an exact RST.",
		Remedy:     "Ignore single ones, and suspect injected RSTs where no exact RST follows",
		Fix: []string{
			"If an exact RST follows within a round trip, the peer aborted with data of it still on the way: normal.",
			"If none follows, somebody else sent the RST: compare its TTL and IP ID with the peer's other packets.",
			"Connections that hang after this: a firewall drops the challenge ACK or its answer; let it pass both.",
		},
		Reproduce: []string{lab("rst-challenged")},
		Sources:   []string{"tcp_validate_incoming (net/ipv4/tcp_input.c)", "RFC 5961 3.2", "RFC 9293 3.10.7.4"},
	},
	{
		ID: RSTOutOfWindow, Dir: event.Ignored,
		Title: "RST outside the receive window",
		Meaning: "The sequence number of the RST lies outside the receive window, so it does not belong to this connection as it is: a " +
			"blind attack, a confused middlebox, or a RST of an earlier connection on the same ports.",
		KernelPath: "tcp_validate_incoming, tcp_sequence; drop reason TCP_INVALID_SEQUENCE",
		OnTheWire:  "the incoming RST; no answer",
		AppHere:    ignoredAppSees,
		AppPeer:    "Whatever its own side of the connection is; if it has reset it, it answers the next packet.",
		Remedy:     "Compare the RST's TTL with the peer's other packets: it may not come from there",
		Fix: []string{
			"Repeated ones with random seq are a blind reset attack: nothing succeeded; filter the source if it is not the peer.",
			"After a failover a stateful firewall may reset flows with numbers that it never saw.",
		},
		Reproduce: []string{lab("rst-out-of-window")},
		Sources:   []string{"tcp_validate_incoming (net/ipv4/tcp_input.c)", "RFC 9293 3.5.3"},
	},
	{
		ID: RSTOld, Dir: event.Ignored,
		Title: "RST before the receive window",
		Meaning: "The sequence number of the RST was passed already: a late or repeated packet, or one that was built from an " +
			"old packet of ours.",
		KernelPath: "tcp_validate_incoming, tcp_sequence; drop reason TCP_OLD_SEQUENCE (6.6+), TCP_INVALID_SEQUENCE before",
		OnTheWire:  "the incoming RST with an old seq; no answer",
		AppHere:    ignoredAppSees,
		AppPeer:    "If it has reset the connection, it answers the next packet with another RST.",
		Remedy:     "Ignore it unless it repeats, then look for a device that answers in the peer's name",
		Fix: []string{
			"Middleboxes that end flows often send several RSTs with guessed numbers: one old, one exact.",
		},
		Reproduce: []string{lab("rst-old")},
		Sources:   []string{"tcp_validate_incoming (net/ipv4/tcp_input.c)", "RFC 9293 3.5.3"},
	},
	{
		ID: RSTUnacceptable, Dir: event.Ignored,
		Title: "RST that does not fit",
		Meaning: "The kernel ignored the RST because its sequence number does not fit a connection or a handshake here. This kernel and attach " +
			"method do not show what number was expected. So it is not known whether the RST was late, forged, or only challenged. If the kernel " +
			"also hides its addresses, the RST may have met a listener or a socket that was connecting.",
		KernelPath: "tcp_validate_incoming; drop reason TCP_INVALID_SEQUENCE (5.19 to 6.5: before or beyond the window). " +
			"tcp_check_req; drop reason NOT_SPECIFIED (kernels that challenge, before 6.18)",
		OnTheWire: "the incoming RST; an empty ACK from here if it was challenged",
		AppHere:   ignoredAppSees,
		AppPeer:   "If it has reset the connection, it answers the next packet with another RST.",
		Remedy:    "Ignore single ones; if they repeat, capture packets and compare their seq with the connection's",
		Fix: []string{
			"`rsttrace doctor` shows which hooks are missing: with fentry or kprobe the event is rst-old, rst-out-of-window or rst-challenged.",
			"Compare the TTL of the RST with that of the peer's other packets: another TTL means that another machine sent it.",
		},
		Reproduce: []string{lab("rst-old rst-out-of-window") + ` # on Linux 5.19 to 6.5: with "rsttrace --direction ignored --attach tracepoint"`},
		Sources:   []string{"tcp_validate_incoming, tcp_sequence (net/ipv4/tcp_input.c)", "tcp_check_req (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
	},
	{
		ID: RSTToListener, Dir: event.Ignored,
		Title: "RST to a listening port",
		Meaning: "A RST arrived for a listening socket, and no connection or handshake fits it. TCP ignores it. On kernels before the " +
			"challenge-ACK change for handshakes, a RST with a wrong ack for a pending handshake ends here too.",
		KernelPath: "tcp_rcv_state_process in LISTEN; drop reasons TCP_RESET, TCP_FLAGS",
		OnTheWire:  "the incoming RST; no answer",
		AppHere:    "Nothing: the listener goes on.",
		AppPeer:    "Nothing.",
		Remedy:     "Ignore it: it has no effect",
		Fix:        []string{"Many of them are the echo of a scan or of SYN cookies under attack."},
		Reproduce:  []string{lab("rst-to-listener")},
		Sources:    []string{"tcp_rcv_state_process (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.2"},
	},
	{
		ID: RSTUnacceptableInSynSent, Dir: event.Ignored,
		Title: "RST that does not answer our SYN",
		Meaning: "While this side was connecting, a RST came that does not acknowledge the SYN: without ACK, or with an ack of " +
			"something else. It could be forged or old, so it does not refuse the connection.",
		KernelPath: "tcp_rcv_state_process in SYN_SENT; drop reasons TCP_RESET, TCP_INVALID_ACK_SEQUENCE",
		OnTheWire:  "our SYN, then [R], or [R.] with a wrong ack",
		AppHere:    "Nothing yet: connect goes on, and succeeds or times out.",
		AppPeer:    "Nothing.",
		Remedy:     "Look for a middlebox that refuses connections with malformed RSTs if connect then times out",
		Fix: []string{
			"A firewall that rejects with a bare RST makes clients wait for the SYN timeout (about two minutes): let it send RST+ACK or an ICMP error.",
		},
		Reproduce: []string{lab("rst-unacceptable-in-syn-sent")},
		Sources:   []string{"tcp_rcv_synsent_state_process (net/ipv4/tcp_input.c)", "RFC 9293 3.10.7.3"},
	},
	{
		ID: RSTTimeWaitProtected, Dir: event.Ignored,
		Title: "TIME_WAIT protected by tcp_rfc1337",
		Meaning: "An exact RST arrived for a connection in TIME_WAIT. It would have removed it, but tcp_rfc1337 is 1, so the kernel " +
			"keeps waiting and old duplicates cannot disturb a new connection.",
		KernelPath: "tcp_timewait_state_process",
		OnTheWire:  "after both FINs: the incoming RST; no answer",
		AppHere:    "Nothing: the descriptor is closed.",
		AppPeer:    "Nothing.",
		Remedy:     "Ignore it: the protection works as configured",
		Fix:        []string{"`sysctl net.ipv4.tcp_rfc1337=0` is the default and lets such a RST end TIME_WAIT."},
		Reproduce:  []string{lab("rst-time-wait-protected")},
		Sources:    []string{"tcp_timewait_state_process (net/ipv4/tcp_minisocks.c)", "RFC 1337"},
	},
	{
		ID: RSTTimeWaitOutOfWindow, Dir: event.Ignored,
		Title: "RST outside the window of a TIME_WAIT",
		Meaning: "A RST arrived for a connection in TIME_WAIT, but its sequence number or timestamp does not fit: a late packet, or one " +
			"that belongs to another connection on the same ports.",
		KernelPath: "tcp_timewait_state_process; drop reason TCP_RFC7323_TW_PAWS for the timestamp (6.18+)",
		OnTheWire:  "after both FINs: the incoming RST; no answer",
		AppHere:    "Nothing: the descriptor is closed.",
		AppPeer:    "Nothing.",
		Remedy:     "Ignore it: it has no effect",
		Fix:        []string{"Many of them from one peer mean that it, or a NAT, reuses ports quickly."},
		Reproduce:  []string{lab("rst-time-wait-out-of-window")},
		Sources:    []string{"tcp_timewait_state_process (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
	},
	{
		ID: RSTHandshakeChallenged, Dir: event.Ignored,
		Title: "RST in a handshake not exact: challenged",
		Meaning: "A RST arrived for a handshake under way (SYN_RECV), inside the window but not exact. Newer kernels answer with a " +
			"challenge ACK and keep the handshake; older ones let the RST end it (handshake-aborted).",
		KernelPath: "tcp_check_req, tcp_reqsk_send_challenge_ack (7.2+, and some stable kernels); counter TCPChallengeACK",
		OnTheWire:  "SYN, SYN-ACK, the incoming RST, then an empty ACK from here",
		AppHere:    "Nothing: the handshake goes on.",
		AppPeer:    "If it really broke off, its kernel answers with an exact RST.",
		Remedy:     "Ignore single ones, and suspect injected RSTs where no exact RST follows",
		Fix:        []string{"As for rst-challenged: compare TTL and IP ID with the client's SYN."},
		Reproduce:  []string{lab("rst-handshake-challenged")},
		Sources:    []string{"tcp_check_req (net/ipv4/tcp_minisocks.c)", "RFC 5961 3.2"},
	},
	{
		ID: RSTHandshakeOutOfWindow, Dir: event.Ignored,
		Title: "RST outside the window of a handshake",
		Meaning: "A RST arrived for a handshake under way (SYN_RECV), but its sequence number lies outside the window, or its timestamp " +
			"is too old.",
		KernelPath: "tcp_check_req; drop reasons TCP_OVERWINDOW, TCP_RFC7323_PAWS, TCP_RFC7323_TSECR (6.18+)",
		OnTheWire:  "SYN, SYN-ACK, the incoming RST; no answer but perhaps a repeated SYN-ACK",
		AppHere:    "Nothing: the handshake goes on.",
		AppPeer:    "Nothing.",
		Remedy:     "Ignore it unless it repeats, then suspect injected RSTs",
		Fix:        []string{"As for rst-out-of-window: compare the TTL with that of the client's SYN."},
		Reproduce:  []string{lab("rst-handshake-out-of-window")},
		Sources:    []string{"tcp_check_req (net/ipv4/tcp_minisocks.c)", "RFC 9293 3.10.7.4"},
	},
}
