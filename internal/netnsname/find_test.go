package netnsname

import (
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/cgroup"
)

// TestFind: the names that events have for namespaces lead back to them.
func TestFind(t *testing.T) {
	h := newHost(t)
	const uid = "8a7c2f3e-1b2d-4c5e-9f00-0123456789ab"
	id := strings.Repeat("aa99", 16)
	web := h.namespace("web")
	h.link("web", "run/docker/netns/1a2b3c4d5e6f")
	h.process(100, "web")
	h.locations[100] = cgroup.Location{Container: cgroup.Container{Runtime: "docker", ID: id, Name: "web-1"}}
	pod := h.namespace("pod")
	h.process(200, "pod")
	h.locations[200] = cgroup.Location{PodUID: uid, Pod: "shop/cart", Container: cgroup.Container{Runtime: "cri", ID: strings.Repeat("ef56", 16)}}
	plugin := h.namespace("plugin")
	h.link("plugin", "run/docker/netns/ingress_sbox")
	h.process(300, "initial") // a container in the namespace of the host
	h.locations[300] = cgroup.Location{Container: cgroup.Container{Runtime: "docker", Name: "proxy"}}
	host, _ := stat(h.path("namespaces/initial"))
	for text, want := range map[string]uint32{
		"host": host, "docker/web-1": web, "docker/aa99aa99aa99": web, "docker/" + id: web, "1a2b3c4d5e6f": web,
		"shop/cart": pod, uid: pod, "ingress_sbox": plugin,
		"docker/web-2": 0, "docker/proxy": 0, "docker/": 0, "cart": 0, "": 0,
	} {
		if got := h.names().find(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
	for inode, want := range map[uint32]string{web: "docker/web-1", pod: "shop/cart", plugin: "ingress_sbox", host: Host} {
		if got := h.names().Of(inode); got != want || h.names().find(got) != inode {
			t.Errorf("%d is printed as %q, which is %d", inode, got, h.names().find(got))
		}
	}
}
