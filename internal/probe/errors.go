package probe

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// ErrPermission means that the process lacks a capability.
var ErrPermission = errors.New("not permitted: rsttrace needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN; run it as root")

// explainMapError says what to do about a map that could not be created. Maps
// come first, so missing privileges and old kernels show here. memlock says why
// the limit of locked memory was not raised: before 5.11 the kernel answers with
// EPERM, too, when it is reached.
func explainMapError(name string, err, memlock error) error {
	switch {
	case errors.Is(err, unix.EPERM) && memlock != nil && mayLoad():
		return fmt.Errorf("%w: the maps need more locked memory than this process may have: raise the limit (ulimit -l unlimited), or add CAP_SYS_RESOURCE", ErrExhausted)
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
		tried[i] = methods[method].facility()
	}
	return fmt.Errorf("this kernel accepts none of the attach methods (%s); it must offer %s",
		strings.Join(reasons, "; "), strings.Join(tried, ", or "))
}

// mayLoad reports whether this process has the privileges to make maps.
func mayLoad() bool {
	have, err := cap.GetPID(0)
	if err != nil {
		return false
	}
	for _, value := range []cap.Value{cap.BPF, cap.SYS_ADMIN} {
		if has, err := have.GetFlag(cap.Effective, value); err == nil && has {
			return true
		}
	}
	return false
}
