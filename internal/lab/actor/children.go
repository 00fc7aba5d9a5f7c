package actor

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// firstInherited is the first descriptor that a spawned actor has from its
// parent; the others follow in order.
const firstInherited = controlFD + 1

// spawnChild forks, and the child runs this program again with the descriptors
// that it is to inherit.
func spawnChild(r Request) (Reply, error) {
	control, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Reply{}, err
	}
	defer unix.Close(control[1])
	files := []uintptr{0, 1, 2, uintptr(control[1])}
	for _, fd := range r.FDs {
		files = append(files, uintptr(fd))
	}
	pid, err := syscall.ForkExec("/proc/self/exe", []string{r.Name}, &syscall.ProcAttr{
		Env: environmentOf(r.Name), Files: files, Sys: attributes(),
	})
	if err != nil {
		unix.Close(control[0])
		return Reply{}, err
	}
	return Reply{N: pid, FD: control[0]}, nil
}

func waitChild(r Request) (Reply, error) {
	var wait unix.WaitStatus
	_, err := retry(func() (int, error) { return unix.Wait4(r.N, &wait, 0, nil) })
	return Reply{Status: statusOf(syscall.WaitStatus(wait))}, err
}

// execAs becomes another program, as far as the kernel can tell: this one under
// another name.
func execAs(name string, keep []int) error {
	for _, fd := range append([]int{controlFD}, keep...) {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return err
		}
	}
	return unix.Exec("/proc/self/exe", []string{name}, environmentOf(name))
}

// keepToItself undoes what inheritance needs: a child of this process gets only
// what it is given.
func keepToItself() {
	const most = 16
	for fd := controlFD; fd < firstInherited+most; fd++ {
		unix.CloseOnExec(fd) // fails where there is none
	}
}

// environmentOf is the environment of an actor with that comm.
func environmentOf(comm string) []string {
	rest := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, nameVariable+"=") })
	return append(rest, nameVariable+"="+comm)
}
