package tracer

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/cgroup"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/filter"
	"github.com/rsttrace/rsttrace/pkg/netnsname"
)

// TestPlaces: whose socket it was is known by its cgroup where no process is,
// also when the cgroup is gone before the event is handed on.
func TestPlaces(t *testing.T) {
	root := t.TempDir()
	web := filepath.Join(root, "sys/fs/cgroup/system.slice/web.service")
	for _, dir := range []string{web, filepath.Join(root, "proc/self")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mountinfo := []byte("30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
	if err := os.WriteFile(filepath.Join(root, "proc/self/mountinfo"), mountinfo, 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(web)
	if err != nil {
		t.Fatal(err)
	}
	e := received(1, 0x100)
	e.Kernel.Cgroup = info.Sys().(*syscall.Stat_t).Ino
	e.Netns.Inode = 0xEFFFFFF9 // the initial one
	f := newFakeSource(resets(e))
	f.holders = func() []event.Holder { return nil }
	tracer := newTracer(f, filter.Options{})
	tracer.places = &places{cgroup.Open(cgroup.Options{Root: root}), netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	tracer.places.note(&e)
	if err := os.RemoveAll(web); err != nil {
		t.Fatal(err)
	}
	_, events := collect(tracer, 1)
	want := event.Owner{Source: event.FromCgroup, Cgroup: "/system.slice/web.service", Unit: "web.service"}
	if got := events[0].Owner; got.Source != want.Source || got.Cgroup != want.Cgroup || got.Unit != want.Unit || got.PID != 0 {
		t.Errorf("owner %+v, want %+v", got, want)
	}
	if got := events[0].Netns.Name; got != netnsname.Host {
		t.Errorf("namespace %q, want %q", got, netnsname.Host)
	}
}
