package probe

import (
	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// hook is one kernel function that rsttrace watches, with the program that each
// attach method has for it.
type hook struct {
	name     string // for people: "send-active"
	function string
	programs map[event.Method]string
	lacks    string // what events lack without it
}

// byFunction are the programs of a hook that has no tracepoint.
func byFunction(name string) map[event.Method]string {
	return map[event.Method]string{event.Fentry: "fentry_" + name, event.Kprobe: "kprobe_" + name}
}

// orTracepoint adds the program of a tracepoint.
func orTracepoint(programs map[event.Method]string, name string) map[event.Method]string {
	programs[event.Tracepoint] = name
	return programs
}

// resetHooks are the hooks that see resets. The three that send share one
// tracepoint.
var resetHooks = []hook{
	{name: "send-active", function: "tcp_send_active_reset", programs: orTracepoint(byFunction("send_active"), sharedTracepoint)},
	{name: "send-reply (IPv4)", function: "tcp_v4_send_reset", programs: orTracepoint(byFunction("send_reply4"), sharedTracepoint)},
	{name: "send-reply (IPv6)", function: "tcp_v6_send_reset", programs: orTracepoint(byFunction("send_reply6"), sharedTracepoint)},
	{name: "receive", function: "tcp_reset", programs: orTracepoint(byFunction("receive"), "tracepoint_receive")},
}

// Positions in resetHooks.
const (
	atActive = iota
	atReply4
	atReply6
	atReceive
	resetHookCount
)

// rejectHooks see what firewall rules answer. Most kernels have them in a
// module that comes with the first such rule.
var rejectHooks = []hook{
	{name: "reject (IPv4)", function: "nf_send_reset", programs: byFunction("reject4"), lacks: "resets that firewall rules send"},
	{name: "reject (IPv6)", function: "nf_send_reset6", programs: byFunction("reject6"), lacks: "resets that firewall rules send"},
	{name: "reject (IPv4, link)", function: "nf_reject_skb_v4_tcp_reset", programs: byFunction("reject_link4"), lacks: "resets that firewall rules send"},
	{name: "reject (IPv6, link)", function: "nf_reject_skb_v6_tcp_reset", programs: byFunction("reject_link6"), lacks: "resets that firewall rules send"},
}

// Hooks that note which socket a RST is held against, for the drop hook.
var (
	requestNote  = hook{name: "note", function: "tcp_check_req", programs: byFunction("note_request"), lacks: "the numbers behind RSTs for a handshake under way"}
	timeWaitNote = hook{name: "note", function: "tcp_timewait_state_process", programs: byFunction("note_time_wait"), lacks: "what an incoming RST did to a TIME_WAIT mini-socket"}
	// These two run for packets of live connections that miss the kernel's fast
	// path, so they are attached only where ignored RSTs are asked for.
	validateNote = hook{name: "note", function: "tcp_validate_incoming", programs: byFunction("note_validate"), lacks: "which connection ignored a RST"}
	stateNote    = hook{name: "note", function: "tcp_rcv_state_process", programs: byFunction("note_state"), lacks: "which handshake or listener ignored a RST"}
)

// moduleProgram tells when a module of rejectHooks comes.
const moduleProgram = "context_module"

// signalProgram tells what a reset did to a process later.
const signalProgram = "context_signal"

// errorProgram tells which error a reset left on its socket.
const errorProgram = "context_error"

// cgroupProgram tells how a control group is called, when it comes.
const cgroupProgram = "context_cgroup"

// dropProgram is the drop hook, kfree_skb.
const dropProgram = "drops_kfree_skb"

// destroyProgram tells who closes a socket right after its reset.
const destroyProgram = "context_destroy"

// The iterators of the context object. Those by file are for kernels before 5.17.
const (
	holdersIterator             = "holders"
	holdersByFileIterator       = "holders_by_file"
	listenersIterator           = "listeners"
	heldListenersIterator       = "held_listeners"
	heldListenersByFileIterator = "held_listeners_by_file"
)

// contextHooks leave notes for the reset hooks. Events are complete without
// them but for what lacks says.
var contextHooks = []struct {
	name, program, lacks string
}{
	{"sock:inet_sock_set_state", "context_state", "the TCP state before a reset, and who closed a connection earlier"},
	{"tcp:tcp_destroy_sock", destroyProgram, "the owner of a socket that is closed right after its reset"},
	{"signal:signal_generate", signalProgram, "the SIGPIPE that a process got after a reset"},
	{"sock:inet_sk_error_report", errorProgram, "the kernel's own word on the error that the application gets"},
	{"cgroup:cgroup_mkdir", cgroupProgram, "the names of control groups that are gone when their events are reported"},
	{"module:module_load", moduleProgram, "resets of firewall rules whose module comes later"},
}

// loadObject parses the compiled object of an attach method.
func loadObject(method event.Method) (*ebpf.CollectionSpec, error) {
	switch method {
	case event.Fentry:
		return bpf.LoadFentry()
	case event.Kprobe:
		return bpf.LoadKprobe()
	default:
		return bpf.LoadTracepoint()
	}
}

// resetHookOf is the position in resetHooks of the one that saw an event.
func resetHookOf(h event.Hook, family event.Family) int {
	switch {
	case h == event.HookSendActive:
		return atActive
	case h == event.HookReceive:
		return atReceive
	case family == event.IPv6:
		return atReply6
	default:
		return atReply4
	}
}

// rejectHookOf is the position in rejectHooks of the one that saw an event.
// The link functions serve both: nothing in an event tells them apart.
func rejectHookOf(family event.Family) int {
	if family == event.IPv6 {
		return 1
	}
	return 0
}

// place names the kernel function or tracepoint that an event came from, and
// how that was reached.
func (s *Session) place(e event.Evidence) (string, event.Method) {
	switch {
	case e.Dropped || e.Hook == event.HookIgnore || e.Socket == event.SockRequest && e.Hook == event.HookReceive:
		return "skb:kfree_skb", event.Tracepoint
	case e.Hook == event.HookReceive && e.Socket == event.SockTimeWait:
		return "skb:kfree_skb", event.Tracepoint
	case e.Hook == event.HookReject:
		at := rejectHookOf(e.Family)
		return rejectHooks[at].function, s.rejectVia[at]
	}
	at := resetHookOf(e.Hook, e.Family)
	via := s.vias[at]
	if via != event.Tracepoint {
		return resetHooks[at].function, via
	}
	if at == atReceive {
		return "tcp:tcp_receive_reset", via
	}
	return "tcp:tcp_send_reset", via
}
