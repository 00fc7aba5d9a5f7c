package netnsname

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/osthread"
	"github.com/rsttrace/rsttrace/internal/roottest"
)

// host is a folder with the files of a host. A namespace is a file there, and
// its mounts and processes are hard links to it.
type host struct {
	t         *testing.T
	root      string
	locations map[int]cgroup.Location
	now       time.Time
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{t: t, root: t.TempDir(), locations: make(map[int]cgroup.Location), now: time.Now()}
	h.namespace("initial")
	h.process(77, "initial")
	must(t, os.Symlink("77", h.path("proc/self")))
	h.kernelThread(2, "initial", 0x208040)
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

// namespace makes a namespace and returns its inode number.
func (h *host) namespace(name string) uint32 {
	h.t.Helper()
	must(h.t, os.MkdirAll(h.path("namespaces"), 0o755))
	file := h.path("namespaces/" + name)
	must(h.t, os.WriteFile(file, nil, 0o644))
	inode, _ := stat(file)
	return inode
}

func (h *host) link(namespace, name string) {
	h.t.Helper()
	must(h.t, os.MkdirAll(filepath.Dir(h.path(name)), 0o755))
	must(h.t, os.Link(h.path("namespaces/"+namespace), h.path(name)))
}

func (h *host) process(pid int, namespace string) {
	h.t.Helper()
	h.link(namespace, fmt.Sprintf("proc/%d/ns/net", pid))
}

func (h *host) kernelThread(pid int, namespace string, flags int) {
	h.t.Helper()
	h.process(pid, namespace)
	zeros := ""
	for range 43 {
		zeros += " 0"
	}
	must(h.t, os.WriteFile(h.path(fmt.Sprintf("proc/%d/stat", pid)),
		fmt.Appendf(nil, "%d (kthreadd) S 0 0 0 0 -1 %d%s\n", pid, flags, zeros), 0o644))
}

func (h *host) remove(name string) {
	h.t.Helper()
	must(h.t, os.RemoveAll(h.path(name)))
}

func (h *host) names() *Names {
	n := New(Options{Root: h.root, Location: func(pid int) cgroup.Location { return h.locations[pid] }})
	n.now = func() time.Time { return h.now }
	return n
}

func docker(name string) cgroup.Location {
	return cgroup.Location{Container: cgroup.Container{Runtime: "docker", ID: "0123", Name: name}}
}

func TestNames(t *testing.T) {
	h := newHost(t)
	const uuid = "8a7c2f3e-1b2d-4c5e-9f00-0123456789ab"
	nobody := h.namespace("nobody")
	blue := h.namespace("blue")
	h.link("blue", "run/netns/blue")
	web := h.namespace("web")
	h.link("web", "run/docker/netns/1a2b3c4d5e6f")
	h.process(100, "web")
	h.process(101, "web")
	h.locations[101] = docker("web-1")
	pod := h.namespace("pod")
	h.link("pod", "run/netns/cni-"+uuid)
	h.process(200, "pod")
	h.locations[200] = cgroup.Location{PodUID: uuid, Pod: "shop/cart", Container: docker("app").Container}
	sandbox := h.namespace("sandbox")
	h.link("sandbox", "run/docker/netns/ingress_sbox")
	h.process(300, "sandbox")
	plugin := h.namespace("plugin")
	h.link("plugin", "run/netns/cni-"+uuid+"-2") // not made by a plug-in after all
	both := h.namespace("both")
	h.link("both", "run/netns/green")
	h.process(400, "both")
	h.locations[400] = docker("web-2")
	session := h.namespace("session")
	h.process(500, "session")
	h.locations[500] = cgroup.Location{Path: "/user.slice/session-1.scope", Unit: "session-1.scope"}
	inHost, _ := stat(h.path("namespaces/initial"))

	n := h.names()
	for inode, want := range map[uint32]string{
		0: "", initial: Host, inHost: Host, nobody: "", blue: "blue", web: "docker/web-1", pod: "shop/cart",
		sandbox: "ingress_sbox", plugin: "cni-" + uuid + "-2", both: "green", session: "", 12345678: "",
	} {
		for range 3 {
			if got := n.Of(inode); got != want {
				t.Errorf("namespace %d is called %q, want %q", inode, got, want)
			}
		}
	}
	if n.surveys != 1 {
		t.Errorf("%d surveys, want 1", n.surveys)
	}
}

// The number of a dead namespace is given to another: its name does not stay.
func TestNumberUsedAgain(t *testing.T) {
	h := newHost(t)
	first := h.namespace("first")
	h.link("first", "run/netns/blue")
	n := h.names()
	if got := n.Of(first); got != "blue" {
		t.Fatalf("got %q", got)
	}
	h.remove("run/netns/blue")
	h.link("first", "run/netns/green")
	h.now = h.now.Add(nameFor)
	if got := n.Of(first); got != "green" {
		t.Errorf("got %q, want the new name", got)
	}
	h.remove("run/netns/green")
	h.now = h.now.Add(nameFor)
	if got := n.Of(first); got != "" {
		t.Errorf("got %q, want none", got)
	}
	// A file of that name that is another namespace proves nothing.
	h.namespace("second")
	h.link("second", "run/netns/green")
	h.now = h.now.Add(time.Hour)
	if got := n.Of(first); got != "" {
		t.Errorf("got %q, want none", got)
	}
}

func TestSurveysAreBounded(t *testing.T) {
	h := newHost(t)
	first := h.namespace("first")
	n := h.names()
	for range 10 {
		if got := n.Of(first); got != "" {
			t.Errorf("got %q", got)
		}
	}
	second := h.namespace("second")
	h.link("second", "run/netns/second")
	if got := n.Of(second); got != "" || n.surveys != 1 {
		t.Errorf("got %q after %d surveys in the same second", got, n.surveys)
	}
	// The next survey waits for its turn, then names it: nothing was learnt
	// from the one that was not made.
	h.now = h.now.Add(time.Hour)
	if got := n.Of(second); got != "second" || n.surveys != 2 {
		t.Errorf("got %q after %d surveys", got, n.surveys)
	}
}

// The runtime tells the name later than the id.
func TestNameComesLater(t *testing.T) {
	h := newHost(t)
	web := h.namespace("web")
	h.process(100, "web")
	h.locations[100] = docker("")
	n := h.names()
	if got := n.Of(web); got != "docker/0123" {
		t.Errorf("got %q", got)
	}
	h.locations[100] = docker("web-1")
	h.now = h.now.Add(nameFor)
	if got := n.Of(web); got != "docker/web-1" || n.surveys != 1 {
		t.Errorf("got %q after %d surveys", got, n.surveys)
	}
}

// In another pid namespace pid 2 is anybody, and pid 1 may be in any namespace.
func TestHostUnknown(t *testing.T) {
	h := newHost(t)
	h.remove("proc/2")
	h.kernelThread(2, "initial", 0x400000)
	h.process(1, "initial")
	inode, _ := stat(h.path("namespaces/initial"))
	n := h.names()
	if got := n.Of(inode); got != "" {
		t.Errorf("got %q, want none", got)
	}
	if got := n.Of(initial); got != Host {
		t.Errorf("the number that only the initial one can have: %q", got)
	}
}

func TestEmptyHost(t *testing.T) {
	n := New(Options{Root: t.TempDir()})
	if got := n.Of(17); got != "" {
		t.Errorf("got %q", got)
	}
}

// On this host: a namespace as `ip netns add` makes it.
func TestRealNamespace(t *testing.T) {
	roottest.Need(t, roottest.Namespaces)
	root := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(root, "run/netns"), 0o755))
	must(t, os.Symlink("/proc", filepath.Join(root, "proc")))
	blue := filepath.Join(root, "run/netns/blue")
	must(t, os.WriteFile(blue, nil, 0o644))

	own := strconv.Itoa(os.Getpid())
	n := New(Options{Root: root})
	inHost, _ := stat("/proc/" + own + "/ns/net")
	if inHost == initial && n.Of(inHost) != Host {
		t.Errorf("namespace %d is called %q, want %q", inHost, n.Of(inHost), Host)
	}
	made := make(chan error)
	osthread.Throwaway(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = unix.Mount("/proc/thread-self/ns/net", blue, "", unix.MS_BIND, "")
		}
		made <- err
	})
	if err := <-made; errors.Is(err, unix.EPERM) {
		t.Skipf("this machine does not let root make and mount network namespaces: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, unix.Unmount(blue, unix.MNT_DETACH)) })
	inode, _ := stat(blue)
	if got := n.Of(inode); got != "blue" {
		t.Errorf("namespace %d is called %q, want blue", inode, got)
	}
}

func BenchmarkOf(b *testing.B) {
	n := New(Options{})
	inode, _ := stat("/proc/self/ns/net")
	n.known.Add(inode+1, name{text: "blue", until: time.Now().Add(time.Hour)})
	for b.Loop() {
		n.Of(inode + 1)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
