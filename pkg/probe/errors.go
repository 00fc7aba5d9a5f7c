package probe

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ErrPermission means that the process lacks a capability.
var ErrPermission = errors.New("not permitted: rsttrace needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; run it as root")

// explainMapError says what to do about a map that could not be created. Maps
// come first, so missing privileges and old kernels show here.
func explainMapError(name string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return ErrPermission
	case errors.Is(err, unix.EINVAL) && name == "ring":
		return fmt.Errorf("kernel has no BPF ring buffer: rsttrace needs Linux 5.8 or later (%w)", err)
	default:
		return fmt.Errorf("create map %s: %w", name, err)
	}
}

// nothingAttached explains why no reset hook could be attached.
func nothingAttached(statuses []HookStatus, allowed []event.Method) error {
	refusals := statuses[len(statuses)-1].Refused
	var reasons []string
	for _, refusal := range refusals {
		reasons = append(reasons, refusal.String())
	}
	// A tracepoint is refused to the unprivileged, and to nobody else.
	if last := refusals[len(refusals)-1]; last.Method == event.Tracepoint && errors.Is(last.Err, unix.EPERM) {
		return fmt.Errorf("%w (%s)", ErrPermission, strings.Join(reasons, "; "))
	}
	tried := make([]string, len(allowed))
	for i, method := range allowed {
		tried[i] = facility[method]
	}
	return fmt.Errorf("this kernel accepts none of the attach methods (%s); it must offer %s",
		strings.Join(reasons, "; "), strings.Join(tried, ", or "))
}

// facility is what a kernel must have for a method.
var facility = map[event.Method]string{
	event.Fentry:     "BPF trampolines for fentry (CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)",
	event.Kprobe:     "kprobes (CONFIG_KPROBES, CONFIG_BPF_EVENTS)",
	event.Tracepoint: "BTF tracepoints (CONFIG_DEBUG_INFO_BTF, CONFIG_TRACEPOINTS)",
}
