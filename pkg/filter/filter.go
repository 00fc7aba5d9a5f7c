package filter

import (
	"net/netip"
	"slices"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options says what to show. Values of one option are alternatives; an event
// must satisfy every option that has values. An option without values asks for
// nothing.
type Options struct {
	Dirs   []event.Dir
	Causes []event.CauseID
	Hosts  []netip.Prefix // of the local or the peer address
	Ports  []PortRange    // of the local or the peer port
	Netns  []uint32       // network namespaces, by inode number
	PIDs   []uint32       // of the owner, another holder of the socket, or who brought the reset about
	Comms  []string       // the same processes by name

	// Where the socket was created, else where its owner runs, in the words that
	// events have for it.
	Cgroups    []string // paths; what is below counts, too
	Units      []string // systemd units, slices with all that is in them
	Containers []string // names or ids (12 digits or more), with or without their runtime or pod
	Pods       []string // names, with or without their namespace, or uids (8 digits or more)
}

// PortRange is the ports from First to Last, both included.
type PortRange struct {
	First, Last uint16
}

// Contains reports whether port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

// Filter matches events against Options. It is immutable: several goroutines
// may use it at once.
type Filter struct {
	options Options
}

// New returns the filter for o, which it copies. Hosts and names are brought
// into the form that events have: IPv4-mapped prefixes become IPv4 ones, names
// are cut to the 15 bytes that the kernel keeps.
func New(o Options) *Filter {
	f := &Filter{Options{
		Dirs:   slices.Clone(o.Dirs),
		Causes: slices.Clone(o.Causes),
		Hosts:  slices.Clone(o.Hosts),
		Ports:  slices.Clone(o.Ports),
		Netns:  slices.Clone(o.Netns),
		PIDs:   slices.Clone(o.PIDs),
		Comms:  slices.Clone(o.Comms),

		Cgroups:    slices.Clone(o.Cgroups),
		Units:      slices.Clone(o.Units),
		Containers: slices.Clone(o.Containers),
		Pods:       slices.Clone(o.Pods),
	}}
	for i, host := range f.options.Hosts {
		f.options.Hosts[i] = unmapPrefix(host)
	}
	for i, comm := range f.options.Comms {
		f.options.Comms[i] = cutComm(comm)
	}
	return f
}

// Match reports whether e is to be shown. Its owner must be filled in if
// NeedsOwner or NeedsPlace says so; an event without owner never matches a pid, a
// name or a place.
func (f *Filter) Match(e *event.Event) bool {
	return f.MatchBeforeOwner(e) && f.MatchOwner(e) && f.MatchPlace(&e.Owner)
}

// NeedsOwner reports whether Match reads the processes of the owner.
func (f *Filter) NeedsOwner() bool {
	return len(f.options.PIDs) > 0 || len(f.options.Comms) > 0
}

// MatchBeforeOwner decides everything but the owner. What it refuses needs
// no owner look-up.
func (f *Filter) MatchBeforeOwner(e *event.Event) bool {
	o := &f.options
	return oneOf(o.Dirs, e.Dir) &&
		oneOf(o.Causes, e.Cause) &&
		oneOf(o.Netns, e.Netns.Inode) &&
		(matchPort(o.Ports, e.Local.Port) || matchPort(o.Ports, e.Peer.Port)) &&
		(matchHost(o.Hosts, e.Local.Addr) || matchHost(o.Hosts, e.Peer.Addr))
}

// MatchOwner decides pids and names, and nothing else. Pid and name may be
// satisfied by different processes of the same event.
func (f *Filter) MatchOwner(e *event.Event) bool {
	return matchProcess(f.options.PIDs, e, pidOf, sameNumber) && matchProcess(f.options.Comms, e, commOf, same)
}

// Comms are the names of the processes that are wanted, byte by byte as the
// kernel has them. ok is false if one is given as a sink prints it: then only
// MatchOwner can decide.
func (f *Filter) Comms() (names []string, ok bool) {
	for _, comm := range f.options.Comms {
		if !verbatim(comm) {
			return nil, false
		}
	}
	return f.options.Comms, true
}

func oneOf[T comparable](wanted []T, v T) bool {
	return len(wanted) == 0 || slices.Contains(wanted, v)
}

func matchPort(wanted []PortRange, port uint16) bool {
	for _, r := range wanted {
		if r.Contains(port) {
			return true
		}
	}
	return len(wanted) == 0
}

func matchHost(wanted []netip.Prefix, addr netip.Addr) bool {
	if len(wanted) == 0 {
		return true
	}
	addr = addr.Unmap().WithZone("") // a prefix contains no address with a zone
	for _, prefix := range wanted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func pidOf(p event.ProcessRef) uint32  { return p.PID }
func commOf(p event.ProcessRef) string { return p.Comm }

func sameNumber(a, b uint32) bool { return a == b }

// matchProcess compares one property of each process that e names. The zero
// value means "not known" and matches nothing.
func matchProcess[T comparable](wanted []T, e *event.Event, property func(event.ProcessRef) T, equal func(is, wanted T) bool) bool {
	if len(wanted) == 0 {
		return true
	}
	isWanted := func(p event.ProcessRef) bool {
		var unknown T
		v := property(p)
		return v != unknown && slices.ContainsFunc(wanted, func(one T) bool { return equal(v, one) })
	}
	owner := event.ProcessRef{PID: e.Owner.PID, Comm: e.Owner.Comm}
	return isWanted(owner) || isWanted(e.By) || slices.ContainsFunc(e.Owner.Others, isWanted)
}
