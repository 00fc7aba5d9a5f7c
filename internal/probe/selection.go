package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
)

// Selection says which details the kernel sends to user space. Every event is
// counted whatever it says. Lists that are empty, or longer than the kernel
// side takes, select nothing and everything passes.
type Selection struct {
	CountsOnly bool // no details at all: the cheapest mode
	// MaxRate bounds the details of each kind of event, per second and CPU; 0
	// means no bound. The first of a kind always comes through.
	MaxRate uint32
	Dirs    []event.Dir
	Ports   []filter.PortRange // of either end
	Hosts   []netip.Prefix     // of either end
	Stacks  bool               // take the kernel stack of each event
	// Netns limits details to network namespaces, by inode number. A list that
	// is empty but not nil is to be filled later: see WatchNetns.
	Netns []uint32
	// PIDs and Comms limit details to processes, where the kernel side knows for
	// certain whom the event will name. Details of all others pass.
	PIDs  []uint32
	Comms []string
	// Cgroups says that HideCgroup will be called.
	Cgroups bool
}

const (
	portsMax    = 16 // FILTER_PORTS of bpf/config.h
	prefixesMax = 16 // FILTER_PREFIXES
	pidsMax     = 1024
	commsMax    = 256
	// cgroupsMax is how many control groups are hidden at once. The oldest make
	// room for others.
	cgroupsMax = 16384
	stacksMax  = 4096
)

// constants are the selection's part of bpf/config.h; a budget is for a window.
func (s *Selection) constants(window time.Duration) map[string]any {
	values := map[string]any{
		"details":        !s.CountsOnly,
		"window_budget":  s.windowBudget(window),
		"take_stacks":    s.Stacks,
		"filter_hooks":   s.hooks(),
		"filter_netns":   s.Netns != nil,
		"filter_pids":    fits(s.PIDs, pidsMax),
		"filter_comms":   fits(s.Comms, commsMax),
		"filter_cgroups": s.Cgroups,
	}
	if fits(s.Ports, portsMax) {
		var ports [portsMax]bpf.FentryPortRange
		for i, r := range s.Ports {
			ports[i] = bpf.FentryPortRange{First: r.First, Last: r.Last}
		}
		values["filter_ports"], values["filter_port_count"] = ports, uint32(len(s.Ports))
	}
	if fits(s.Hosts, prefixesMax) {
		var prefixes [prefixesMax]bpf.FentryPrefix
		for i, host := range s.Hosts {
			prefixes[i] = wirePrefix(host)
		}
		values["filter_prefixes"], values["filter_prefix_count"] = prefixes, uint32(len(s.Hosts))
	}
	return values
}

// fits reports whether the kernel side takes a list.
func fits[T any](list []T, most int) bool { return len(list) > 0 && len(list) <= most }

// sizes are those of the selection's maps, where they are used.
func (s *Selection) sizes() map[string]uint32 {
	sizes := make(map[string]uint32)
	if fits(s.PIDs, pidsMax) {
		sizes["wanted_pids"] = pidsMax
	}
	if fits(s.Comms, commsMax) {
		sizes["wanted_comms"] = commsMax
	}
	if s.Cgroups {
		sizes["hidden_cgroups"] = cgroupsMax
	}
	return sizes
}

// windowBudget is MaxRate for one window: at least one, so that the first of a
// kind is never held back.
func (s *Selection) windowBudget(window time.Duration) uint32 {
	if s.MaxRate == 0 {
		return 0
	}
	return uint32(max(1, math.Round(float64(s.MaxRate)*window.Seconds())))
}

// hooks is the set of hooks that can give events of the wanted directions. The
// reply hooks also see RSTs that are ignored.
func (s *Selection) hooks() uint32 {
	ofDir := map[event.Dir][]event.Hook{
		event.Sent:     {event.HookSendActive, event.HookSendReply, event.HookReject},
		event.Received: {event.HookReceive},
		event.Ignored:  {event.HookIgnore, event.HookSendReply},
	}
	var set uint32
	for _, dir := range s.Dirs {
		for _, hook := range ofDir[dir] {
			set |= 1 << hook
		}
	}
	return set
}

func wirePrefix(p netip.Prefix) bpf.FentryPrefix {
	address, bits := p.Addr().Unmap(), p.Bits()
	var wire bpf.FentryPrefix
	wire.Family = afINET
	if address.Is6() {
		wire.Family = afINET6
	} else if p.Addr().Is4In6() {
		bits -= 96
	}
	bytes := netip.PrefixFrom(address, bits).Masked().Addr().AsSlice()
	var mask [16]byte
	for bit := range bits {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	for i := range len(bytes) / 4 {
		wire.Address[i] = binary.NativeEndian.Uint32(bytes[4*i:])
		wire.Mask[i] = binary.NativeEndian.Uint32(mask[4*i:])
	}
	return wire
}

// WatchNetns adds network namespaces to those of Selection.Netns.
func (s *Session) WatchNetns(inodes ...uint32) error {
	for _, inode := range inodes {
		if err := s.maps["wanted_netns"].Put(inode, uint32(1)); err != nil {
			return fmt.Errorf("watch network namespace %d: %w", inode, err)
		}
	}
	return nil
}

// IgnoreNetns removes network namespaces again.
func (s *Session) IgnoreNetns(inodes ...uint32) error {
	for _, inode := range inodes {
		err := s.maps["wanted_netns"].Delete(inode)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("ignore network namespace %d: %w", inode, err)
		}
	}
	return nil
}

// watchProcesses fills the maps of Selection.PIDs and Selection.Comms.
func (s *Session) watchProcesses(wanted *Selection) error {
	if fits(wanted.PIDs, pidsMax) {
		for _, pid := range wanted.PIDs {
			if err := s.maps["wanted_pids"].Put(pid, uint32(1)); err != nil {
				return fmt.Errorf("watch process %d: %w", pid, err)
			}
		}
	}
	if fits(wanted.Comms, commsMax) {
		for _, comm := range wanted.Comms {
			var name [16]byte // TASK_COMM_LEN, the final zero included
			copy(name[:len(name)-1], comm)
			if err := s.maps["wanted_comms"].Put(name, uint32(1)); err != nil {
				return fmt.Errorf("watch processes %q: %w", comm, err)
			}
		}
	}
	return nil
}

// HideCgroup stops the details of events whose socket is in a control group, by
// its id: for a while, or for good if that is 0. It needs Selection.Cgroups.
// Where many others are hidden later it may end early.
func (s *Session) HideCgroup(id uint64, while time.Duration) error {
	until := uint64(math.MaxUint64) // FOR_GOOD of bpf/filter.h
	if while > 0 {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
			return fmt.Errorf("read the clock: %w", err)
		}
		until = uint64(now.Nano() + while.Nanoseconds())
	}
	if err := s.maps["hidden_cgroups"].Put(id, until); err != nil {
		return fmt.Errorf("hide control group %d: %w", id, err)
	}
	return nil
}

// Mute stops the details of events whose evidence is hidden. It looks at the
// kinds of evidence that were counted so far, so call it again as they come.
func (s *Session) Mute(hidden func(event.Evidence) bool) error {
	s.totals.Lock()
	defer s.totals.Unlock()
	return s.counters.mute(hidden)
}
