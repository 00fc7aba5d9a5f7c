package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// account is the user that rsttrace runs as once everything is attached. It is
// the flag --user; the zero value is the user that has started it.
type account struct {
	name   string
	uid    int
	gid    int
	groups []int // further ones
}

func (a *account) Type() string   { return "user" }
func (a *account) String() string { return a.name }

// Set takes a name or a number that the system knows.
func (a *account) Set(text string) error {
	found, err := user.Lookup(text)
	if err != nil {
		if found, err = user.LookupId(text); err != nil {
			return fmt.Errorf("there is no user %q", text)
		}
	}
	groups, err := found.GroupIds()
	if err != nil {
		return fmt.Errorf("groups of %s: %w", text, err)
	}
	*a = account{name: text}
	if a.uid, err = strconv.Atoi(found.Uid); err == nil {
		a.gid, err = strconv.Atoi(found.Gid)
	}
	for _, group := range groups {
		id, problem := strconv.Atoi(group)
		a.groups = append(a.groups, id)
		err = errors.Join(err, problem)
	}
	return err
}

// changes reports whether another user than now is wanted.
func (a *account) changes() bool { return a.name != "" && a.uid != os.Getuid() }

// overrides are the capabilities by which root may write where its files' modes
// would not let it.
const overrides = 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_FOWNER

// try calls a function in a thread that may do with files what the account may
// once the privileges are given up.
func (a account) try(fn func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		if a.changes() {
			// The kernel takes the capabilities for files from a user other than root.
			if err := errors.Join(unix.Setfsgid(a.gid), unix.Setfsuid(a.uid)); err != nil {
				result <- err
				return
			}
		} else if err := lowerCapabilities(overrides); err != nil {
			result <- err
			return
		}
		result <- fn()
	}()
	return <-result
}

// lowerCapabilities takes capabilities of the first 32 from this thread.
func lowerCapabilities(set uint32) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Effective &^= set
	return unix.Capset(&header, &data[0])
}
