package probe

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestShorten(t *testing.T) {
	verifier := &ebpf.VerifierError{
		Cause: unix.EACCES,
		Log:   []string{"0: R1=ctx()", "  R2 invalid mem access 'scalar'", "processed 12 insns (limit 1000000)", ""},
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"number":         {fmt.Errorf("load program: %w", unix.EPERM), "operation not permitted"},
		"verifier":       {fmt.Errorf("load program: %w", verifier), "permission denied: R2 invalid mem access 'scalar'"},
		"verifier alone": {&ebpf.VerifierError{Cause: unix.EINVAL}, "invalid argument"},
		"text":           {errors.New("two\nlines"), "two lines"},
	} {
		if got := shorten(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		r := Refusal{event.Fentry, "load", test.err}
		if got, want := r.ByVerifier(), name == "verifier"; got != want {
			t.Errorf("%s: by the verifier: %t", name, got)
		}
	}
}

func TestRefusalText(t *testing.T) {
	r := Refusal{event.Fentry, "attach", fmt.Errorf("create link: %w", unix.EBUSY)}
	if got := r.String(); got != "fentry refused at attach: device or resource busy" {
		t.Error(got)
	}
}

func TestNothingAttached(t *testing.T) {
	refused := []Refusal{{event.Fentry, "load", unix.EPERM}, {event.Kprobe, "attach", unix.ENOENT}}
	statuses := make([]HookStatus, len(resetHooks))
	for i := range statuses {
		statuses[i].Refused = refused
	}
	text := nothingAttached(statuses, []event.Method{event.Fentry, event.Kprobe}).Error()
	for _, part := range []string{"fentry refused at load: operation not permitted", "kprobe refused at attach", "CONFIG_KPROBES", "trampolines"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
	for _, method := range event.Methods {
		if methods[method].facility() == "" {
			t.Errorf("%s: no facility is named", method)
		}
	}
}

func TestMapErrors(t *testing.T) {
	for _, number := range []error{unix.EPERM, unix.EACCES} {
		if err := explainMapError("counts", number, nil); !errors.Is(err, ErrPermission) {
			t.Errorf("%v: %v", number, err)
		}
	}
	if err := explainMapError("ring", unix.EINVAL, nil); !strings.Contains(err.Error(), "5.8") {
		t.Errorf("no ring buffer: %v", err)
	}
	if err := explainMapError("counts", unix.EINVAL, nil); !errors.Is(err, unix.EINVAL) || strings.Contains(err.Error(), "5.8") {
		t.Errorf("another map: %v", err)
	}
}
