package cause

import "github.com/rsttrace/rsttrace/pkg/event"

// ignoredBeforeConnection: a RST that met no connection, or failed a check
// before its numbers were looked at.
var ignoredBeforeConnection = []Entry{
	{
		ID: RSTNoConnection, Dir: event.Ignored,
		Title: "RST for no connection",
		Meaning: "A RST arrived and no socket fits it. Often it is the answer to the last packets of a connection that has just ended " +
			"here. A RST is never answered.",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv, tcp_v4_send_reset returns at once; drop reason NO_SOCKET (5.17+)",
		OnTheWire:  "the incoming RST; no answer",
		AppHere:    "Nothing: there is no socket.",
		AppPeer:    "Nothing.",
		Remedy:     "Ignore it: it has no effect",
		Fix: []string{
			"Many of them with unknown peers are backscatter of forged SYNs or a scan by RST.",
			"Right after a connection ended here both ends may send a RST: the second one lands here.",
		},
		Reproduce: []string{lab("rst-no-connection")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.10.7.1"},
	},
	{
		ID: RSTBadChecksum, Dir: event.Ignored,
		Title: "RST with a wrong checksum",
		Meaning: "The TCP checksum of the RST is wrong, so the kernel dropped it before looking at the connection: damage on the way, a " +
			"broken offload, or a tool that builds packets by hand.",
		KernelPath: "tcp_v4_rcv, tcp_checksum_complete or tcp_v4_checksum_init; drop reason TCP_CSUM (5.17+); counters TcpInErrs, TcpInCsumErrors",
		OnTheWire:  "the incoming RST; tcpdump -v marks the checksum as incorrect",
		AppHere:    ignoredAppSees,
		AppPeer:    "It believes that it has reset the connection and answers the next packet.",
		Remedy:     "Look for broken checksum offload or damaged packets on the path",
		Fix: []string{
			"`nstat -az TcpInCsumErrors`: if it grows with other packets too, test `ethtool -K DEV rx off tx off` on both ends and on the hypervisor.",
			"If only RSTs are wrong, a middlebox or tool forges them badly.",
		},
		Reproduce: []string{lab("rst-bad-checksum")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 9293 3.1"},
	},
	{
		ID: RSTTTLTooLow, Dir: event.Ignored,
		Title: "RST with a TTL below the socket's minimum",
		Meaning: "The socket demands a minimum TTL (IP_MINTTL, IPV6_MINHOPCOUNT), as BGP does with GTSM, and the RST has less: it was " +
			"sent from further away than the peer may be.",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv; drop reason TCP_MINTTL (6.3+); counter TCPMinTTLDrop",
		OnTheWire:  "the incoming RST with a low TTL; no answer",
		AppHere:    ignoredAppSees,
		AppPeer:    "Not known: the RST may not be its own.",
		Remedy:     "Check the distance to the peer if it is legitimate, else this is the protection at work",
		Fix: []string{
			"BIRD: `ttl security`; FRR: `neighbor ... ttl-security hops N`: allow the hops that there really are.",
		},
		Reproduce: []string{lab("rst-ttl-too-low")},
		Sources:   []string{"tcp_v4_rcv (net/ipv4/tcp_ipv4.c)", "RFC 5082", "ip(7) IP_MINTTL"},
	},
	{
		ID: RSTBadSignature, Dir: event.Ignored,
		Title: "RST without a valid MD5 or TCP-AO signature",
		Meaning: "The connection is signed (TCP MD5 or TCP-AO, mostly BGP) and the RST is not, or wrongly. It was dropped before it could " +
			"do anything. A peer that rebooted cannot sign for a connection it forgot: both sides then wait for their timers.",
		KernelPath: "tcp_v4_rcv or tcp_v6_rcv, tcp_inbound_hash; drop reasons TCP_MD5NOTFOUND, TCP_MD5UNEXPECTED, TCP_MD5FAILURE, TCP_AO*; counters TCPMD5NotFound, TCPMD5Failure",
		OnTheWire:  "the incoming RST without the option, or with a wrong one; no answer",
		AppHere:    ignoredAppSees,
		AppPeer:    "It believes that it has reset the connection.",
		Remedy:     "Compare the keys on both ends, or wait for the hold timer after a reboot of the peer",
		Fix: []string{
			"`nstat -az | grep -E 'MD5|AO'` counts missing, unexpected and wrong signatures separately.",
			"BGP: graceful restart or BFD shortens the wait after a reboot.",
		},
		Reproduce: []string{lab("rst-bad-signature")},
		Sources:   []string{"tcp_inbound_hash, tcp_inbound_md5_hash before 6.7", "RFC 2385", "RFC 5925"},
	},
}

// unclassified is where evidence ends that no rule knows.
var unclassified = []Entry{
	{
		ID:    Unclassified,
		Title: "not recognised by rsttrace",
		Meaning: "The kernel facts of this event fit no rule. rsttrace says so rather than guess. It counts as a bug: the event is " +
			"printed with its full evidence so that a rule can be written.",
		KernelPath: "see the hook and the kernel's own reason in the event",
		OnTheWire:  "see rst and trigger in the event",
		AppHere:    "Not known.",
		AppPeer:    "Not known.",
		Remedy:     "Report the event with its evidence: rsttrace --evidence -o json",
		Fix: []string{
			"Add the output of `rsttrace doctor` and, if you can, of --stack to the report.",
		},
		Reproduce: []string{"sudo rsttrace --cause unclassified --evidence -o json"},
		Sources:   []string{"rsttrace: the rules in package cause"},
	},
}
