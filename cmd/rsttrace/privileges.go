package main

import (
	"fmt"
	"strings"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// kept are the capabilities that a running tracer still needs: to walk file
// tables through the iterator and to read the statistics of its own programs.
var kept = []cap.Value{cap.BPF, cap.PERFMON, cap.SYS_PTRACE}

// dropPrivileges gives up, in every thread and for good, all capabilities that
// are not needed once everything is attached.
func dropPrivileges() error {
	have, err := cap.GetPID(0)
	if err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	want := cap.NewSet()
	for _, value := range kept {
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
