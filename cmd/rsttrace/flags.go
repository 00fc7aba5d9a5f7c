package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/cgroup"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/netnsname"
)

// filterFlags are the flags that say which events to show.
type filterFlags struct {
	dirs, causes, hosts, ports, netns, pids, comms listFlag
	cgroups, units, containers, pods               listFlag
}

func (f *filterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.dirs.values, f.netns.values = []string{string(event.Sent), string(event.Received)}, []string{allNetns}
	flags.Var(&f.dirs, "dir", "directions: sent, received, ignored, or all")
	flags.Var(&f.causes, "cause", "cause ids, as rsttrace explain lists them")
	flags.Var(&f.hosts, "host", "addresses or prefixes of either end: 10.0.0.5, 2001:db8::/32")
	flags.Var(&f.ports, "port", "ports or ranges of either end: 443, 8000-8100")
	flags.Var(&f.netns, "netns", "network namespaces: an inode number, a name as ip netns or an event shows it, a path as /proc/PID/ns/net, own, or all")
	flags.Var(&f.pids, "pid", "processes that own the socket, or ended the connection")
	flags.Var(&f.comms, "comm", "names of processes that own the socket, or ended the connection")
	flags.Var(&f.cgroups, "cgroup", "control groups of the socket, with all below: system.slice/nginx.service, or a path below /sys/fs/cgroup")
	flags.Var(&f.units, "unit", "systemd units or slices: nginx, user.slice")
	flags.Var(&f.containers, "container", "containers, by name or id (12 digits or more): web-1, docker/web-1")
	flags.Var(&f.pods, "pod", "Kubernetes pods, by name or uid: cart-6d9f, shop/cart-6d9f")
	complete(cmd, "dir", "sent", "received", "ignored", "all")
	complete(cmd, "cause", causeNames()...)
}

func (f *filterFlags) parse() (filter.Options, error) {
	var options filter.Options
	var err error
	parse := func(flag string, set func() error) {
		if err == nil {
			if problem := set(); problem != nil {
				err = usageError{fmt.Errorf("--%s: %w", flag, problem)}
			}
		}
	}
	parse("dir", func() (e error) {
		if !slices.Equal(f.dirs.values, []string{"all"}) {
			options.Dirs, e = filter.ParseDirs(f.dirs.values)
		}
		return e
	})
	parse("cause", func() (e error) { options.Causes, e = filter.ParseCauses(f.causes.values, causeIDs()); return e })
	parse("host", func() (e error) { options.Hosts, e = filter.ParseHosts(f.hosts.values); return e })
	parse("port", func() (e error) { options.Ports, e = filter.ParsePorts(f.ports.values); return e })
	parse("netns", func() (e error) { options.Netns, e = parseNetns(f.netns.values); return e })
	parse("pid", func() (e error) { options.PIDs, e = filter.ParsePIDs(f.pids.values); return e })
	parse("comm", func() (e error) { options.Comms, e = filter.ParseComms(f.comms.values); return e })
	parse("cgroup", func() (e error) { options.Cgroups, e = parseCgroups(f.cgroups.values); return e })
	parse("unit", func() (e error) { options.Units, e = filter.ParseUnits(f.units.values); return e })
	parse("container", func() (e error) { options.Containers, e = filter.ParseContainers(f.containers.values); return e })
	parse("pod", func() (e error) { options.Pods, e = filter.ParsePods(f.pods.values); return e })
	return options, err
}

// parseCgroups looks at what is mounted here only where that is asked for.
func parseCgroups(texts []string) ([]string, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	found, err := cgroup.ReadHierarchies("")
	if err != nil {
		return nil, err
	}
	return filter.ParseCgroups(texts, found.Path, found.Paths())
}

const allNetns = "all"

func parseNetns(texts []string) ([]uint32, error) {
	if slices.Equal(texts, []string{allNetns}) {
		return nil, nil
	}
	return filter.ParseNetns(texts, netnsname.Resolve)
}

// methodFlag is --via.
type methodFlag struct{ method event.Method }

var methodNames = []string{string(event.Fentry), string(event.Kprobe), string(event.Tracepoint)}

func (m *methodFlag) register(cmd *cobra.Command) {
	cmd.Flags().Var(m, "via", "force one attach method: fentry, kprobe or tracepoint (default: the best for each hook)")
	complete(cmd, "via", methodNames...)
}

func (m *methodFlag) String() string { return string(m.method) }
func (m *methodFlag) Type() string   { return "method" }

func (m *methodFlag) Set(text string) error {
	if !slices.Contains(methodNames, text) {
		return fmt.Errorf("no such attach method; there are %s", strings.Join(methodNames, ", "))
	}
	m.method = event.Method(text)
	return nil
}

func causeIDs() []event.CauseID {
	var ids []event.CauseID
	for entry := range cause.All() {
		ids = append(ids, entry.ID)
	}
	return ids
}

func causeNames() []string {
	var names []string
	for _, id := range causeIDs() {
		names = append(names, string(id))
	}
	return names
}

// complete offers fixed values for a flag in the shell.
func complete(cmd *cobra.Command, flag string, values ...string) {
	err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	if err != nil {
		panic(err) // the flag was not registered: a mistake in this program
	}
}
