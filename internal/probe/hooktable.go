package probe

import (
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// hookID is a row of hooks. Hooks are attached in this order, and detached in the
// opposite one: no reset is seen without its notes.
type hookID int

const (
	stateHook hookID = iota
	destroyHook
	signalHook
	errorHook
	cgroupHook
	moduleHook
	packetHook
	holdersHook
	listenersHook
	heldListenersHook
	activeHook
	reply4Hook
	reply6Hook
	receiveHook
	reject4Hook
	reject6Hook
	rejectLink4Hook
	rejectLink6Hook
	requestNote
	timeWaitNote
	validateNote
	stateNote
	dropHook
	hookCount
)

// resetHooks see what TCP itself sends and obeys. Without any of them there is
// nothing to trace.
var resetHooks = []hookID{activeHook, reply4Hook, reply6Hook, receiveHook}

// rejectHooks see what firewall rules answer.
var rejectHooks = []hookID{reject4Hook, reject6Hook, rejectLink4Hook, rejectLink6Hook}

// What events lack, in the words of several rows.
const (
	lacksRejects  = "resets that firewall rules send"
	countsRejects = "RSTs that firewall rules send"
	countsIgnored = "ignored RSTs"
)

var (
	socketArgument = argument{"sock_arg", "sock", 1}
	packetArgument = argument{"packet_arg", "sk_buff", 2}
	reasonArgument = argument{"reason_arg", "sk_rst_reason", 0}
)

// hooks is the table. It is not changed.
var hooks = [hookCount]hook{
	// Context hooks leave notes for the others. Events are complete without them,
	// except for what lacks says.
	stateHook: {
		kind: "context", tracepoint: "sock:inet_sock_set_state",
		programs: inContext("context_state"),
		serves:   all,
		lacks:    "the TCP state before a reset, and who closed a connection earlier",
	},
	destroyHook: {
		kind: "context", tracepoint: "tcp:tcp_destroy_sock",
		programs: inContext("context_destroy"),
		serves:   all,
		use:      (*loader).sendsDetails,
		lacks:    "the owner of a socket that is closed right after its reset",
	},
	signalHook: {
		kind: "context", tracepoint: "signal:signal_generate",
		programs: inContext("context_signal"),
		serves:   breaksPipes,
		use:      func(l *loader) bool { return l.sendsDetails() && !l.options.NoFollowups },
		lacks:    "the SIGPIPE that a process got after a reset",
	},
	errorHook: {
		kind: "context", tracepoint: "sock:inet_sk_error_report",
		programs: inContext("context_error"),
		serves:   leavesError,
		use:      (*loader).mayFollowErrors,
		lacks:    "the kernel's own word on the error that the application gets",
	},
	cgroupHook: {
		kind: "context", tracepoint: "cgroup:cgroup_mkdir",
		programs: inContext("context_cgroup"),
		serves:   all,
		use:      func(l *loader) bool { return l.sendsDetails() || l.options.Tops },
		lacks:    "the names of control groups that are gone when their events are reported",
	},
	moduleHook: {
		kind: "context", tracepoint: "module:module_load",
		programs: inContext("context_module"),
		serves:   inModule,
		use:      (*loader).awaitsModules,
		lacks:    "resets of firewall rules whose module comes later",
	},
	packetHook: {
		kind: "packets", tracepoint: "net:netif_receive_skb",
		programs: inContext("context_packet"),
		serves:   func(_ *loader, from hookID, _ cause.Verdict) bool { return from == receiveHook },
		use:      (*loader).seesPackets,
		lacks:    "the RST that a connection obeyed: its numbers, flags and time to live",
	},
	holdersHook: {
		kind: "context", iterator: "iterator task",
		programs: inContext("holders"), byFile: "holders_by_file",
		serves: all,
		lacks:  "the owner of a socket that was reset by a packet and is still open",
	},
	// These two make listeners known that are older than the session, and the
	// counters of their namespaces: see bpf/embryonic.h.
	listenersHook: {
		kind: "context", iterator: "iterator tcp",
		programs: inContext("listeners"),
		serves:   all,
		lacks:    "what an incoming RST did to a request socket of an older listener of the kernel",
	},
	heldListenersHook: {
		kind: "context", iterator: "file tables for listeners",
		programs: inContext("held_listeners"), byFile: "held_listeners_by_file",
		serves: all,
		lacks:  "what an incoming RST did to a request socket of an older listener of a process",
	},

	// Reset hooks. The three that send share one tracepoint.
	activeHook: {
		kind: "send-active", functions: []string{"tcp_send_active_reset"}, tracepoint: "tcp:tcp_send_reset",
		// The packet is one of the tracepoint only: it says which hook is served.
		arguments: []argument{socketArgument, {"packet_arg", "sk_buff", 0}, reasonArgument},
		programs:  orTracepoint(byFunction("send_active"), sharedProgram),
		gives:     []gift{{hook: event.HookSendActive}},
		counts:    "RSTs that abort a connection",
	},
	reply4Hook: {
		kind: "send-reply (IPv4)", functions: []string{"tcp_v4_send_reset"}, tracepoint: "tcp:tcp_send_reset",
		arguments: []argument{socketArgument, packetArgument, reasonArgument},
		programs:  orTracepoint(byFunction("send_reply4"), sharedProgram),
		gives:     []gift{{hook: event.HookSendReply, only: notIPv6}},
		serves:    repliesBesideDrops,
		counts:    "RSTs that answer a packet",
	},
	reply6Hook: {
		kind: "send-reply (IPv6)", functions: []string{"tcp_v6_send_reset"}, tracepoint: "tcp:tcp_send_reset",
		arguments: []argument{socketArgument, packetArgument, reasonArgument},
		programs:  orTracepoint(byFunction("send_reply6"), sharedProgram),
		gives:     []gift{{hook: event.HookSendReply, only: isIPv6}},
		serves:    repliesBesideDrops,
		counts:    "RSTs that answer a packet",
	},
	receiveHook: {
		kind: "receive", functions: []string{"tcp_reset"}, tracepoint: "tcp:tcp_receive_reset",
		// Before 5.11 it is not given the packet.
		arguments: []argument{socketArgument, {"packet_arg", "sk_buff", 0}},
		programs:  orTracepoint(byFunction("receive"), "tracepoint_receive"),
		gives:     []gift{{hook: event.HookReceive, only: not(ofMiniSocket), except: []event.CauseID{cause.TimeWaitKilled}}},
		counts:    "received RSTs that a connection obeys",
	},

	// Reject hooks see what firewall rules answer. Most kernels have them in a
	// module that comes with the first such rule.
	reject4Hook: {
		kind: "reject (IPv4)", functions: []string{"nf_send_reset"}, module: "nf_reject_ipv4",
		// The packet is the third argument, before 5.10 the second. Where nothing
		// says which, a kprobe finds out.
		arguments: []argument{{"packet_arg", "sk_buff", 0}, {"chain_arg", "int", 0}},
		programs:  byFunction("reject4"),
		gives:     []gift{{hook: event.HookReject, only: notIPv6}},
		counts:    countsRejects,
		lacks:     lacksRejects,
	},
	reject6Hook: {
		kind: "reject (IPv6)", functions: []string{"nf_send_reset6"}, module: "nf_reject_ipv6",
		arguments: []argument{{"packet_arg", "sk_buff", 0}, {"chain_arg", "int", 0}},
		programs:  byFunction("reject6"),
		gives:     []gift{{hook: event.HookReject, only: isIPv6}},
		counts:    countsRejects,
		lacks:     lacksRejects,
	},
	rejectLink4Hook: {
		kind: "reject (IPv4, link)", functions: []string{"nf_reject_skb_v4_tcp_reset"}, module: "nf_reject_ipv4",
		arguments: []argument{packetArgument, {"device_arg", "net_device", 3}, {"chain_arg", "int", 4}},
		programs:  byFunction("reject_link4"),
		gives:     []gift{{hook: event.HookReject, only: notIPv6}},
		counts:    countsRejects,
		lacks:     lacksRejects,
	},
	rejectLink6Hook: {
		kind: "reject (IPv6, link)", functions: []string{"nf_reject_skb_v6_tcp_reset"}, module: "nf_reject_ipv6",
		arguments: []argument{packetArgument, {"device_arg", "net_device", 3}, {"chain_arg", "int", 4}},
		programs:  byFunction("reject_link6"),
		gives:     []gift{{hook: event.HookReject, only: isIPv6}},
		counts:    countsRejects,
		lacks:     lacksRejects,
	},

	// Notes say which socket a RST is held against, for the drop hook.
	requestNote: {
		kind: "note", functions: []string{"tcp_check_req"},
		arguments: []argument{socketArgument, packetArgument, {"request_arg", "request_sock", 3}},
		programs:  byFunction("note_request"),
		serves:    dropOnly,
		use:       (*loader).watchesDrops,
		// The drop names the listener, and its counter tells the rest.
		optional: func(l *loader) bool { return l.kernel.drop.hasSocket && !l.options.Ignored },
		lacks:    "the numbers behind RSTs for a handshake under way",
	},
	timeWaitNote: {
		kind: "note", functions: []string{"tcp_timewait_state_process"},
		arguments: []argument{{"sock_arg", "inet_timewait_sock", 1}, packetArgument},
		programs:  byFunction("note_time_wait"),
		serves:    dropOnly,
		use:       func(l *loader) bool { return l.watchesDrops() && !l.kernel.drop.hasSocket },
		lacks:     "what an incoming RST did to a TIME_WAIT mini-socket",
	},
	// These two run for packets of live connections that miss the kernel's fast
	// path, so they are attached only where ignored RSTs are asked for.
	validateNote: {
		kind: "note", functions: []string{"tcp_validate_incoming"},
		arguments: []argument{socketArgument, packetArgument},
		programs:  byFunction("note_validate"),
		serves:    ignoredOnly,
		use:       (*loader).notesConnections,
		lacks:     "which connection ignored a RST",
	},
	stateNote: {
		kind: "note", functions: []string{"tcp_rcv_state_process"},
		arguments: []argument{socketArgument, packetArgument},
		programs:  byFunction("note_state"),
		serves:    ignoredOnly,
		use:       (*loader).notesConnections,
		lacks:     "which handshake or listener ignored a RST",
	},
	dropHook: {
		kind: "drop", tracepoint: "skb:kfree_skb",
		programs: map[event.Method]program{event.Tracepoint: {dropsObject, "drops_kfree_skb"}},
		gives: []gift{
			{hook: event.HookIgnore},
			{hook: event.HookReceive, only: ofMiniSocket, causes: []event.CauseID{cause.HandshakeAborted, cause.TimeWaitKilled}},
		},
		counts: "received RSTs that end a handshake or a TIME_WAIT mini-socket",
		lacks:  "RSTs that end a handshake or a TIME_WAIT mini-socket, and ignored ones",
	},
}

// byFunction are the programs of a hook that has no tracepoint.
func byFunction(name string) map[event.Method]program {
	return map[event.Method]program{
		event.Fentry: {fentryObject, "fentry_" + name},
		event.Kprobe: {kprobeObject, "kprobe_" + name},
	}
}

// orTracepoint adds the program of a tracepoint.
func orTracepoint(programs map[event.Method]program, name string) map[event.Method]program {
	programs[event.Tracepoint] = program{tracepointObject, name}
	return programs
}

// inContext is a program that has no other method.
func inContext(name string) map[event.Method]program {
	return map[event.Method]program{event.Tracepoint: {contextObject, name}}
}

// sharedProgram serves all sending hooks that no function entry serves. So it is
// loaded once and last, when it is known which these are.
const sharedProgram = "tracepoint_send"
