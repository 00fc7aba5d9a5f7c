package filter

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// NeedsPlace reports whether Match reads where the owner runs.
func (f *Filter) NeedsPlace() bool {
	return len(f.options.Cgroups)+len(f.options.Units) > 0 || f.NeedsNames()
}

// NeedsNames reports whether Match reads the names of containers or pods.
func (f *Filter) NeedsNames() bool {
	return len(f.options.Containers)+len(f.options.Pods) > 0
}

// MatchPlace decides control groups, units, containers and pods. What is not
// known matches nothing.
func (f *Filter) MatchPlace(owner *event.Owner) bool {
	o := &f.options
	return anyOf(o.Cgroups, owner, inCgroup) && anyOf(o.Units, owner, inUnit) &&
		anyOf(o.Containers, owner, inContainer) && anyOf(o.Pods, owner, inPod)
}

func anyOf(wanted []string, owner *event.Owner, in func(*event.Owner, string) bool) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(one string) bool { return one != "" && in(owner, one) })
}

func inCgroup(o *event.Owner, wanted string) bool {
	// A process outside of our cgroup namespace has dots before its path.
	below, inside := strings.CutPrefix(path.Clean(o.Cgroup), wanted)
	return inside && (below == "" || below[0] == '/')
}

// inUnit: the owner has the innermost unit, its path has those around it.
func inUnit(o *event.Owner, wanted string) bool {
	return o.Unit == wanted || slices.Contains(strings.Split(o.Cgroup, "/"), wanted)
}

// shortID is how much of an id docker ps and podman ps show.
const shortID = 12

var containerID = regexp.MustCompile(`[0-9a-f]{64}`)

func inContainer(o *event.Owner, wanted string) bool {
	if called(o.Container, wanted) {
		return true
	}
	// Once a container's name is known the owner has no id any more: its path has.
	ids := containerID.FindAllString(o.Cgroup, -1)
	return o.Container != "" && len(ids) > 0 && len(wanted) >= shortID && strings.HasPrefix(ids[len(ids)-1], wanted)
}

func inPod(o *event.Owner, wanted string) bool {
	if called(o.Pod, wanted) {
		return true
	}
	// The same with a pod's uid, in which systemd wants no dashes.
	const shortest = 32 // of a static pod; others have dashes
	return o.Pod != "" && len(wanted) >= shortest &&
		strings.Contains(strings.ReplaceAll(o.Cgroup, "_", "-"), "pod"+wanted)
}

// called compares a name that may have something before it: the runtime of a
// container, the namespace of a pod.
func called(name, wanted string) bool {
	_, short, _ := strings.Cut(name, "/")
	return name == wanted || short == wanted
}
