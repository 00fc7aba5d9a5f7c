package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"runtime"
	"strconv"
	"strings"

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

// Set takes a name or a number that the system knows, or numbers that it need not know:
// 65532, or 65532:100 with a group. An image may have no list of users at all.
func (a *account) Set(text string) error {
	if found := known(text); found != nil {
		return a.take(text, found)
	}
	uid, gid, both := strings.Cut(text, ":")
	if !both {
		gid = uid
	}
	numbers := account{name: text}
	var err error
	if numbers.uid, err = idOf(uid); err == nil {
		numbers.gid, err = idOf(gid)
	}
	if err != nil {
		return fmt.Errorf("there is no user %q: want a name, a number, or numbers of user and group as 65532:65532", text)
	}
	*a = numbers
	return nil
}

// known is the user that the system knows by a name or a number, or nil.
func known(text string) *user.User {
	if found, err := user.Lookup(text); err == nil {
		return found
	}
	if found, err := user.LookupId(text); err == nil {
		return found
	}
	return nil
}

func (a *account) take(name string, found *user.User) error {
	groups, err := found.GroupIds()
	if errors.Is(err, fs.ErrNotExist) { // there is no list of groups: then it has none
		groups, err = nil, nil
	}
	if err != nil {
		return fmt.Errorf("groups of %s: %w", name, err)
	}
	*a = account{name: name}
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

// idOf reads the number of a user or a group. The kernel takes the highest one for "no change".
func idOf(text string) (int, error) {
	id, err := strconv.ParseUint(text, 10, 32)
	if err == nil && id == math.MaxUint32 {
		err = strconv.ErrRange
	}
	return int(id), err
}

// changes reports whether another user than now is wanted.
func (a *account) changes() bool { return a.name != "" && a.uid != os.Getuid() }

// described names the account in a sentence.
func (a account) described() string {
	if a.name == "" {
		return "this user without its capabilities"
	}
	return "user " + a.name
}

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
