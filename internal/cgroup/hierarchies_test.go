package cgroup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHierarchies(t *testing.T) {
	h := newHost(t, bothV1AndV2)
	h.mkdir("sys/fs/cgroup/unified/system.slice/nginx.service")
	h.mkdir("sys/fs/cgroup/memory/docker/" + id1)
	h.mkdir("sys/fs/cgroup/memory/system.slice")
	h.write("sys/fs/cgroup/unified/system.slice/cgroup.procs", "")
	found, err := ReadHierarchies(h.root)
	must(t, err)
	want := []string{"/docker", "/docker/" + id1, "/system.slice", "/system.slice/nginx.service"}
	if diff := cmp.Diff(want, found.Paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"/system.slice/nginx.service":                       "/system.slice/nginx.service",
		"system.slice//nginx.service/":                      "/system.slice/nginx.service",
		"/sys/fs/cgroup/unified/system.slice/nginx.service": "/system.slice/nginx.service",
		"/sys/fs/cgroup/unified/":                           "/",
		"/sys/fs/cgroup/memory/docker/" + id1:               "/docker/" + id1,
		"/sys/fs/cgroup/unifiedly":                          "/sys/fs/cgroup/unifiedly",
		"":                                                  "/",
		"../../a":                                           "/a",
	} {
		if got := found.Path(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestHierarchiesOfPart: in a container, or where only a part is mounted, paths
// are those of the host's, as far as it tells.
func TestHierarchiesOfPart(t *testing.T) {
	h := newHost(t, "30 1 0:26 /machine.slice /mnt/some\\040groups rw - cgroup2 cgroup2 rw\n")
	h.mkdir("mnt/some groups/a.scope")
	found, err := ReadHierarchies(h.root)
	must(t, err)
	if diff := cmp.Diff([]string{"/machine.slice", "/machine.slice/a.scope"}, found.Paths()); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if got := found.Path("/mnt/some groups/a.scope"); got != "/machine.slice/a.scope" {
		t.Errorf("got %q", got)
	}
}

func TestNoHierarchies(t *testing.T) {
	h := newHost(t, "24 1 0:22 / /proc rw - proc proc rw\n")
	if _, err := ReadHierarchies(h.root); err == nil || !strings.Contains(err.Error(), "mounted") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadHierarchies(t.TempDir()); err == nil {
		t.Error("no /proc, and no error")
	}
}
