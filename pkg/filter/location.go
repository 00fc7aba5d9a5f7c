package filter

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func inCgroup(o *event.Owner, wanted string) bool {
	// A process outside of our cgroup namespace has dots before its path.
	below, inside := strings.CutPrefix(path.Clean(o.Cgroup), wanted)
	return inside && (below == "" || below[0] == '/')
}

// inUnit: the owner has the innermost unit, its path has those around it.
func inUnit(o *event.Owner, wanted string) bool {
	return same(o.Unit, wanted) || slices.ContainsFunc(strings.Split(o.Cgroup, "/"), func(part string) bool { return same(part, wanted) })
}

// shortID is how much of an id docker ps, podman ps and package text show.
const shortID = 12

var containerID = regexp.MustCompile(`[0-9a-f]{64}`)

// inContainer takes what is printed: web-1, docker/web-1, docker/3f2a9c0d11e2, the
// whole id, and the container of a pod, shop/cart-6d9f/app.
func inContainer(o *event.Owner, wanted string) bool {
	switch {
	case o.Container == "":
		return false
	case called(o.Container, wanted), hasID(o, wanted):
		return true
	}
	before, name, qualified := cutLast(wanted)
	runtime, own, _ := strings.Cut(o.Container, "/")
	return qualified && (before == runtime && hasID(o, name) || inPod(o, before) && same(own, name))
}

// hasID: once a container's name is known the owner has no id any more. Its path
// has.
func hasID(o *event.Owner, start string) bool {
	ids := containerID.FindAllString(o.Cgroup+" "+o.Container, -1)
	return len(start) >= shortID && len(ids) > 0 && strings.HasPrefix(ids[len(ids)-1], start)
}

// shortUID is how much of a pod's uid package text shows, after "pod/".
const shortUID = 8

var startOfUID = regexp.MustCompile(`^[0-9a-f][0-9a-f-]*$`)

// inPod takes what is printed: cart-6d9f, shop/cart-6d9f, pod/0a1b2c3d, the whole
// uid.
func inPod(o *event.Owner, wanted string) bool {
	if o.Pod == "" {
		return false
	}
	if called(o.Pod, wanted) {
		return true
	}
	uid := strings.TrimPrefix(wanted, "pod/")
	if len(uid) < shortUID || !startOfUID.MatchString(uid) {
		return false
	}
	// The path has the uid, in which systemd wants no dashes.
	return strings.HasPrefix(o.Pod, uid) || strings.Contains(strings.ReplaceAll(o.Cgroup, "_", "-"), "pod"+uid)
}

// called compares a name that may have something before it: the runtime of a
// container, the namespace of a pod.
func called(name, wanted string) bool {
	_, short, _ := strings.Cut(name, "/")
	return same(name, wanted) || short != "" && same(short, wanted)
}

func cutLast(text string) (before, name string, found bool) {
	at := strings.LastIndexByte(text, '/')
	if at < 0 {
		return "", text, false
	}
	return text[:at], text[at+1:], true
}
