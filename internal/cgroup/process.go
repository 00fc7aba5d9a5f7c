package cgroup

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

const (
	processesMax = 4096
	// processFor is how long it is believed that a process is where it was.
	processFor = time.Second
	// userHZ is the unit of times in /proc/PID/stat on every architecture that
	// rsttrace is built for.
	userHZ = 100
)

// processes reads where processes are.
type processes struct {
	fs     procfs.FS
	recent *simplelru.LRU[uint32, *lastSeen]
}

// processCgroups are the cgroups of a process.
type processCgroups struct {
	unified  string   // path in the v2 hierarchy
	location Location // the one that tells most
}

// lastSeen is where a process was.
type lastSeen struct {
	processCgroups
	at    time.Time
	since time.Time // the process exists since then
}

func newProcesses(fs procfs.FS) processes {
	recent, err := simplelru.NewLRU[uint32, *lastSeen](processesMax, nil)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return processes{fs: fs, recent: recent}
}

// HostPIDs reports whether this /proc shows the pids of the initial pid
// namespace, which are those in events: there, and only there, pid 2 is the
// parent of all kernel threads.
func HostPIDs(fs procfs.FS) bool {
	const kernelThread = 0x00200000 // PF_KTHREAD in include/linux/sched.h
	process, err := fs.Proc(2)
	if err != nil {
		return false
	}
	stat, err := process.Stat()
	return err == nil && stat.Flags&kernelThread != 0
}

// cached is what is known of a process without a look at /proc, or nil.
func (p *processes) cached(pid uint32, now time.Time) *lastSeen {
	if seen, known := p.recent.Get(pid); known && now.Sub(seen.at) < processFor {
		return seen
	}
	return nil
}

// look reads the cgroups of a process.
func (p *processes) look(pid uint32, now time.Time) *lastSeen {
	seen := p.read(pid)
	seen.at = now
	p.recent.Add(pid, &seen)
	return &seen
}

// when is where the process was if it existed at a time. It was nowhere if it is
// gone, or if its pid belongs to a younger process by now.
func (s *lastSeen) when(existed time.Time) processCgroups {
	if s.since.After(existed) {
		return processCgroups{}
	}
	return s.processCgroups
}

func (p *processes) read(pid uint32) lastSeen {
	process, err := p.fs.Proc(int(pid))
	if err != nil {
		return lastSeen{}
	}
	lines, err := process.Cgroups()
	if err != nil {
		return lastSeen{}
	}
	stat, err := process.Stat()
	if err != nil {
		return lastSeen{}
	}
	return lastSeen{processCgroups: processCgroups{unified(lines), choose(lines)}, since: startOf(stat.Starttime)}
}

// startOf converts the start time of a process. It is rounded down, to 10 ms.
func startOf(ticks uint64) time.Time {
	var boot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot); err != nil {
		return time.Time{}
	}
	age := time.Duration(boot.Nano()) - time.Duration(ticks)*(time.Second/userHZ)
	return time.Now().Add(-age)
}

// unified is the path in the v2 hierarchy.
func unified(lines []procfs.Cgroup) string {
	for _, line := range lines {
		if line.HierarchyID == 0 {
			return strings.TrimSuffix(line.Path, " (deleted)")
		}
	}
	return ""
}

// choose takes, of the locations of a process in all hierarchies, the one that
// tells most: with v1 hierarchies the container is often only in them.
func choose(lines []procfs.Cgroup) Location {
	var best Location
	for _, rank := range []func(procfs.Cgroup) bool{isUnified, isSystemd, isMemory, isOther} {
		for _, line := range lines {
			if !rank(line) {
				continue
			}
			location := Parse(seenFromTop(strings.TrimSuffix(line.Path, " (deleted)")))
			if location.Container.Known() {
				return location
			}
			if !best.informative() && location.informative() {
				best = location
			}
		}
	}
	return best
}

// seenFromTop is a path without the steps by which a container, whose root is its own cgroup,
// goes up to the top: "/../../system.slice/a.service". Only what is in the same pod is nearer.
func seenFromTop(cgroup string) string { return path.Clean("/" + cgroup) }

func isUnified(c procfs.Cgroup) bool { return c.HierarchyID == 0 }
func isSystemd(c procfs.Cgroup) bool { return slices.Contains(c.Controllers, "name=systemd") }
func isMemory(c procfs.Cgroup) bool  { return slices.Contains(c.Controllers, "memory") }
func isOther(c procfs.Cgroup) bool   { return !isUnified(c) && !isSystemd(c) && !isMemory(c) }
