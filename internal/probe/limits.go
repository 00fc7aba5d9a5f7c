package probe

import (
	"slices"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Visibility is what the attached hooks can see on the running kernel. It follows
// from how they are attached and from BTF, never from results or versions.
type Visibility struct {
	Receive        bool // received RSTs
	ReceivedPacket bool // and the RST itself: its shape, flags and numbers
	SendActive     bool // resets that the kernel sends to abort a connection
	Socketless     bool // resets sent where no full socket is
	FullReply      bool // resets sent in reply on a full socket
	Signed         bool // replies to segments with a TCP signature, without a full socket
	Callers        bool // addresses of kernel functions
	Reasons        bool // the kernel's own reason
	State          bool // the state before
	Closer         bool // who closed a connection earlier, or right after
	Holders        bool // who holds a socket that is alive
	TableSearch    bool // without holding files: 5.17 and later
	Errors         bool // which error the kernel reported on the socket

	Reject     bool // what firewall rules answer
	RejectLink bool // those of a bridge or of a device's ingress
	DropSocket bool // a dropped packet comes with its socket: 6.11 and later
	Requests   bool // what an incoming RST did to a request socket
	// RequestNumbers: and where in the window an ignored one was.
	RequestNumbers bool
	TimeWait       bool // what it did to a TIME_WAIT mini-socket

	// Ignored RSTs, where they are asked for.
	Ignored           bool
	IgnoredNoSocket   bool                   // for no connection
	IgnoredHandshake  bool                   // RST+ACK to a listener, or with a wrong ACK in SYN_SENT
	IgnoredConnection bool                   // for a connection by its sequence number, or without ACK for a listener or an attempt
	HandshakeSocket   bool                   // those of IgnoredHandshake come with their socket, so with state and owner
	ConnectionSocket  bool                   // those of IgnoredConnection do
	ConnectionSide    bool                   // and whether the number was before or beyond the window
	ConnectionPlace   bool                   // and whether one without ACK met a connection, a listener or an attempt
	EarlyDrops        map[event.CauseID]bool // dropped before the connection is looked at
}

// Visibility says what this session can see, as long as no module comes that a hook
// waits for.
func (s *Session) Visibility() Visibility {
	s.attaching.Lock()
	defer s.attaching.Unlock()
	reply4, reply6, receive, active := s.reach(reply4Hook), s.reach(reply6Hook), s.reach(receiveHook), s.reach(activeHook)
	has := func(id hookID) bool { return s.reach(id) != "" }
	socketless := func(via event.Method) bool {
		return byFunctionEntry(via) || via == event.Tracepoint && s.kernel.tracepointSays
	}
	drop := &s.kernel.drop
	drops := has(dropHook)
	ignored := s.loader.options.Ignored
	replies := byFunctionEntry(reply4) && byFunctionEntry(reply6)
	noted := has(validateNote) && has(stateNote)
	places := len(s.kernel.callers) > 0 && s.loader.listenersNoted
	return Visibility{
		Reject:            has(reject4Hook) && has(reject6Hook),
		RejectLink:        has(rejectLink4Hook) && has(rejectLink6Hook),
		Requests:          drops && (has(requestNote) || drop.hasSocket),
		TimeWait:          drops && (has(timeWaitNote) || drop.hasSocket),
		DropSocket:        drop.hasSocket,
		RequestNumbers:    drops && (has(requestNote) || drop.hasSocket && (drop.tellsRequest() || !s.kernel.challenges)),
		Ignored:           ignored,
		IgnoredNoSocket:   ignored && (replies || drops && drop.hasReason),
		IgnoredHandshake:  ignored && (replies || drops && (drop.hasSocket || places)),
		IgnoredConnection: ignored && drops && drop.tellsSequence,
		HandshakeSocket:   drop.hasSocket || replies,
		ConnectionSocket:  drop.hasSocket || noted,
		ConnectionSide:    drop.hasSocket || noted || drop.namesOld(),
		ConnectionPlace:   drop.hasSocket || noted || places,
		EarlyDrops:        s.earlyDrops(ignored && drops),
		Receive:           receive != "",
		ReceivedPacket:    s.loader.targets[receiveHook].arguments["packet_arg"] != 0 && byFunctionEntry(receive),
		SendActive:        active != "",
		Socketless:        socketless(reply4) && socketless(reply6),
		FullReply:         reply4 != "" && reply6 != "",
		Signed:            reply4 == event.Tracepoint && reply6 == event.Tracepoint && s.kernel.tracepointSays,
		Callers:           len(s.kernel.callers) > 0,
		Reasons:           len(s.kernel.reasons) > 0,
		State:             has(stateHook),
		Closer:            has(stateHook) && has(destroyHook),
		Holders:           s.holders != nil,
		TableSearch:       s.kernel.loops,
		Errors:            has(errorHook),
	}
}

// reach is how a hook is reached, or probably would be if it were wanted.
func (s *Session) reach(id hookID) event.Method {
	state := &s.hooks[id]
	if !state.status.Unwanted || id == dropHook && s.loader.options.NoDrops {
		return state.status.Method
	}
	if hooks[id].module != "" && !s.loader.targets[id].present() {
		return ""
	}
	return s.loader.likelyMethod(id)
}

// earlyDrops are the causes that nothing but a drop reason tells.
func (s *Session) earlyDrops(watched bool) map[event.CauseID]bool {
	seen := make(map[event.CauseID]bool)
	for id, reason := range earlyDropReasons {
		seen[id] = watched && slices.Contains(s.kernel.drop.reasons, reason)
	}
	return seen
}

var earlyDropReasons = map[event.CauseID]string{
	cause.RSTBadChecksum:  "TCP_CSUM",
	cause.RSTTTLTooLow:    "TCP_MINTTL",
	cause.RSTBadSignature: "TCP_MD5NOTFOUND",
}

// Limit is something that cannot be known on this kernel by these methods.
type Limit struct {
	ID       string
	Sentence string
	hides    func(Visibility) bool
	// excludes is about evidence that contradicts the sentence; nil where no
	// evidence can.
	excludes func(event.Evidence) bool
}

// Excludes reports whether an event with this evidence contradicts the limit:
// where the limit holds there is none.
func (l Limit) Excludes(e event.Evidence) bool { return l.excludes != nil && l.excludes(e) }

// limits is the whole table, derived from kernel facts.
var limits = []Limit{
	{LimitReceive, "received RSTs are not seen: tcp_reset could not be attached",
		func(s Visibility) bool { return !s.Receive }, obeyed},
	{LimitNoRSTPacket, "the hook does not get a received RST: only tcp_reset of Linux 5.11 and later passes it, to fentry and kprobe. " +
		"TCP timestamps then show whether the peer aborted or only replied (likely). Without timestamps it is reset-by-peer. " +
		"Its numbers and its time to live are known only with --see-packets",
		func(s Visibility) bool { return s.Receive && !s.ReceivedPacket },
		func(e event.Evidence) bool { return obeyed(e) && e.SeesPacket() }},
	{LimitActive, "resets that abort a connection (close with unread data, SO_LINGER 0, keep-alive and others) are not seen: tcp_send_active_reset could not be attached",
		func(s Visibility) bool { return !s.SendActive },
		func(e event.Evidence) bool { return e.Hook == event.HookSendActive }},
	{LimitReply, "resets in reply to a packet are not seen, or not for both address families: tcp_v4_send_reset or tcp_v6_send_reset could not be attached",
		func(s Visibility) bool { return !s.FullReply }, nil},
	{LimitSocketless, "resets sent without a full socket (closed-port, half-open, data for a TIME_WAIT mini-socket) are not seen: " +
		"before Linux 6.10 the tracepoint tcp_send_reset is silent there",
		func(s Visibility) bool { return s.FullReply && !s.Socketless },
		func(e event.Evidence) bool { return e.Hook == event.HookSendReply && e.Socket != event.SockFull }},
	{LimitSigned, "replies to segments with an MD5 or AO signature are not shown if there is no full socket: " +
		"at the entry of tcp_v4_send_reset it is not known whether a RST will leave",
		func(s Visibility) bool { return s.Socketless && !s.Signed }, nil},
	{LimitReject, "resets that firewall rules send (REJECT with tcp-reset) are not seen, or not for both address families. They pass no function of TCP, " +
		"and only fentry and kprobe reach nf_send_reset, once its module is loaded",
		func(s Visibility) bool { return !s.Reject }, nil},
	{LimitRejectLink, "resets that firewall rules of a bridge or of a device's ingress send are not seen: nf_reject_skb_v4_tcp_reset came with Linux 5.11",
		func(s Visibility) bool { return s.Reject && !s.RejectLink }, nil},
	{LimitRequests, "what an incoming RST did to a handshake under way is not known: drops are switched off, or tcp_check_req could not be hooked. " +
		"Before Linux 6.11 the drop names no socket",
		func(s Visibility) bool { return !s.Requests },
		func(e event.Evidence) bool { return incoming(e) && e.Socket == event.SockRequest }},
	{LimitTimeWait, "what an incoming RST did to a TIME_WAIT mini-socket is not known: drops are switched off, or tcp_timewait_state_process could not be hooked. " +
		"Before Linux 6.11 the drop names no socket",
		func(s Visibility) bool { return !s.TimeWait },
		func(e event.Evidence) bool { return incoming(e) && e.Socket == event.SockTimeWait }},
	{LimitIgnoredNoSocket, "ignored RSTs for no connection are not seen: the kernel gives no reason when it drops a packet (it does from 5.17 on)",
		func(s Visibility) bool { return s.Ignored && !s.IgnoredNoSocket }, metNothing},
	{LimitIgnoredHandshake, "ignored RSTs with ACK to a listener or in SYN_SENT are not seen: the kernel hides its addresses, or the listeners are not known. " +
		"Before Linux 6.11 the drop names no socket",
		func(s Visibility) bool { return s.Ignored && !s.IgnoredHandshake }, metHandshake},
	{LimitHandshakeSocket, "ignored RSTs with ACK to a listener or in SYN_SENT come without state, and in SYN_SENT without owner: " +
		"before Linux 6.11 the drop names no socket. Which of the two it was is inferred from the listeners (likely)",
		func(s Visibility) bool { return s.Ignored && s.IgnoredHandshake && !s.HandshakeSocket },
		func(e event.Evidence) bool { return metHandshake(e) && e.Socket == event.SockFull }},
	{LimitIgnoredConnection, "RSTs that a connection ignored, and those without ACK to a listener or in SYN_SENT, are not seen: " +
		"before Linux 5.19 their packets are freed in silence",
		func(s Visibility) bool { return s.Ignored && !s.IgnoredConnection }, metConnection},
	{LimitConnectionSocket, "RSTs that a connection ignored come without state and owner, and so do those without ACK to a listener or in SYN_SENT. " +
		"Before Linux 6.11 the drop names no socket, and tcp_validate_incoming could not be hooked",
		func(s Visibility) bool { return s.Ignored && s.IgnoredConnection && !s.ConnectionSocket },
		func(e event.Evidence) bool { return metConnection(e) && e.Socket == event.SockFull }},
	{LimitConnectionSide, "a RST that a connection ignored is rst-unacceptable: it is not known whether it was before or beyond the window. " +
		"Before Linux 6.6 both have one drop reason, and the connection's numbers are not seen",
		func(s Visibility) bool { return s.Ignored && s.IgnoredConnection && !s.ConnectionSide },
		func(e event.Evidence) bool {
			return metConnection(e) && (hasPosition(e) || e.Reason == "TCP_OLD_SEQUENCE")
		}},
	{LimitConnectionPlace, "an ignored RST without ACK is rst-unacceptable: it is not known whether it met a connection, a listener or an attempt to connect. " +
		"Before Linux 6.11 the drop names no socket, and the kernel hides its addresses or the listeners are not known",
		func(s Visibility) bool { return s.Ignored && s.IgnoredConnection && !s.ConnectionPlace },
		func(e event.Evidence) bool { return metConnection(e) && e.Caller == event.CallerRcvStateProcess }},
	{LimitEarlyDrops, "ignored RSTs with a bad checksum (reason since 5.17), time to live (6.3) or signature (5.17) are not seen, or not all of them: " +
		"only the drop reason shows them",
		func(s Visibility) bool {
			for _, seen := range s.EarlyDrops {
				if s.Ignored && !seen {
					return true
				}
			}
			return false
		}, nil},
	{LimitRequestNumbers, "an ignored RST for a handshake under way is rst-unacceptable: it is not known whether it was inside the window. This kernel challenges those, " +
		"before Linux 6.18 the drop has no reason of its own, and tcp_check_req could not be hooked",
		func(s Visibility) bool { return s.Ignored && s.Requests && !s.RequestNumbers },
		func(e event.Evidence) bool {
			return e.Hook == event.HookIgnore && e.Socket == event.SockRequest && hasPosition(e)
		}},
	{LimitDropSocket, "ignored RSTs that are dropped before the connection is looked at (checksum, time to live, signature) come without state and owner: " +
		"before Linux 6.11 the drop names no socket",
		func(s Visibility) bool { return s.Ignored && !s.DropSocket },
		func(e event.Evidence) bool {
			return e.Hook == event.HookIgnore && beforeSocket(e.Reason) && e.State != 0
		}},
	{LimitCallers, "the kernel hides its addresses (kernel.kptr_restrict, or CAP_SYSLOG is missing). So a reset while closing may be missed, " +
		"a disconnect may be taken for a close, and what a dropped RST met is not known",
		func(s Visibility) bool { return !s.Callers },
		func(e event.Evidence) bool { return e.Caller != 0 }},
	{"no-reasons", "events have no kernelReason: enum sk_rst_reason came with Linux 6.10",
		func(s Visibility) bool { return !s.Reasons },
		func(e event.Evidence) bool { return e.Reason != "" && !e.Dropped }},
	{"no-state", "the TCP state before a reset is unknown where the kernel has already changed it",
		func(s Visibility) bool { return !s.State },
		func(e event.Evidence) bool { return e.Socket == event.SockFull && e.Prior != 0 }},
	{"no-closer", "who closed a connection earlier is unknown",
		func(s Visibility) bool { return !s.Closer }, nil},
	{"slow-search", "the search for owners takes up to 10 % of a core on a host with many open files, about 0.7 µs for each. " +
		"Before Linux 5.17 it looks at one file after the other and holds each meanwhile. If it cannot come in time, owners stay unknown",
		func(s Visibility) bool { return s.Holders && !s.TableSearch }, nil},
	{"no-holders", "who holds a socket that is alive is unknown",
		func(s Visibility) bool { return !s.Holders }, nil},
	{"no-error-report", "app.reported is absent: it is not known whether the kernel reported the error that app names. " +
		"The tracepoint inet_sk_error_report came with Linux 5.14, and --no-followups does not use it",
		func(s Visibility) bool { return !s.Errors }, nil},
}

// IDs of the limits that change what an event says, or whether there is one.
const (
	LimitSocketless  = "no-socketless"
	LimitNoRSTPacket = "no-rst-packet"
	LimitReceive     = "no-receive"
	LimitActive      = "no-active"
	LimitReply       = "no-reply"
	LimitSigned      = "no-signed"
	LimitReject      = "no-reject"
	LimitRejectLink  = "no-reject-on-link"
	LimitRequests    = "no-request-fate"
	LimitTimeWait    = "no-time-wait-fate"
	LimitCallers     = "no-callers"

	LimitIgnoredNoSocket   = "no-ignored-without-socket"
	LimitIgnoredHandshake  = "no-ignored-in-handshake"
	LimitIgnoredConnection = "no-ignored-in-connection"
	LimitEarlyDrops        = "no-early-drops"
	LimitHandshakeSocket   = "no-socket-of-ignored-in-handshake"
	LimitConnectionSocket  = "no-socket-of-ignored-in-connection"
	LimitConnectionSide    = "no-side-of-ignored-in-connection"
	LimitConnectionPlace   = "no-place-of-ignored-in-connection"
	LimitRequestNumbers    = "no-request-numbers"
	LimitDropSocket        = "no-socket-of-early-drops"
)

// unseen names the RSTs of which all or some have no event where a limit holds.
var unseen = map[string]string{
	LimitReceive:           "RSTs that arrive and end a connection",
	LimitActive:            "RSTs with which this host closes or aborts a connection",
	LimitReply:             "RSTs with which this host answers a packet",
	LimitSocketless:        "RSTs from closed ports and for unknown connections",
	LimitSigned:            "RSTs for unknown connections that have a TCP signature",
	LimitReject:            "RSTs that firewall rules send",
	LimitRejectLink:        "RSTs that firewall rules of a bridge or a device send",
	LimitRequests:          "RSTs that arrive and end a handshake",
	LimitTimeWait:          "RSTs that arrive and end a TIME_WAIT",
	LimitIgnoredNoSocket:   "RSTs that arrive for no connection, and are ignored",
	LimitIgnoredHandshake:  "ignored RSTs with ACK that meet a listener or an attempt to connect",
	LimitIgnoredConnection: "RSTs that a connection ignores",
	LimitEarlyDrops:        "ignored RSTs with a bad checksum, a bad signature or a low TTL",
	LimitCallers:           "RSTs that end a connection while it closes",
}

// Unseen names the RSTs of which all or some have no event where the limit holds; "" where
// it hides details only.
func (l Limit) Unseen() string { return unseen[l.ID] }

// SentenceOf is the sentence of a limit.
func SentenceOf(id string) string {
	limit, _ := LimitByID(id)
	return limit.Sentence
}

// LimitByID finds a limit; false for an id that there is not.
func LimitByID(id string) (Limit, bool) {
	for _, limit := range limits {
		if limit.ID == id {
			return limit, true
		}
	}
	return Limit{}, false
}

// Limits lists what this session cannot know.
func (s *Session) Limits() []Limit { return s.Visibility().Limits() }

// Limits lists what cannot be known where that is all that can be seen.
func (s Visibility) Limits() []Limit {
	var found []Limit
	for _, limit := range limits {
		if limit.hides(s) {
			found = append(found, limit)
		}
	}
	return found
}
