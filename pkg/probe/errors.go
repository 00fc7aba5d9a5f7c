package probe

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ErrPermission means that the process lacks a capability.
var ErrPermission = errors.New("not permitted: rsttrace needs CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN before Linux 5.8 or where the kernel asks for it); run it as root")

// explainMapError says what to do about a map that could not be created. Maps
// come first, so missing privileges and old kernels show here.
func explainMapError(name string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return fmt.Errorf("%w (%v)", ErrPermission, err)
	case errors.Is(err, unix.EINVAL) && name == "ring":
		return fmt.Errorf("kernel has no BPF ring buffer: rsttrace needs Linux 5.8 or later (%w)", err)
	default:
		return err
	}
}

// nothingAttached explains why no reset hook could be attached.
func nothingAttached(statuses []HookStatus, allowed []event.Method) error {
	var reasons []string
	for _, refusal := range statuses[len(statuses)-1].Refused {
		reasons = append(reasons, refusal.String())
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
