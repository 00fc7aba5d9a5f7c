package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// sentByMPTCPAndFirewall: RSTs that something above or beside TCP decided on.
var sentByMPTCPAndFirewall = []Entry{
	{
		ID: MPTCPClose, Dir: event.Sent,
		Title: "MPTCP connection closed at once",
		Meaning: "An MPTCP connection was aborted on this side: closed with unread data, with SO_LINGER {1,0} (on kernels that pass " +
			"it on), by connect(AF_UNSPEC), by its close timeout, or never accepted. MPTCP tells the peer with MP_FASTCLOSE and " +
			"resets every subflow.",
		KernelPath: "__mptcp_close, mptcp_disconnect or mptcp_worker, mptcp_do_fastclose, tcp_send_active_reset; reason TCP_ABORT_ON_CLOSE " +
			"(6.12+) although TCP's own rule is not what decided; counters MPFastcloseTx, MPRstTx",
		OnTheWire: "[R.] with a window and timestamps, and the MPTCP option MP_FASTCLOSE or MP_RST",
		AppHere:   "After close nothing; after connect(AF_UNSPEC) the socket is unconnected.",
		AppPeer:   "The MPTCP socket gets ECONNRESET on read and write.",
		Remedy:    "Read to the end of the stream before closing the MPTCP socket",
		Fix: []string{
			"As for unread-data-on-close and linger-zero: drain before close, remove SO_LINGER {1,0}.",
			"Go listeners use MPTCP by default since 1.24: `ListenConfig.SetMultipathTCP(false)` or GODEBUG=multipathtcp=0 shows whether it takes part.",
			"`nstat -az MPTcpExtMPFastcloseTx` counts them.",
		},
		Reproduce: []string{lab("mptcp-close")},
		Sources:   []string{"mptcp_do_fastclose (net/mptcp/protocol.c)", "RFC 8684 3.5"},
	},
	{
		ID: MPTCPJoinRefused, Dir: event.Sent,
		Title: "MPTCP subflow refused",
		Meaning: "A peer tried to add a subflow (MP_JOIN) and was refused: the token belongs to no connection here, the signature is " +
			"wrong, the limit of subflows is reached, or the port is not one that was announced.",
		KernelPath: "subflow_v4_route_req, subflow_v6_route_req or subflow_syn_recv_sock, tcp_v4_send_reset; reasons MPTCP_RST_EPROHIBIT, " +
			"MPTCP_RST_EMPTCP and others (6.10+)",
		OnTheWire: "[R.] with seq 0, window 0 in answer to a SYN with MP_JOIN, possibly with the option MP_RST",
		AppHere:   "Nothing: the MPTCP connection goes on over its other subflows.",
		AppPeer:   "Nothing: the MPTCP connection goes on; its path manager sees a failed subflow.",
		Remedy:    "Check the subflow limits and which addresses the peer may join through",
		Fix: []string{
			"`ip mptcp limits` and `ip mptcp endpoint show`: raise `subflow` and `add_addr_accepted` where joins are wanted.",
			"A load balancer that spreads subflows over machines sends the join to one that does not know the token.",
		},
		Reproduce: []string{lab("mptcp-join-refused")},
		Sources:   []string{"subflow_v4_route_req (net/mptcp/subflow.c)", "RFC 8684 3.2"},
	},
	{
		ID: MPTCPReset, Dir: event.Sent,
		Title: "MPTCP subflow reset",
		Meaning: "MPTCP gave up one subflow: its options were missing or wrong (a middlebox strips them), a checksum failed, the peer " +
			"ended the whole connection with MP_FASTCLOSE, or the path manager removed it.",
		KernelPath: "mptcp_subflow_reset, mptcp_check_fastclose or subflow_check_data_avail, tcp_send_active_reset; reasons MPTCP_RST_* (6.10+)",
		OnTheWire:  "[R.] with a window and timestamps, and the MPTCP option MP_RST with a reason code",
		AppHere:    "Nothing while another subflow is left; with the last one ECONNRESET or a stall until the connection times out.",
		AppPeer:    "What the application here sees.",
		Remedy:     "Read the kernel's MPTCP reason and look for middleboxes that strip options",
		Fix: []string{
			"`nstat -az | grep MPTcpExt` shows which check failed (MPJoin*, DSS*, MPFail*).",
			"`sysctl net.mptcp.checksum_enabled=1` finds middleboxes that change data.",
			"`ip mptcp monitor` shows subflows come and go.",
		},
		Reproduce: []string{lab("mptcp-reset")},
		Sources:   []string{"mptcp_subflow_reset (net/mptcp/subflow.c)", "RFC 8684 3.6"},
	},
	{
		ID: NetfilterReject, Dir: event.Sent,
		Title: "a firewall rule answered with a RST",
		Meaning: "A rule of nftables or iptables on this machine says `reject with tcp reset` (REJECT --reject-with tcp-reset), and a " +
			"packet matched. Neither application knows. In the forward hook the RST speaks for another machine.",
		KernelPath: "nft_reject or ipt_REJECT, nf_send_reset or nf_send_reset6 (nf_reject_skb_v4_tcp_reset for bridge and netdev); " +
			"no reason, no tracepoint, not counted in TcpOutRsts",
		OnTheWire: "[R.] with seq 0 to a SYN, [R] otherwise; window 0, IP ID 0, no timestamps; its source is the address that the packet was sent to",
		AppHere:   "In input and forward nothing; in output the local application gets ECONNREFUSED or ECONNRESET, as a received RST.",
		AppPeer:   "connect gives ECONNREFUSED; an open connection ECONNRESET.",
		Remedy:    "Look at the rules of the named hook that reject with tcp reset",
		Fix: []string{
			"`nft list ruleset | grep -B3 'reject with tcp reset'` and `iptables-save | grep tcp-reset`.",
			"`nft monitor trace` with `meta nftrace set 1` names the rule that a packet hits.",
			"Kubernetes: kube-proxy rejects services without ready endpoints; network policies may do it too.",
			"firewalld, ufw and Docker write such rules: change them there, not by hand.",
		},
		Reproduce: []string{
			"sudo nft 'add table inet t; add chain inet t i { type filter hook input priority 0; }; add rule inet t i tcp dport 7999 reject with tcp reset'",
			lab("netfilter-reject"),
		},
		Sources:   []string{"nf_send_reset (net/ipv4/netfilter/nf_reject_ipv4.c)", "nf_send_reset6 (net/ipv6/netfilter/nf_reject_ipv6.c)"},
		IETFCause: ietfNotAuthorized,
	},
}
