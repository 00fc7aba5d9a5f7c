package main

import (
	"fmt"
	"slices"
	"strings"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/rsttrace/rsttrace/pkg/probe"
)

// kept are the capabilities that a running tracer still needs: to walk file
// tables through the iterator and to read the statistics of its own programs.
var kept = []cap.Value{cap.BPF, cap.PERFMON, cap.SYS_PTRACE}

// forModules is kept while a hook waits for its kernel module: to attach to a
// function of a module the kernel asks for it.
const forModules = cap.SYS_ADMIN

// dropPrivileges gives up, in every thread and for good, all capabilities that
// are not needed once everything is attached.
func dropPrivileges(hooks []probe.HookStatus) error {
	have, err := cap.GetPID(0)
	if err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	want := cap.NewSet()
	needed := kept
	if slices.ContainsFunc(hooks, func(h probe.HookStatus) bool { return h.Later }) {
		needed = append(slices.Clone(kept), forModules)
	}
	for _, value := range needed {
		permitted, err := have.GetFlag(cap.Permitted, value)
		if err != nil || !permitted {
			continue // this kernel does not know it, or we never had it
		}
		if err := want.SetFlag(cap.Permitted, true, value); err != nil {
			return fmt.Errorf("keep %s: %w", value, err)
		}
		if err := want.SetFlag(cap.Effective, true, value); err != nil {
			return fmt.Errorf("keep %s: %w", value, err)
		}
	}
	if err := want.SetProc(); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
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
