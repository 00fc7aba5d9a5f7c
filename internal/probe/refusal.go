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

// ByVerifier reports whether the program itself was refused, and not the method:
// then rsttrace has a defect, whatever the kernel lacks.
func (r Refusal) ByVerifier() bool {
	complaint, _ := verifierComplaint(r.Err)
	return complaint != ""
}

// verifierComplaint is the line of a verifier log that says what is wrong, and
// the kernel's error with it; "" where the verifier had nothing to say.
func verifierComplaint(err error) (string, error) {
	var verifier *ebpf.VerifierError
	if !errors.As(err, &verifier) {
		return "", nil
	}
	for _, line := range slices.Backward(verifier.Log) {
		if line != "" && !strings.HasPrefix(line, "processed ") {
			return strings.TrimSpace(line), verifier.Cause
		}
	}
	return "", nil
}

// shorten keeps of an error what fits a line: the kernel's error number, and
// of a verifier log, which is a screenful, the line that says what is wrong.
func shorten(err error) string {
	if complaint, cause := verifierComplaint(err); complaint != "" {
		return fmt.Sprintf("%v: %s", cause, complaint)
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return number.Error()
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}
