package cgroup

import (
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// Location is what the path of a cgroup tells. The zero value of each field means
// that it is not known, or that there is none.
type Location struct {
	Path      string // in its hierarchy, "/" is the root
	Unit      string // innermost systemd unit
	Container Container
	PodUID    string // of Kubernetes; for static pods 32 hex digits, else a UUID
	Pod       string // "namespace/name"
	Workload  string // "namespace/name" of what has made the pod; "" where it is not certain
}

// Container is the innermost container.
type Container struct {
	Runtime string // "docker", "containerd", "crio", "podman", "lxc", "nspawn"; "cri" where only Kubernetes is known
	ID      string // 64 hex digits; "" for lxc and nspawn, which know names only
	Name    string
}

// Known reports whether there is a container.
func (c Container) Known() bool { return c.ID != "" || c.Name != "" }

// String is the runtime and the name, else the id: "docker/web-1".
func (c Container) String() string {
	name := c.Name
	if name == "" {
		name = c.ID
	}
	if c.Runtime == "" || name == "" {
		return name
	}
	return c.Runtime + "/" + name
}

// PodText is the name of the pod, else its uid.
func (p Location) PodText() string {
	if p.Pod != "" {
		return p.Pod
	}
	return p.PodUID
}

func (p Location) fill(o *event.Owner) {
	o.Cgroup, o.Unit, o.Container, o.Pod, o.Workload = p.Path, p.Unit, p.Container.String(), p.PodText(), p.Workload
}

// named reports whether the names of the container and of the pod are known.
func (p Location) named() bool {
	return (p.Pod != "" || p.PodUID == "") && (p.Container.Name != "" || p.Container.ID == "")
}

// static reports whether the pod comes from a file of the node: its uid is a hash then.
func (p Location) static() bool { return p.PodUID != "" && !strings.Contains(p.PodUID, "-") }

// informative reports whether the path says anything about who uses a socket.
// What systemd creates it creates for others.
func (p Location) informative() bool {
	switch p.Path {
	case "", "/", "/init.scope":
		return false
	}
	return true
}
