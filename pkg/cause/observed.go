package cause

import "github.com/rsttrace/rsttrace/pkg/event"

const (
	noHook     = "None: the event comes from a capture, and a capture has packets only"
	notSeen    = "A capture does not show it. Live, rsttrace says it"
	atTheOther = "A capture does not show it. Usually ECONNRESET"
)

// observed: what a capture says and no kernel does. The first five leave several causes,
// which the event lists.
var observed = []Entry{
	{
		ID: WireRefused, Dir: event.Observed,
		Title:      "a SYN was refused, by the host or a firewall",
		Meaning:    "The capture shows a SYN and the RST that answers it. Nothing listened on that port, or a firewall rule refused the SYN. The packets of both are alike.",
		KernelPath: noHook, OnTheWire: "[R.] with seq 0 that acknowledges the SYN, and no SYN-ACK before",
		AppHere: "Nothing: no socket was involved.", AppPeer: "connect gives ECONNREFUSED.",
		Remedy: "Start the service on that address and port, or find the firewall rule that refuses it",
		Fix: []string{
			"On the sender: `ss -tlnp` shows what listens, and `nft list ruleset` what is refused. Live, rsttrace says which of the two it was.",
			"Compare the TTL of the RST with that of other packets of the host. A firewall on the way has another one.",
		},
		Reproduce: []string{lab("closed-port")},
		Sources:   []string{"RFC 9293 3.5.2", "nf_send_reset (net/ipv4/netfilter/nf_reject_ipv4.c)"},
	},
	{
		ID: WireNoConnection, Dir: event.Observed,
		Title:      "the sender of the RST knows no such connection",
		Meaning:    "The RST was built from the packet that it answers. So its sender had no state of the connection: it had restarted, had closed it long ago, or forgot it. A firewall rule looks alike.",
		KernelPath: noHook, OnTheWire: "[R] whose seq is what the other end had acknowledged; no ACK flag, window 0, no options",
		AppHere: "Nothing: no socket was involved.", AppPeer: atTheOther,
		Remedy: "Look at the idle time before it, and find out whether the sender restarted or a device forgot the flow",
		Fix: []string{
			"`because` has the idle time. Compare it with the idle limits on the path, and send keep-alives more often.",
			"Right behind a handshake it may be a full accept queue with `tcp_abort_on_overflow`: `nstat -az TcpExtListenOverflows`.",
		},
		Reproduce: []string{lab("power-loss")},
		Sources:   []string{"RFC 9293 3.5.2 group 1", "tcp_v4_send_reset (net/ipv4/tcp_ipv4.c)"},
	},
	{
		ID: WireAfterClose, Dir: event.Observed,
		Title:      "a packet came after the sender had closed",
		Meaning:    "The sender of the RST had sent its FIN. The other end went on, and a RST was the answer. The capture does not show whether the socket was still there.",
		KernelPath: noHook, OnTheWire: "[R] behind a FIN of the same end",
		AppHere: "Nothing: it had closed the connection.", AppPeer: "A write gives EPIPE with SIGPIPE.",
		Remedy: "Read to the end of the stream before closing, or let the other end stop when it sees the FIN",
		Fix: []string{
			"A client pool must drop idle connections earlier than the server closes them.",
			"Live, rsttrace names the process that closed, and how long before.",
		},
		Reproduce: []string{lab("data-after-close")},
		Sources:   []string{"RFC 9293 3.6.1", "tcp_rcv_state_process (net/ipv4/tcp_input.c)"},
	},
	{
		ID: WireAbort, Dir: event.Observed,
		Title:      "the sender ended a living connection",
		Meaning:    "The RST has the numbers of a living connection, so the TCP of its sender knew it. A program closed with data unread, used SO_LINGER with zero, or died. A timer or another process may have ended it, too.",
		KernelPath: noHook, OnTheWire: "[R.] with the sequence number that the sender had come to; Linux adds a window, and timestamps if both ends use them",
		AppHere: notSeen, AppPeer: atTheOther,
		Remedy: "Run rsttrace on the sender: it names the process and which of the causes it was",
		Fix: []string{
			"`because` says whether the other end's data was acknowledged. If not, the program may have closed with data unread: drain before close.",
			"If its own data was on its way, SO_LINGER {1,0} is likely: HAProxy `option nolinger`, Envoy, load generators.",
		},
		Reproduce: []string{lab("unread-data-on-close"), lab("linger-zero")},
		Sources:   []string{"tcp_send_active_reset (net/ipv4/tcp_output.c)", "__tcp_close (net/ipv4/tcp.c)"},
	},
	{
		ID: WireBrokenOff, Dir: event.Observed,
		Title:      "the sender broke off its own handshake",
		Meaning:    "The sender of the RST had asked for the connection, and ended it before it was open. A health check, a port scan, and a program that gave up look alike.",
		KernelPath: noHook, OnTheWire: "SYN, and RST by the same end; a SYN-ACK may be between the two",
		AppHere: notSeen, AppPeer: "Nothing: accept never returned the connection.",
		Remedy: "Ignore it if it is a health check; else find out which program gives up, and after what time",
		Fix: []string{
			"Many ports of one host are a scan. One port at even intervals is a health check.",
			"A connect timeout of the client that is shorter than the round trip shows here.",
		},
		Reproduce: []string{lab("bad-ack-in-syn-sent")},
		Sources:   []string{"RFC 9293 3.5", "Zeek connection states RSTO and RSTOS0"},
	},
	{
		ID: WireOtherDevice, Dir: event.Observed,
		Title:      "another device sent the RST in the name of an end",
		Meaning:    "The RST cannot come from the host that its address names. Its TTL is not that of the host's other packets, or it came sooner than that host can answer. A firewall, load balancer or proxy between sent it.",
		KernelPath: noHook, OnTheWire: "a TTL unlike that of the sender's other packets, or an answer within half the round trip time",
		AppHere: "ECONNRESET or ECONNREFUSED, as for a RST of the other end.", AppPeer: "Nothing, or a RST of its own: such devices often send one to each end.",
		Remedy: "Find the device: the TTL says how many hops away it is",
		Fix: []string{
			"`traceroute` and the TTL of the RST: a device starts at 64, 128 or 255. The difference is its distance.",
			"Look at idle limits and policies of firewalls and load balancers on the path.",
		},
		Reproduce: []string{lab("reject-forward")},
		Sources:   []string{"Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009"},
	},
	{
		ID: WireInjected, Dir: event.Observed,
		Title:      "forged RST",
		Meaning:    "Somebody who saw the connection sent the RST, and not the end that its address names. That end went on, or no TCP could have sent these numbers. Censorship, intrusion prevention and attacks do so.",
		KernelPath: noHook, OnTheWire: "data of the same end behind the RST, several RSTs with growing numbers, an IP id that is not the sender's",
		AppHere: "ECONNRESET, if the RST fitted.", AppPeer: "Nothing, or a forged RST, too.",
		Remedy: "Find the device that injects: compare TTL and IP id of the RST with those of the sender's packets",
		Fix: []string{
			"Intrusion prevention and parental control send such RSTs: look at their logs of that second.",
			"Encrypt in a tunnel that the device does not read. TCP-AO and IPsec make forged RSTs useless.",
		},
		Reproduce: []string{lab("peer-aborted")},
		Sources:   []string{"Weaver, Sommer, Paxson: Detecting Forged TCP Reset Packets, NDSS 2009", "RFC 5961 section 3"},
	},
	{
		ID: WireUnknown, Dir: event.Observed,
		Title:      "the capture does not say why",
		Meaning:    "No rule fits the RST. Often the capture has too little of the connection: no handshake, or one direction only. `because` says what was missing.",
		KernelPath: noHook, OnTheWire: "for example a single RST without another packet of the connection",
		AppHere: notSeen, AppPeer: notSeen,
		Remedy: "Capture more: both directions, from before the connection begins, at least 96 bytes of each packet",
		Fix: []string{
			"`tcpdump -i any -s 128 -w FILE tcp`, and not only packets with the RST flag.",
			"Live, rsttrace knows the cause without a capture.",
		},
		Reproduce: []string{"tcpdump -i lo -w f.pcap 'tcp[tcpflags] & tcp-rst != 0'; rsttrace read f.pcap"},
		Sources:   []string{"docs/wire.md"},
	},
}
