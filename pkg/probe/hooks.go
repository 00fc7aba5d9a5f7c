package probe

import (
	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// hook is one kernel function that rsttrace watches for resets, with the
// program that each attach method has for it.
type hook struct {
	name     string // for people: "send-active"
	function string
	programs map[event.Method]string
}

// methods lists the attach methods, best first.
var methods = []event.Method{event.Fentry, event.Kprobe, event.Tracepoint}

// hooks are the reset hooks in the order in which they are attached. The three
// that send share one tracepoint.
var hooks = []hook{
	{"send-active", "tcp_send_active_reset", map[event.Method]string{
		event.Fentry: "fentry_send_active", event.Kprobe: "kprobe_send_active", event.Tracepoint: "tracepoint_send",
	}},
	{"send-reply (IPv4)", "tcp_v4_send_reset", map[event.Method]string{
		event.Fentry: "fentry_send_reply4", event.Kprobe: "kprobe_send_reply4", event.Tracepoint: "tracepoint_send",
	}},
	{"send-reply (IPv6)", "tcp_v6_send_reset", map[event.Method]string{
		event.Fentry: "fentry_send_reply6", event.Kprobe: "kprobe_send_reply6", event.Tracepoint: "tracepoint_send",
	}},
	{"receive", "tcp_reset", map[event.Method]string{
		event.Fentry: "fentry_receive", event.Kprobe: "kprobe_receive", event.Tracepoint: "tracepoint_receive",
	}},
}

// contextHooks leave notes for the reset hooks. Events are complete without
// them but for what lacks says.
var contextHooks = []struct {
	name, program, lacks string
}{
	{"sock:inet_sock_set_state", "context_state", "the TCP state before a reset, and who closed a connection earlier"},
	{"tcp:tcp_destroy_sock", "context_destroy", "the owner of a socket that is closed right after its reset"},
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

// hookOf gives the kernel function, or tracepoint, that an event came from.
func hookOf(h event.Hook, family event.Family, via event.Method) string {
	if via == event.Tracepoint {
		if h == event.HookReceive {
			return "tcp:tcp_receive_reset"
		}
		return "tcp:tcp_send_reset"
	}
	return hooks[hookIndex(h, family)].function
}

// hookIndex is the position in hooks of the one that saw an event.
func hookIndex(h event.Hook, family event.Family) int {
	switch {
	case h == event.HookSendActive:
		return 0
	case h == event.HookReceive:
		return 3
	case family == event.IPv6:
		return 2
	default:
		return 1
	}
}
