package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// filterFlags are the flags that say which events to show.
type filterFlags struct {
	dirs, causes, hosts, ports, netns, pids, comms listFlag
	cgroups, units, containers, pods               listFlag
	file                                           pathFlag
}

func (f *filterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.dirs.values, f.netns.values = []string{string(event.Sent), string(event.Received)}, []string{"all"}
	flags.Var(&f.dirs, "direction", "directions: sent, received, ignored, or all")
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
	f.file.kind = "file"
	flags.Var(&f.file, "filter-file", "read the filter from this file; # begins a comment")
	complete(cmd, "direction", "sent", "received", "ignored", "all")
	oldName(cmd, "direction", "dir")
	complete(cmd, "cause", causeNames()...)
}

// filter joins the flags with a filter on the command line or in a file: an event
// must satisfy all of them.
func (f *filterFlags) filter(args []string, v filter.Vocabulary) (*filter.Filter, error) {
	written, err := f.written(args, v)
	if err != nil {
		return nil, err
	}
	terms := []*filter.Filter{written}
	for _, list := range f.lists() {
		values := list.flag.values
		if list.all != "" && slices.Equal(values, []string{list.all}) {
			continue
		}
		if list.field == "dir" && !list.flag.given && written.Mentions(directionFields...) {
			continue // the default is for those who say nothing of directions
		}
		term, err := filter.FromFlag(list.field, values, v)
		if err != nil {
			return nil, usageError{fmt.Errorf("--%s: %w", list.name, err)}
		}
		terms = append(terms, term)
	}
	return filter.And(terms...), nil
}

// given reports whether anything is filtered that is not by default.
func (f *filterFlags) given() bool {
	return f.file.path != "" || slices.ContainsFunc(f.lists(), func(l listOf) bool { return l.flag.given })
}

// directionFields are the fields of filters that say a direction.
var directionFields = []string{"dir", string(event.Sent), string(event.Received), string(event.Ignored), string(event.Observed)}

// listOf is a flag that is short for a field of filters.
type listOf struct {
	name, field string
	flag        *listFlag
	all         string // the value that means everything
}

func (f *filterFlags) lists() []listOf {
	return []listOf{
		{"direction", "dir", &f.dirs, "all"},
		{"cause", "cause", &f.causes, ""},
		{"host", "host", &f.hosts, ""},
		{"port", "port", &f.ports, ""},
		{"netns", "netns", &f.netns, "all"},
		{"pid", "pid", &f.pids, ""},
		{"comm", "comm", &f.comms, ""},
		{"cgroup", "cgroup", &f.cgroups, ""},
		{"unit", "unit", &f.units, ""},
		{"container", "container", &f.containers, ""},
		{"pod", "pod", &f.pods, ""},
	}
}

// written is the filter in the arguments, or in a file.
func (f *filterFlags) written(args []string, v filter.Vocabulary) (*filter.Filter, error) {
	text := strings.Join(args, " ")
	if f.file.path != "" {
		if len(args) > 0 {
			return nil, usageError{errors.New("--filter-file: there is a filter on the command line, too; leave one out")}
		}
		content, err := readFilterFile(f.file.path)
		if err != nil {
			return nil, usageError{fmt.Errorf("--filter-file: %w", err)}
		}
		text = content
	}
	parsed, err := filter.Parse(text, v)
	if err != nil {
		return nil, usageError{err}
	}
	return parsed, nil
}

// filterMax bounds what is read of a file.
const filterMax = 1 << 20

func readFilterFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, filterMax+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > filterMax:
		return "", fmt.Errorf("%s is larger than %d MB: no filter is", path, filterMax>>20)
	}
	return string(content), nil
}

// thisHost is what names in filters mean on this machine.
func thisHost() filter.Vocabulary {
	return filter.Vocabulary{
		Netns: netnsname.Resolve,
		Cgroup: func(text string) (string, error) {
			found, err := cgroup.ReadHierarchies("")
			if err != nil {
				return "", err
			}
			return filter.ParseCgroup(text, found.Path(text), found.Paths())
		},
	}
}

// completeFilter offers what may come next in a filter on the command line.
func completeFilter(_ *cobra.Command, args []string, last string) ([]string, cobra.ShellCompDirective) {
	text := strings.Join(append(slices.Clone(args), last), " ")
	var offers []string
	for _, offer := range filter.Complete(text) {
		offers = append(offers, offer[len(text)-len(last):])
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}

// methodFlag is --attach.
type methodFlag struct{ method event.Method }

var methodNames = []string{string(event.Fentry), string(event.Kprobe), string(event.Tracepoint)}

func (m *methodFlag) register(cmd *cobra.Command) {
	cmd.Flags().Var(m, "attach", "force one attach method: fentry, kprobe or tracepoint (default: the best for each hook)")
	complete(cmd, "attach", methodNames...)
	oldName(cmd, "attach", "via")
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
