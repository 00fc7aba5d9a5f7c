package probe

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Refusal is an attach method that the kernel did not accept for a hook.
type Refusal struct {
	Method event.Method
	Step   string // "load" or "attach"
	Err    error
}

func (r Refusal) String() string {
	return fmt.Sprintf("%s refused at %s: %s", r.Method, r.Step, shorten(r.Err))
}

// shorten keeps of an error what fits a line: the kernel's error number, and
// of a verifier log, which is a screenful, the line that says what is wrong.
func shorten(err error) string {
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		for _, line := range slices.Backward(verifier.Log) {
			if line != "" && !strings.HasPrefix(line, "processed ") {
				return fmt.Sprintf("%v: %s", verifier.Cause, strings.TrimSpace(line))
			}
		}
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}
