package filter

import (
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Selection is what every event has that a filter matches: what the kernel side
// can check before an event costs more than its counting. An event outside of it
// never matches. One inside may match or not. An empty list demands nothing.
type Selection struct {
	Dirs  []event.Dir
	Netns []uint32       // by inode number
	Hosts []netip.Prefix // of the local or the peer address
	Ports []PortRange    // of the local or the peer port
	PIDs  []uint32       // of the owner, another holder of the socket, or the process that acted
	Comms []string       // the same processes by name
}

// and is the selection of events that are in both. A direction and a namespace
// are one for each event, so both lists must have them. Ports, hosts and processes
// are several for each event: "port 80 and port 443" matches an event with one at
// each end. Then one of the two lists is checked, the shorter one.
func (s Selection) and(t Selection) Selection {
	return Selection{
		Dirs:  inBoth(s.Dirs, t.Dirs),
		Netns: inBoth(s.Netns, t.Netns),
		Hosts: shorter(s.Hosts, t.Hosts),
		Ports: shorter(s.Ports, t.Ports),
		PIDs:  shorter(s.PIDs, t.PIDs),
		Comms: shorter(s.Comms, t.Comms),
	}
}

// or is the selection of events that are in one or the other. Where one of them
// demands nothing, nothing is demanded.
func (s Selection) or(t Selection) Selection {
	return Selection{
		Dirs:  inEither(s.Dirs, t.Dirs),
		Netns: inEither(s.Netns, t.Netns),
		Hosts: inEither(s.Hosts, t.Hosts),
		Ports: inEither(s.Ports, t.Ports),
		PIDs:  inEither(s.PIDs, t.PIDs),
		Comms: inEither(s.Comms, t.Comms),
	}
}

// inBoth: where nothing is in both, the filter matches nothing, and either list
// is as good as the other.
func inBoth[T comparable](a, b []T) []T {
	if len(a) == 0 || len(b) == 0 {
		return shorter(a, b)
	}
	both := slices.DeleteFunc(slices.Clone(a), func(v T) bool { return !slices.Contains(b, v) })
	if len(both) == 0 {
		return a
	}
	return both
}

func shorter[T any](a, b []T) []T {
	if len(a) == 0 || len(b) > 0 && len(b) < len(a) {
		return b
	}
	return a
}

func inEither[T comparable](a, b []T) []T {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	either := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(either, v) {
			either = append(either, v)
		}
	}
	return either
}

// otherDirs are the directions that are not dir.
func otherDirs(dir event.Dir) []event.Dir {
	return slices.DeleteFunc(slices.Clone(event.Dirs), func(d event.Dir) bool { return d == dir })
}
