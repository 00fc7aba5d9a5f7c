package probe

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestExhausted: what ran out is named, with the limit to raise.
func TestExhausted(t *testing.T) {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	for number, want := range map[error]string{
		unix.EMFILE: fmt.Sprintf("no more than %d open files", files.Max),
		unix.ENFILE: "fs.file-max",
		unix.ENOMEM: "memory.max",
		unix.EAGAIN: "pids.max",
	} {
		for _, err := range []error{number, fmt.Errorf("load: %w", number), fmt.Errorf("load: %v", number), &ebpf.VerifierError{Cause: number, Log: []string{"safe"}}} {
			why := exhausted(err)
			if !errors.Is(why, ErrExhausted) || !errors.Is(why, number) || !strings.Contains(why.Error(), want) {
				t.Errorf("%v: %v, want %q", err, why, want)
			}
		}
	}
	for _, err := range []error{nil, unix.EPERM, unix.EINVAL, unix.ENOENT, errors.New("text")} {
		if why := exhausted(err); why != nil {
			t.Errorf("%v: %v", err, why)
		}
		if got := explain(err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// TestRefuse: the first resource that ran out is what ends an attempt, and a
// method that the kernel refuses does not.
func TestRefuse(t *testing.T) {
	l := &loader{}
	for _, number := range []error{unix.EPERM, unix.ENFILE, unix.EMFILE} {
		if r := l.refuse(Refusal{event.Fentry, "load", number}); !errors.Is(r.Err, number) {
			t.Errorf("the refusal of %v is %v", number, r)
		}
	}
	if !errors.Is(l.exhausted, unix.ENFILE) {
		t.Errorf("what ran out is %v", l.exhausted)
	}
}

// TestLoadFiles: a program that is being loaded has a descriptor for each map.
func TestLoadFiles(t *testing.T) {
	drops, err := bpf.LoadDrops()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(drops.Maps); n > loadFiles {
		t.Errorf("%d maps, and room for %d", n, loadFiles)
	}
}
