package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/rsttrace/rsttrace/internal/probe"
)

// kept are the capabilities that a running tracer still needs: to walk file
// tables through the iterator and to read the statistics of its own programs.
var kept = []cap.Value{cap.BPF, cap.PERFMON, cap.SYS_PTRACE}

// forModules is kept while a hook waits for its kernel module: to attach to a
// function of a module the kernel asks for it.
const forModules = cap.SYS_ADMIN

// dropPrivileges gives up, in every thread and for good, what is not needed once
// everything is attached: also a program that is executed later, one of root or
// with the setuid bit, gets nothing back. Each step is tried, whatever became of
// those before it.
func dropPrivileges(hooks []probe.HookStatus, who account) error {
	have, err := cap.GetPID(0)
	if err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	needed := kept
	if slices.ContainsFunc(hooks, func(h probe.HookStatus) bool { return h.Later }) {
		needed = append(slices.Clone(kept), forModules)
	}
	want, err := subset(have, needed)
	if err != nil {
		return err
	}
	// The bounding set first: it takes a capability that is dropped below.
	return errors.Join(emptyBoundingSet(have), become(who), setCapabilities(want), noNewPrivileges())
}

// subset are the needed ones of the capabilities that this process has.
func subset(have *cap.Set, needed []cap.Value) (*cap.Set, error) {
	want := cap.NewSet()
	for _, value := range needed {
		permitted, err := have.GetFlag(cap.Permitted, value)
		if err != nil || !permitted {
			continue // this kernel does not know it, or we never had it
		}
		for _, flag := range []cap.Flag{cap.Permitted, cap.Effective} {
			if err := want.SetFlag(flag, true, value); err != nil {
				return nil, fmt.Errorf("keep %s: %w", value, err)
			}
		}
	}
	return want, nil
}

// emptyBoundingSet leaves a program that is executed nothing to gain. It needs
// CAP_SETPCAP, which root has: without it noNewPrivileges has to do.
func emptyBoundingSet(have *cap.Set) error {
	if may, err := have.GetFlag(cap.Effective, cap.SETPCAP); err != nil || !may {
		return nil
	}
	var all []cap.Value
	for value := range cap.MaxBits() {
		all = append(all, value)
	}
	if err := cap.DropBound(all...); err != nil {
		return fmt.Errorf("empty the bounding set: %w", err)
	}
	return nil
}

// become changes to another user, with the capabilities that are permitted now.
func become(who account) error {
	if !who.changes() {
		return nil
	}
	if err := cap.SetGroups(who.gid, who.groups...); err != nil {
		return fmt.Errorf("--user %s: set groups: %w", who.name, err)
	}
	if err := cap.SetUID(who.uid); err != nil {
		return fmt.Errorf("--user %s: %w", who.name, err)
	}
	return nil
}

func setCapabilities(want *cap.Set) error {
	if err := want.SetProc(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}

func noNewPrivileges() error {
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	return nil
}

// missingCapabilities names those that this process needs to trace and has not.
func missingCapabilities() string {
	have, err := cap.GetPID(0)
	if err != nil {
		return "not known"
	}
	var missing []string
	for _, value := range []cap.Value{cap.BPF, cap.PERFMON} {
		if has, err := have.GetFlag(cap.Effective, value); err != nil || !has {
			missing = append(missing, strings.ToUpper(value.String()))
		}
	}
	if len(missing) == 0 {
		return "none: a security module or a locked-down kernel refuses"
	}
	return strings.Join(missing, ", ")
}
