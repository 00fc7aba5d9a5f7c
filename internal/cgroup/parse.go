package cgroup

import (
	"regexp"
	"slices"
	"strings"
)

// Parse tells what the path of a cgroup means. It knows the layouts of systemd,
// Docker, containerd, CRI-O and Podman with both of their cgroup drivers, of
// the kubelet, LXC and systemd-nspawn.
func Parse(path string) Location {
	p := Location{Path: path}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i := range slices.Backward(parts) {
		if p.Unit == "" {
			p.Unit = unit(parts[i])
		}
		if !p.Container.Known() {
			p.Container = container(parts, i)
		}
		if p.PodUID == "" {
			p.PodUID = podUID(parts[i])
		}
	}
	if p.Unit == "" {
		p.Unit = innermostSlice(parts)
	}
	if p.PodUID != "" && p.Container.Runtime == "" && p.Container.Known() {
		p.Container.Runtime = "cri"
	}
	return p
}

// unitName is a unit that runs processes: of the characters that systemd
// allows. An underscore before it is the escape of cg_escape in systemd.
var unitName = regexp.MustCompile(`^_?([A-Za-z0-9:_.\\@-]+\.(?:service|scope|socket|mount|swap))$`)

func unit(part string) string {
	if m := unitName.FindStringSubmatch(part); m != nil {
		return m[1]
	}
	return ""
}

func innermostSlice(parts []string) string {
	for _, part := range slices.Backward(parts) {
		if strings.HasSuffix(part, ".slice") && len(part) > len(".slice") {
			return part
		}
	}
	return ""
}

// podPart is the directory of a pod: pod<uid> by the cgroupfs driver,
// kubepods-burstable-pod<uid>.slice, with underscores in the uid, by the
// systemd driver. The uid of a static pod is a hash.
var podPart = regexp.MustCompile(`^(?:(?:[a-z]+-)*kubepods-(?:[a-z]+-)?)?pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$`)

func podUID(part string) string {
	// kubepods-….slice:cri-containerd:<id> is the systemd notation in the
	// hands of the cgroupfs driver.
	part, _, _ = strings.Cut(part, ":")
	if m := podPart.FindStringSubmatch(part); m != nil {
		return strings.ReplaceAll(m[1], "_", "-")
	}
	return ""
}

// containerPart is the directory of a container that has an id, with what its
// runtime writes before it.
var containerPart = regexp.MustCompile(`^(?:(.+)[-:])?([0-9a-f]{64})(?:\.scope)?$`)

// runtimes maps what is written before the id to the runtime.
var runtimes = map[string]string{
	"docker":         "docker",
	"cri-containerd": "containerd",
	"nerdctl":        "containerd",
	"crio":           "crio",
	"libpod":         "podman",
	"libpod-payload": "podman",
}

// container reads the directory at position i.
func container(parts []string, i int) Container {
	part := parts[i]
	if m := containerPart.FindStringSubmatch(part); m != nil {
		prefix := m[1]
		if _, last, found := strings.Cut(prefix, ".slice:"); found {
			prefix = last
		}
		if strings.HasSuffix(prefix, "conmon") {
			return Container{} // the monitor beside the container
		}
		if prefix == "" && i > 0 && parts[i-1] == "docker" {
			prefix = "docker"
		}
		return Container{Runtime: runtimes[prefix], ID: m[2]}
	}
	if name := lxc(parts, i); name != "" {
		return Container{Runtime: "lxc", Name: name}
	}
	if name := nspawn(parts, i); name != "" {
		return Container{Runtime: "nspawn", Name: name}
	}
	return Container{}
}

// lxc: lxc.payload.NAME or lxc.payload/NAME since LXC 4, lxc/NAME before.
// What runs in lxc.monitor is not in the container.
func lxc(parts []string, i int) string {
	if name, found := strings.CutPrefix(parts[i], "lxc.payload."); found {
		return name
	}
	if i > 0 && (parts[i-1] == "lxc" || parts[i-1] == "lxc.payload") {
		return parts[i]
	}
	return ""
}

// nspawn: systemd-nspawn@NAME.service, where started as a service, with the
// monitor in supervisor and the container beside it; else machine-NAME.scope,
// which libvirt uses too, for virtual machines (machine-qemu…): those have no
// sockets on this host.
func nspawn(parts []string, i int) string {
	if name, found := between(parts[i], "systemd-nspawn@", ".service"); found {
		if i+1 < len(parts) && parts[i+1] == "supervisor" {
			return ""
		}
		return unescape(name)
	}
	if name, found := between(parts[i], "machine-", ".scope"); found {
		if name = unescape(name); !strings.HasPrefix(name, "qemu-") && !strings.HasPrefix(name, "lxc-") {
			return name
		}
	}
	return ""
}

func between(text, prefix, suffix string) (string, bool) {
	text, found := strings.CutPrefix(text, prefix)
	if !found {
		return "", false
	}
	text, found = strings.CutSuffix(text, suffix)
	return text, found && text != ""
}

// unescape undoes the one escape that machine names need in unit names.
func unescape(name string) string { return strings.ReplaceAll(name, `\x2d`, "-") }
