package finding

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/rsttrace/rsttrace/pkg/cause"
)

// pauseMillis is the shortest silence that a time limit can explain. Shorter ones are
// pauses of a conversation.
const pauseMillis = 1000

// flowMillis is how recent payload must be for a conversation in full flow.
const flowMillis = 1000

// networks are about what stands between two ends, and about dead peers.
var networks = []*pattern{
	{
		Pattern: Pattern{
			ID: "sent-by-no-socket", Title: "A RST that no socket sent",
			Meaning:  "A RST came that has an end on this host as its sender. That end did not send it: a firewall rule, a bridge or a forger did.",
			Shows:    "The socket of that end still had the connection, or every RST of this host is seen and there was none.",
			Disproof: "Another rsttrace shows a RST of that end for the same connection.",
			Fix:      []string{"Look for rules that reject with tcp reset: nft list ruleset, iptables-save, also in other network namespaces.", "Look for programs that forge RSTs: intrusion prevention, tcpkill, service meshes."},
			Sources:  []string{"tcp_done in net/ipv4/tcp.c", "nf_send_reset in net/ipv4/netfilter/nf_reject_ipv4.c"},
		},
		applies: func(g *group) bool { return g.sentByNone() },
		say: func(g *group) string {
			text := fmt.Sprintf("a RST ended %s of %s with %s, and %s sent it", connections(g.resets), g.victim("this host"), g.first.Peer, g.nobody())
			text += ". Proof: " + g.alibi.because
			if s := &g.numbers[silence]; s.count > 0 {
				text += fmt.Sprintf(". Its last packet had come %s before", rangeOf(s))
			}
			return text
		},
		advice: func(g *group) string { return "Look for " + g.suspectsText() },
	},
	{
		Pattern: Pattern{
			ID: "never-established", Title: "The peer never took the connection",
			Causes:   causeIDs{cause.PeerGone, cause.ResetByPeer, cause.PeerAborted},
			Meaning:  "The handshake succeeded, but the peer never acknowledged what was sent. Its accept queue was full, so it had dropped the connection.",
			Shows:    "Nothing but the SYN was ever acknowledged, nothing was received, and packets were sent again.",
			Disproof: "The peer's listener was closed in that moment, or a device answered the SYN in its place.",
			Fix:      []string{"Let the program at the peer accept faster, or give its listener a larger backlog."},
			Sources:  []string{"tcp_v4_syn_recv_sock in net/ipv4/tcp_ipv4.c"},
		},
		applies: func(g *group) bool {
			c := &g.first.Conn
			return !g.sees() && c.Known &&
				g.numbers[received].max == 0 && g.numbers[sent].max <= 1 && c.Retransmits > 0
		},
		say: func(g *group) string {
			return fmt.Sprintf("%s never acknowledged a byte of %s, which sent again %s; after %s a RST came%s",
				g.first.Peer, g.victim("this host"), timesOf(uint64(g.first.Conn.Retransmits)), rangeOf(&g.numbers[age]), g.times())
		},
		advice: func(g *group) string {
			return fmt.Sprintf("Look at the accept queue of port %d at the peer (ss -ltn there: Recv-Q above Send-Q): its program accepts too slowly", g.first.Peer.Port)
		},
		because: func(*group) []string { return []string{"only the SYN was acknowledged, and packets were sent again"} },
	},
	{
		Pattern: Pattern{
			ID: "idle-limit-between", Title: "Something between forgot the idle connection",
			Causes:   causeIDs{cause.PeerGone, cause.ResetByPeer},
			Meaning:  "A connection was idle. The next packet met a device or a peer that no longer knew it.",
			Shows:    "A RST of an end that does not know the connection, after a long silence of that end.",
			Disproof: "The peer closed the connection itself: then its log or rsttrace there shows it.",
			Fix:      []string{"Send keep-alives more often than the limit: net.ipv4.tcp_keepalive_time, or TCP_KEEPIDLE in the program.", "Let the pool drop connections that were idle for longer."},
			Sources:  []string{"tcp(7): TCP_KEEPIDLE", "documentation of the load balancers named in the text"},
		},
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return !g.sees() && s.count > 0 && s.median() >= 10*pauseMillis && (g.resets < 3 || s.equal(2000) || s.min >= 30*pauseMillis)
		},
		say: func(g *group) string {
			text := fmt.Sprintf("after a silence of %s, %s no longer knew the connection of %s%s", rangeOf(&g.numbers[silence]), g.first.Peer, g.victim("this host"), g.times())
			if who := knownLimit(g.numbers[silence].median()); who != "" {
				text += "; such a limit is known of " + who
			}
			return text
		},
		advice: func(g *group) string {
			if g.alibi.hidden > 0 {
				return g.whoSent()
			}
			return fmt.Sprintf("Send keep-alives more often than every %s (TCP_KEEPIDLE, or net.ipv4.tcp_keepalive_time with SO_KEEPALIVE), or drop idle connections earlier", span(g.numbers[silence].min))
		},
		because: func(g *group) []string {
			return append(slices.Clone(g.first.Because), "nothing had come from the peer for "+rangeOf(&g.numbers[silence]))
		},
	},
	{
		Pattern: Pattern{
			ID: "reset-in-full-flow", Title: "A RST in the middle of a conversation",
			Causes:   causeIDs{cause.PeerGone},
			Meaning:  "Payload went to and fro a moment before. A RST came from an end that says it does not know the connection.",
			Shows:    "A RST without a sign of the peer's TCP, less than a second after its last payload or acknowledgement.",
			Disproof: "rsttrace at the peer shows that it sent this RST.",
			Fix:      []string{"Compare the TTL of the RST with that of other packets of the peer.", "Look at what is between: rules, load balancers that change their members, intrusion prevention."},
			Sources:  []string{"RFC 5961", "RFC 9293 section 3.10.7"},
		},
		applies: func(g *group) bool {
			s := &g.numbers[silence]
			return !g.sees() && s.count > 0 && s.median() < flowMillis && (g.numbers[received].max > 0 || g.numbers[sent].max > 1)
		},
		say: func(g *group) string {
			text := fmt.Sprintf("a RST ended a connection of %s with %s, whose last packet had come %s before%s", g.victim("this host"), g.first.Peer, rangeOf(&g.numbers[silence]), g.times())
			if s := &g.numbers[ttl]; s.count > 0 {
				text += "; TTL " + strconv.FormatUint(s.min, 10)
				if s.max != s.min {
					text += " to " + strconv.FormatUint(s.max, 10)
				}
			}
			if n := g.first.Conn.SegmentsUnacked; n != nil && *n == 0 && g.provoked == 0 {
				text += "; nothing of this end was in flight that it could answer"
			}
			if g.alibi.sentOn > 0 {
				text += fmt.Sprintf("; the peer sent on %s later, as if it had sent no RST", span(g.alibi.sentOnAfter))
			}
			return text
		},
		advice:  func(g *group) string { return g.whoSent() },
		because: func(g *group) []string { return g.first.Because },
	},
	{
		Pattern: Pattern{
			ID: "dead-peer", Title: "The peer stopped answering",
			Causes:   causeIDs{cause.KeepaliveTimeout, cause.KeepaliveUserTimeout},
			Meaning:  "The peer did not answer keep-alives or data for so long that the kernel gave the connection up.",
			Shows:    "The keep-alive or user timer of the kernel ran out.",
			Disproof: "Nothing: the timer is proof that no answer arrived.",
			Fix:      []string{"Find out why the peer could not be reached: it was down, frozen, or a device dropped its packets."},
			Sources:  []string{"tcp_keepalive_timer in net/ipv4/tcp_timer.c", "tcp(7): TCP_USER_TIMEOUT, TCP_KEEPCNT"},
		},
		applies: always,
		say: func(g *group) string {
			quiet := ""
			if s := &g.numbers[silence]; s.count > 0 {
				quiet = " for " + rangeOf(s)
			}
			return fmt.Sprintf("the connection of %s was given up: %s had not answered%s%s", g.actor("this host"), g.peer(), quiet, g.times())
		},
		advice: func(*group) string {
			return "Find out why the peer could not be reached: was it down, frozen, or cut off by a device?"
		},
	},
	{
		Pattern: Pattern{
			ID: "forgotten-here", Title: "This host no longer knows the connection",
			Causes:   causeIDs{cause.HalfOpen, cause.AckToListener},
			Meaning:  "A packet came for a connection that this host does not have. This host was restarted, its address moved here, or packets bypass the translation of addresses. A service may listen on the port again.",
			Shows:    "The kernel found no socket for a packet that is not a SYN, and remembers no end of that connection. If a socket listens on the port, its accept queue is not the reason: it is empty, or the connection had worked before.",
			Disproof: "A RST or a close of that connection was seen here before rsttrace started.",
			Fix:      []string{"Find out when this host or its address changed.", "With Kubernetes: nf_conntrack_tcp_be_liberal, or drop invalid packets instead of passing them on."},
			Sources:  []string{"tcp_v4_rcv, no_tcp_socket", "kubernetes issue 74839"},
		},
		applies: func(g *group) bool { return g.is(cause.HalfOpen) || g.lostByListener() },
		say: func(g *group) string {
			text := fmt.Sprintf("%s sent to %s, which has no such connection%s", g.peer(), g.first.Local, g.times())
			if g.key.class == byQueue {
				text += fmt.Sprintf("; %s listens there now", g.actor("a process"))
			}
			if c := &g.other.Conn; g.other.Dir != "" && c.AgeMillis > 0 {
				text += fmt.Sprintf("; that end had been connected for %s", span(c.AgeMillis))
			}
			return text
		},
		advice: func(*group) string {
			return "Find out whether this host was restarted, its address moved here, or NAT was bypassed (conntrack: invalid packets)"
		},
		because: func(g *group) []string {
			if g.key.class == byQueue && !g.clientHadIt() {
				return []string{"data came for a connection that the listener does not know, and none waits in its accept queue"}
			}
			return g.first.Because
		},
	},
	{
		Pattern: Pattern{
			ID: "damaged-or-forged", Title: "RSTs that fit no connection",
			Causes:   causeIDs{cause.RSTBadChecksum, cause.RSTBadSignature, cause.RSTTTLTooLow, cause.RSTOutOfWindow, cause.RSTHandshakeOutOfWindow, cause.RSTTimeWaitOutOfWindow},
			Meaning:  "RSTs arrived whose checksum, signature or sequence number is wrong. The kernel ignored them.",
			Shows:    "The kernel's own reason for dropping the packet.",
			Disproof: "Nothing: the kernel checked the packet.",
			Fix:      []string{"Wrong checksums: look at the device and its offloads (ethtool -k).", "Wrong numbers: somebody guesses them, or an old connection's packets arrive late."},
			Sources:  []string{"RFC 5961 section 3", "tcp_validate_incoming in net/ipv4/tcp_input.c"},
		},
		applies: always,
		say: func(g *group) string {
			return fmt.Sprintf("%s sent RSTs to %s that were ignored: %s%s", g.peer(), g.first.Local, g.entry().Title, g.times())
		},
		advice: func(g *group) string {
			if g.is(cause.RSTBadChecksum) {
				return "Look at the device and its offloads (ethtool -k): something damages packets"
			}
			return "Nothing was harmed. If it goes on, find out who sends them: compare the TTL with other packets of that address"
		},
		harmless: func(g *group) bool { return !g.hurt() && !g.is(cause.RSTBadChecksum) },
	},
}

// lostByListener reports whether a listener got data of a connection that this host does not
// have, and that was no victim of a full accept queue.
func (g *group) lostByListener() bool {
	if g.key.class != byQueue || g.causes.n > 1 || !g.is(cause.AckToListener) {
		return false
	}
	l := &g.first.Listener
	return g.clientHadIt() || g.other.Dir == "" && g.first.Trigger.Len > 0 && l.Known && l.Used == 0
}

// clientHadIt reports whether the other end had talked to somebody on its connection.
func (g *group) clientHadIt() bool {
	c := &g.other.Conn
	return g.other.Dir != "" && c.Known && (c.BytesAcked > 1 || c.BytesReceived > 0)
}

// sees reports whether the end that sent the RST was seen.
func (g *group) sees() bool { return g.first.LocalSent() }
