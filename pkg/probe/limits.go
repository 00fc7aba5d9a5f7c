package probe

import "github.com/rsttrace/rsttrace/pkg/event"

// Sight is what the attached hooks can see on the running kernel. It follows
// from how they are attached and from BTF, never from results or versions.
type Sight struct {
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
}

// Sight says what this session can see.
func (s *Session) Sight() Sight {
	reply, receive, active := s.vias[atReply4], s.vias[atReceive], s.vias[atActive]
	return Sight{
		Receive:        receive != "",
		ReceivedPacket: s.kernel.resetHasPacket && byFunctionEntry(receive),
		SendActive:     active != "",
		Socketless:     byFunctionEntry(reply) || reply == event.Tracepoint && s.kernel.tracepointSays,
		FullReply:      reply != "",
		Signed:         reply == event.Tracepoint && s.kernel.tracepointSays,
		Callers:        len(s.kernel.callers) > 0,
		Reasons:        len(s.kernel.reasons) > 0,
		State:          s.has("context_state"),
		Closer:         s.has("context_state") && s.has("context_destroy"),
		Holders:        s.holders != nil,
	}
}

// Limit is something that cannot be known on this kernel by these methods.
type Limit struct {
	ID       string
	Sentence string
	hides    func(Sight) bool
}

// limits is the whole table, derived from kernel facts.
var limits = []Limit{
	{"no-receive", "received RSTs are not seen: tcp_reset could not be attached",
		func(s Sight) bool { return !s.Receive }},
	{LimitNoRSTPacket, "a received RST is not passed to the hook (only tcp_reset of Linux 5.11 and later passes it, to fentry and kprobe): " +
		"whether the peer aborted or only replied is inferred from TCP timestamps (likely), and without timestamps it is reset-by-peer",
		func(s Sight) bool { return s.Receive && !s.ReceivedPacket }},
	{"no-active", "resets that abort a connection (close with unread data, SO_LINGER 0, keep-alive, ...) are not seen: tcp_send_active_reset could not be attached",
		func(s Sight) bool { return !s.SendActive }},
	{"no-reply", "resets in reply to a packet are not seen: tcp_v4_send_reset could not be attached",
		func(s Sight) bool { return !s.FullReply }},
	{LimitSocketless, "resets sent without a full socket (closed-port, half-open, data for a TIME_WAIT mini-socket) are not seen: " +
		"before Linux 6.10 the tracepoint tcp_send_reset is silent there",
		func(s Sight) bool { return s.FullReply && !s.Socketless }},
	{"no-signed", "replies to segments that carry an MD5 or AO signature and belong to no full socket are not shown: " +
		"at the entry of tcp_v4_send_reset nobody knows whether a RST will leave",
		func(s Sight) bool { return s.Socketless && !s.Signed }},
	{"no-callers", "the kernel hides its addresses (kernel.kptr_restrict, or CAP_SYSLOG is missing): where only the caller decides, " +
		"a reset while closing may be missed and a disconnect taken for a close",
		func(s Sight) bool { return !s.Callers }},
	{"no-reasons", "events have no kernelReason: enum sk_rst_reason came with Linux 6.10",
		func(s Sight) bool { return !s.Reasons }},
	{"no-state", "the TCP state before a reset is unknown where the kernel has already changed it",
		func(s Sight) bool { return !s.State }},
	{"no-closer", "who closed a connection earlier is unknown",
		func(s Sight) bool { return !s.Closer }},
	{"no-holders", "who holds a socket that is alive is unknown",
		func(s Sight) bool { return !s.Holders }},
}

// IDs of the limits that change what an event says, or whether there is one.
const (
	LimitSocketless  = "no-socketless"
	LimitNoRSTPacket = "no-rst-packet"
)

// SentenceOf is the sentence of a limit.
func SentenceOf(id string) string {
	for _, limit := range limits {
		if limit.ID == id {
			return limit.Sentence
		}
	}
	return ""
}

// Limits lists what this session cannot know.
func (s *Session) Limits() []Limit {
	sight := s.Sight()
	var found []Limit
	for _, limit := range limits {
		if limit.hides(sight) {
			found = append(found, limit)
		}
	}
	return found
}
