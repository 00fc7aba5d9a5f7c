package text

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/internal/containerid"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// ownerText says whose socket it was, where that runs, and how it is known where
// it is not simply the process that holds it:
//
//	nginx[812] in docker/web-1, netns blue
func ownerText(e *event.Event) string {
	o := &e.Owner
	location := ownerLocation(o)
	text := processOf(o)
	switch {
	case text != "":
		text += othersNote(o)
		if location != "" {
			text += " in " + location
		}
	case location != "":
		text = location
	default:
		text = unitOf(o)
	}
	switch netns := netnsText(e); {
	case netns == "":
	case text == "-":
		text = netns
	default:
		text += ", " + netns
	}
	if e.Initiator.PID != 0 {
		text += " (by " + processText(e.Initiator.PID, e.Initiator.Comm) + ")"
	}
	return text
}

// processOf names the process, "" where none is known.
func processOf(o *event.Owner) string {
	if o.PID == 0 && o.Comm == "" {
		return ""
	}
	return processText(o.PID, o.Comm)
}

// othersNote tells what else is known of the process.
func othersNote(o *event.Owner) (text string) {
	if n := len(o.Others); n > 0 {
		text = " +" + strconv.Itoa(n) + " more"
	}
	switch ended := o.Ended; {
	case ended.Signal != "":
		text += " killed by " + clean(ended.Signal)
	case ended.ExitCode != nil:
		text += " exited with " + strconv.Itoa(*ended.ExitCode)
	default:
		text += sourceNote(o)
	}
	return text
}

// unitOf is the best name of a cgroup that is no container, else "-".
func unitOf(o *event.Owner) string {
	for _, name := range []string{o.Unit, o.Cgroup} {
		if name != "" {
			return clean(name)
		}
	}
	return "-"
}

// ownerLocation is the container; in a pod "shop/cart-6d9f/app", or the pod alone
// where the container has no name.
func ownerLocation(o *event.Owner) string {
	if o.Pod == "" {
		return placeName(o.Container)
	}
	pod := o.Pod
	if !strings.Contains(pod, "/") { // its uid: the name is not known
		pod = "pod/" + shortUID(pod)
	}
	_, name, _ := strings.Cut(o.Container, "/")
	if name == "" || containerid.Is(name) {
		return clean(pod)
	}
	return clean(pod) + "/" + clean(name)
}

// netnsText names the network namespace, unless it is the host's, or is called
// after the container or pod that is named anyway.
func netnsText(e *event.Event) string {
	n := &e.Netns
	switch {
	case n.Name == "" && n.Inode != 0:
		return "netns " + strconv.FormatUint(uint64(n.Inode), 10)
	case n.Name == "", n.Name == "host", n.Name == e.Owner.Container, n.Name == e.Owner.Pod:
		return ""
	}
	return "netns " + placeName(n.Name)
}

// placeName is "docker/web-1", or the id where the name is not known, cut short.
func placeName(name string) string {
	runtime, id, split := strings.Cut(name, "/")
	if !split {
		return clean(shortID(name))
	}
	return clean(runtime) + "/" + clean(shortID(id))
}

// shortID cuts the 64 hex digits of a container as docker and crictl do.
func shortID(id string) string {
	if containerid.Is(id) {
		return id[:12]
	}
	return id
}

// shortUID is the first part of a pod's UUID.
func shortUID(uid string) string { return uid[:min(8, len(uid))] }

func sourceNote(o *event.Owner) string {
	if o.PID == 0 {
		return ""
	}
	switch o.Source {
	case event.FromCloser:
		return " (closed it)"
	case event.FromConnector:
		return " (connected)"
	case event.FromCreator:
		return " (opened it)"
	case event.FromListener:
		return " (listens)"
	}
	return ""
}

func processText(pid uint32, comm string) string {
	if comm == "" {
		return "pid " + strconv.FormatUint(uint64(pid), 10)
	}
	if pid == 0 {
		return clean(comm)
	}
	return clean(comm) + "[" + strconv.FormatUint(uint64(pid), 10) + "]"
}
