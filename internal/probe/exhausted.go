package probe

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrExhausted means that a resource has run out: nothing follows from that about
// what this kernel can do. The text says which limit to raise.
var ErrExhausted = errors.New("a resource has run out")

// exhaustions are the errors that say so, and what a person can do.
var exhaustions = []struct {
	number error
	advice func() string
}{
	{unix.ENFILE, always("this machine may have no more open files: raise fs.file-max (sysctl)")},
	{unix.EMFILE, adviseOpenFiles}, // whose text begins that of ENFILE
	{unix.ENOMEM, always("there is no memory left: take a smaller --ring-size, or raise the limit of this control group (memory.max) " +
		"or of locked memory (ulimit -l)")},
	{unix.EAGAIN, always("the kernel has too little of something for now: try again, or raise the number of tasks " +
		"(ulimit -u, pids.max of this control group)")},
}

func always(advice string) func() string { return func() string { return advice } }

// adviseOpenFiles names the limit of this process. The Go runtime has raised it
// to the hard limit when the process started.
func adviseOpenFiles() string {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return "this process may have no more open files: raise its limit (ulimit -Hn, LimitNOFILE= of a unit)"
	}
	return fmt.Sprintf("this process may have no more than %d open files: raise the limit to %d (ulimit -Hn, LimitNOFILE= of a unit)",
		limit.Max, enoughFiles)
}

const (
	// enoughFiles is far more than a session needs.
	enoughFiles = 1024
	// sessionFiles is more than its maps, programs and links, with what the
	// rest of the process has open.
	sessionFiles = 160
	// loadFiles is more than the maps of one object: each program that is being
	// loaded has descriptors of its own for them.
	loadFiles = 40
)

// checkFiles fails unless a session can have the files that it needs. Without a
// look beforehand they would run out at any place, and not each of these says
// so: cilium/ebpf then takes a map type for one that the kernel lacks.
func checkFiles() error {
	var taken []int
	defer func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
	}()
	for range sessionFiles + loadFiles*loadWorkers() {
		fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
		if err != nil {
			return fmt.Errorf("look for room: %w", err)
		}
		taken = append(taken, fd)
	}
	return nil
}

// exhausted returns what ran out, if that is what an error says, and else nil.
// Some errors of cilium/ebpf have the number as text only (FD.Dup).
func exhausted(err error) error {
	if err == nil {
		return nil
	}
	for _, e := range exhaustions {
		if errors.Is(err, e.number) || strings.Contains(err.Error(), e.number.Error()) {
			return fmt.Errorf("%w (%w): %s", ErrExhausted, e.number, e.advice())
		}
	}
	return nil
}

// explain says what ran out, if something did, and else leaves an error as it is.
func explain(err error) error {
	if why := exhausted(err); why != nil {
		return why
	}
	return err
}

// refuse is the refusal of a method. A resource that ran out is none: it is
// remembered, and ends what is under way.
func (l *loader) refuse(refusal Refusal) *Refusal {
	l.runOut(refusal.Err)
	return &refusal
}

// runOut remembers the first resource that ran out.
func (l *loader) runOut(err error) {
	if l.exhausted == nil {
		l.exhausted = exhausted(err)
	}
}
