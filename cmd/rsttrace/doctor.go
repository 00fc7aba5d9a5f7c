package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/event"
)

func newDoctor() *cobra.Command {
	var attach methodFlag
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Show what rsttrace can and cannot see on this kernel, and why",
		Long: `doctor first says whether rsttrace sees every RST on this kernel, and if not, which it
does not see. Then it shows which privileges it has, which container engines answer,
and how it reaches each hook. It ends with the limits: what events will lack here,
and why. Run it as the user who will trace, usually root.`,
		Example: `  sudo rsttrace doctor
  sudo rsttrace doctor --attach tracepoint   # what would this method see?`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return examine(cmd.Context(), cmd.OutOrStdout(), attach.method)
		},
	}
	attach.register(cmd)
	return cmd
}

// examine prints the verdict, and then the picture from the outside in: machine,
// privileges, hooks, and what follows for events. It fails where tracing would.
func examine(ctx context.Context, out io.Writer, attach event.Method) error {
	session, err := probe.Open(probe.Options{Attach: attach, Ignored: true})
	if err != nil {
		fmt.Fprint(out, "rsttrace cannot work here. The last line says why.\n\n")
	} else {
		defer session.Close()
		describeVerdict(out, session.Hooks(), session.Limits())
	}
	describeMachine(out)
	describePrivileges(out)
	describeEngines(out, cgroup.Engines(ctx, ""))
	if err != nil {
		return err
	}
	describeHooks(out, session.Hooks())
	describeLimits(out, session.Limits())
	return nil
}

func describeMachine(out io.Writer) {
	var name unix.Utsname
	_ = unix.Uname(&name)
	fmt.Fprintf(out, "kernel       %s %s\n", unix.ByteSliceToString(name.Release[:]), unix.ByteSliceToString(name.Machine[:]))
	fmt.Fprintf(out, "BTF          %s\n", presence("/sys/kernel/btf/vmlinux", "yes", "missing: CONFIG_DEBUG_INFO_BTF=y is needed"))
	fmt.Fprintf(out, "lockdown     %s\n", setting("/sys/kernel/security/lockdown", "not known (securityfs is not mounted or not there)"))
	fmt.Fprintf(out, "kptr_restrict %s\n", setting("/proc/sys/kernel/kptr_restrict", "not known"))
	if !initialPIDNamespace() {
		fmt.Fprintf(out, "pid namespace not the initial one: pids in events are those of the host\n")
	}
}

func presence(path, there, missing string) string {
	if _, err := os.Stat(path); err != nil {
		return missing
	}
	return there
}

func setting(path, unknown string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(data))
}

// initialPIDNamespace compares with the number that the kernel gives the first
// pid namespace, PROC_PID_INIT_INO.
func initialPIDNamespace() bool {
	const initial = "pid:[4026531836]"
	link, err := os.Readlink("/proc/self/ns/pid")
	return err != nil || link == initial
}

// uses says what each capability is good for.
var uses = []struct {
	value  cap.Value
	reason string
}{
	{cap.BPF, "load programs and maps"},
	{cap.PERFMON, "attach them"},
	{cap.SYS_ADMIN, "where a kernel asks for it instead of the two above"},
	{cap.SYSLOG, "read addresses of kernel functions"},
	{cap.SYS_PTRACE, "look at other users' processes"},
	{cap.NET_ADMIN, "only for lab and selftest"},
}

func describePrivileges(out io.Writer) {
	have, err := cap.GetPID(0)
	if err != nil {
		fmt.Fprintf(out, "capabilities not known: %v\n", err)
		return
	}
	fmt.Fprintf(out, "uid          %d\n", os.Getuid())
	for _, use := range uses {
		state := "yes"
		if has, err := have.GetFlag(cap.Effective, use.value); err != nil || !has {
			state = "MISSING"
		}
		fmt.Fprintf(out, "%-15s %-8s %s\n", strings.ToUpper(use.value.String()), state, use.reason)
	}
}

// describeEngines says whose containers have names.
func describeEngines(out io.Writer, engines []cgroup.Engine) {
	if len(engines) == 0 {
		fmt.Fprintf(out, "%-12s no socket of Docker, Podman, containerd or CRI-O is here: containers, if any, are shown by id\n", "containers")
	}
	for _, e := range engines {
		state := "answers at " + e.Socket
		if e.Err != nil {
			state = fmt.Sprintf("DOES NOT ANSWER, so its containers are shown and found by id only: %v", e.Err)
		}
		fmt.Fprintf(out, "%-12s %s\n", e.Runtime, state)
	}
}

func describeHooks(out io.Writer, hooks []probe.HookStatus) {
	fmt.Fprintln(out)
	said := make(map[string]bool) // most hooks are refused for one reason
	for _, h := range hooks {
		fmt.Fprintf(out, "%-18s %-28s %s\n", h.Hook, h.Function, reached(h))
		for _, refusal := range h.Refused {
			text := fmt.Sprint(refusal)
			if said[text] {
				continue
			}
			said[text] = true
			fmt.Fprintf(out, "                   %s\n", text)
		}
	}
}

// reached says how a hook is reached, or why not.
func reached(h probe.HookStatus) string {
	switch {
	case h.Method != "":
		return string(h.Method)
	case h.Later:
		return "as soon as its module is loaded"
	default:
		return "NOT ATTACHED"
	}
}

func describeLimits(out io.Writer, limits []probe.Limit) {
	if len(limits) == 0 {
		fmt.Fprintln(out, "\nNo detail is missing here.")
		return
	}
	fmt.Fprintln(out, "\nWhat cannot be known here:")
	for _, limit := range limits {
		fmt.Fprintf(out, "  %s: %s\n", limit.ID, limit.Sentence)
	}
}
