package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// host is a folder with the files of a host.
type host struct {
	t    testing.TB
	root string
}

const selfPID = 77

// mountinfo of a host with cgroup v2 only, and of one with both, as systemd
// calls it "hybrid".
const (
	onlyV2 = "24 1 0:22 / /proc rw - proc proc rw\n" +
		"30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
	bothV1AndV2 = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" +
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
	onlyV1 = "36 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)

func newHost(t testing.TB, mountinfo string) *host {
	t.Helper()
	h := &host{t: t, root: t.TempDir()}
	h.write(fmt.Sprintf("proc/%d/mountinfo", selfPID), mountinfo)
	must(t, os.Symlink(strconv.Itoa(selfPID), h.path("proc/self")))
	h.stat(2, 0x208040, 0)
	return h
}

func (h *host) path(name string) string { return filepath.Join(h.root, name) }

func (h *host) write(name, text string) {
	h.t.Helper()
	must(h.t, os.MkdirAll(filepath.Dir(h.path(name)), 0o755))
	must(h.t, os.WriteFile(h.path(name), []byte(text), 0o644))
}

// mkdir makes a folder and returns its inode number.
func (h *host) mkdir(name string) uint64 {
	h.t.Helper()
	must(h.t, os.MkdirAll(h.path(name), 0o755))
	return inodeOf(h.t, h.path(name))
}

func (h *host) remove(name string) {
	h.t.Helper()
	must(h.t, os.RemoveAll(h.path(name)))
}

func (h *host) stat(pid int, flags, start uint64) {
	h.t.Helper()
	h.write(fmt.Sprintf("proc/%d/stat", pid), fmt.Sprintf("%d (a) b) S 0 0 0 0 -1 %d 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0 %s\n",
		pid, flags, start, strings.TrimSpace(strings.Repeat("0 ", 28))))
}

// process adds a process that has run since boot.
func (h *host) process(pid int, cgroups string) {
	h.t.Helper()
	h.stat(pid, 0, 0)
	h.write(fmt.Sprintf("proc/%d/cgroup", pid), cgroups)
}

// open opens a Resolver with a clock that stands still.
func (h *host) open(o Options) (r *Resolver, clock *time.Time) {
	h.t.Helper()
	o.Root = h.root
	r = Open(o)
	h.t.Cleanup(r.Close)
	now := time.Now()
	r.now = func() time.Time { return now }
	return r, &now
}

func inodeOf(t testing.TB, name string) uint64 {
	t.Helper()
	info, err := os.Stat(name)
	must(t, err)
	return info.Sys().(*syscall.Stat_t).Ino
}

// resetOf is an event of a socket that was created in a cgroup, and belongs to
// a process if pid is not 0.
func resetOf(cgroup uint64, pid uint32) *event.Event {
	e := &event.Event{Time: time.Now(), Kernel: event.KernelContext{Cgroup: cgroup}}
	if pid != 0 {
		e.Owner = event.Owner{PID: pid, Comm: "app", Source: event.FromSocket}
	}
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
