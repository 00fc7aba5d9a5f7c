package cgroup

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/prometheus/procfs"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Options for Open. The zero value is right for a host.
type Options struct {
	// Root is the folder in which /proc, /sys, /run and /var are; "" means /.
	Root string
	// NoNames asks nobody for the names of containers and pods.
	NoNames bool
	// ByName says that events are chosen by the names of containers and pods:
	// who fails to answer is asked again soon.
	ByName bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// looksMax is how many times per second the file system is looked at for
// cgroups and processes that are not known yet.
const looksMax = 200

// Resolver completes owners. It is for one goroutine.
type Resolver struct {
	tree      tree
	hybrid    bool // there are v1 hierarchies, too
	processes processes
	hostPIDs  bool
	names     *names
	engines   []*engine
	now       func() time.Time

	looks  int // in this second
	second time.Time
}

// Open finds the cgroup v2 hierarchy and learns the cgroups that exist. It
// never fails: what is missing on this host is not known later.
func Open(o Options) *Resolver {
	r := &Resolver{tree: newTree("", ""), names: newNames(), now: o.Now}
	if r.now == nil {
		r.now = time.Now
	}
	if fs, err := procfs.NewFS(filepath.Join("/", o.Root, "proc")); err == nil {
		r.processes = newProcesses(fs)
		r.hostPIDs = HostPIDs(fs)
		if infos, err := fs.GetMounts(); err == nil {
			var mount, root string
			if mount, root, r.hybrid = mounts(infos); mount != "" {
				r.tree = newTree(filepath.Join("/", o.Root, mount), root)
				r.tree.walk()
			}
		}
	}
	if !o.NoNames {
		r.names, r.engines = openNames(o.Root)
		r.names.filterByName = o.ByName
	}
	return r
}

// openNames finds who may know the names of containers and pods. The first is asked first.
func openNames(root string) (*names, []*engine) {
	at := func(path string) string { return filepath.Join("/", root, path) }
	var engines []*engine
	for _, s := range criSockets {
		engines = append(engines, newEngine(s.runtime, at(s.socket), newCRI(s.runtime, at(s.socket))))
	}
	for _, s := range dockerSockets {
		engines = append(engines, newEngine(s.runtime, at(s.socket), newDockerAPI(s.runtime, at(s.socket))))
	}
	sources := []nameSource{kubelet{at("var/log")}}
	for _, e := range engines {
		sources = append(sources, e)
	}
	return newNames(sources...), engines
}

// Close ends what runs in the background.
func (r *Resolver) Close() {
	r.names.close()
	for _, e := range r.engines {
		e.close()
	}
}

// NameFailures is how many times a container runtime was there and did not
// answer as it should.
func (r *Resolver) NameFailures() uint64 { return r.names.failures.Load() }

// SilentEngines returns, once for each container engine, why it gave no answer. It is
// asked again later.
func (r *Resolver) SilentEngines() []error {
	var reasons []error
	for _, e := range r.engines {
		if e.silenceReported {
			continue
		}
		select {
		case err := <-e.silence:
			e.silenceReported = true
			reasons = append(reasons, fmt.Errorf("%s does not answer at %s, so its containers are shown and found by id only, until it does: %w", e.runtime, e.socket, err))
		default:
		}
	}
	return reasons
}

// Learn takes the path of a cgroup that has just come, from the kernel. So a
// cgroup is known that is gone before anybody could look for it. Path is as in
// its hierarchy, whatever part of that is mounted here.
func (r *Resolver) Learn(id uint64, path string) { r.tree.learn(id, path) }

// Note looks the cgroups of a new event up while they, and the process, are
// likely to exist: the event may wait before it is completed.
func (r *Resolver) Note(e *event.Event) {
	for _, id := range [...]uint64{e.Kernel.Cgroup, e.Kernel.OwnerCgroup} {
		if id != 0 && !r.tree.known.Contains(id) {
			r.group(id, e)
		}
	}
	if r.hybrid && e.Owner.PID != 0 {
		r.process(e)
	}
}

// Complete fills the cgroup, unit, container and pod of e.Owner. Where no
// process is known, but the cgroup says whose socket it was, that becomes the
// owner (source cgroup). What is not known yet is left out; it does not wait.
func (r *Resolver) Complete(e *event.Event) {
	location := r.location(e)
	if !location.informative() {
		return
	}
	r.fill(&location)
	if e.Owner.IsZero() {
		e.Owner.Source = event.FromCgroup
	}
	location.fill(&e.Owner)
}

// Pending reports whether the name of the container or pod of e is about to
// come, and what Complete would fill in without it.
func (r *Resolver) Pending(e *event.Event) (owner event.Owner, pending bool) {
	location := r.location(e)
	r.fill(&location)
	location.fill(&owner)
	return owner, r.names.pending(&location)
}

// location is that of the socket, or of its process if that says more: as the kernel
// saw it, or where it is now.
func (r *Resolver) location(e *event.Event) Location {
	location := r.group(e.Kernel.Cgroup, e)
	if !r.sufficient(location) {
		location = moreInformative(location, r.group(e.Kernel.OwnerCgroup, e))
	}
	if !r.sufficient(location) {
		location = moreInformative(location, r.process(e).location)
	}
	return location
}

// Settled is what Complete will fill in, where the cgroup of the socket decides
// that whatever process the owner is. It is so for all sockets of that cgroup,
// for good; only the names of containers and pods may change (named).
func (r *Resolver) Settled(e *event.Event) (owner event.Owner, named, ok bool) {
	location := r.group(e.Kernel.Cgroup, e)
	if !r.sufficient(location) {
		return event.Owner{}, false, false
	}
	r.fill(&location)
	location.fill(&owner)
	return owner, location.key() != "", true
}

// moreInformative is a location, unless another says more: a container, or anything
// where the location says nothing.
func moreInformative(location, other Location) Location {
	if other.Container.Known() || !location.informative() && other.informative() {
		return other
	}
	return location
}

// sufficient reports whether the location of a socket says enough, so that its process
// need not be asked.
func (r *Resolver) sufficient(location Location) bool {
	return location.Container.Known() || location.informative() && !r.hybrid
}

// Process tells where a process of this /proc is now.
func (r *Resolver) Process(pid int) Location {
	if r.processes.recent == nil {
		return Location{} // there is no /proc
	}
	location := locationOf(r.processes.fs, pid)
	r.fill(&location)
	return location
}

// fill adds the names of a container and a pod.
func (r *Resolver) fill(l *Location) {
	if l.key() != "" {
		r.names.fill(l, r.now())
	}
}

// group is the location of an id that an event has: from memory, else that of its
// owner if the ids agree, else from a walk through the hierarchy.
func (r *Resolver) group(id uint64, e *event.Event) Location {
	if id == 0 {
		return Location{}
	}
	location, decided := r.tree.cached(id)
	if decided || !r.may(r.now()) {
		return location
	}
	if r.tree.confirm(id, r.process(e).unified) {
		location, _ = r.tree.cached(id)
		return location
	}
	location, _ = r.tree.search(id, r.now())
	return location
}

// process reads the cgroups of the process that owns the socket of e.
func (r *Resolver) process(e *event.Event) processCgroups {
	pid := e.Owner.PID
	if pid == 0 || !r.hostPIDs {
		return processCgroups{}
	}
	now := r.now()
	seen := r.processes.cached(pid, now)
	if seen == nil {
		if !r.may(now) {
			return processCgroups{}
		}
		seen = r.processes.look(pid, now)
	}
	return seen.when(e.Time)
}

// may reports whether another look at the file system is allowed now.
func (r *Resolver) may(now time.Time) bool {
	if now.Sub(r.second) >= time.Second {
		r.second, r.looks = now, 0
	}
	r.looks++
	return r.looks <= looksMax
}
