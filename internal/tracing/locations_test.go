package tracing

import (
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/internal/netnsname"
	"github.com/rsttrace/rsttrace/internal/probe"
	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// hostWithService is a root folder with a cgroup, its folder, and its id.
func hostWithService(t *testing.T) (root, web string, id uint64) {
	t.Helper()
	root = t.TempDir()
	web = filepath.Join(root, "sys/fs/cgroup/system.slice/web.service")
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
	return root, web, info.Sys().(*syscall.Stat_t).Ino
}

// TestPlaces: whose socket it was is known by its cgroup where no process is,
// also when the cgroup is gone before the event is handed on.
func TestPlaces(t *testing.T) {
	root, web, id := hostWithService(t)
	e := received(1, 0x100)
	e.Kernel.Cgroup = id
	e.Netns.Inode = 0xEFFFFFF9 // the initial one
	f := newFakeSource(resets(e))
	f.holders = func() []event.Holder { return nil }
	tracer := tracing(f, "")
	tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root}), netns: netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	tracer.locations.prefetch(&e)
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

// TestTopsPlaces: what is the same for a reader is one row, whatever the kernel
// side has.
func TestTopsPlaces(t *testing.T) {
	root, _, id := hostWithService(t)
	f := newFakeSource()
	f.tops.Owners.Entries = []probe.TopCount{
		{Evidence: receivedEvidence, Cgroup: id, Netns: 0xEFFFFFF9, Events: 1},
		{Evidence: receivedEvidence, Cgroup: id, Netns: 0xEFFFFFF9, Events: 2, Comm: "app"},
		{Evidence: receivedEvidence, Cgroup: id, Netns: 0xEFFFFFF9, Events: 3},
		{Evidence: receivedEvidence, Cgroup: id + 1e6, Netns: 0xEFFFFFF9, Events: 1}, // gone
		{Evidence: receivedEvidence, Netns: 0xEFFFFFF9, Events: 1},
	}
	tracer := tracing(f, "")
	tracer.locations = &locations{cgroups: cgroup.Open(cgroup.Options{Root: root}), netns: netnsname.New(netnsname.Options{Root: root})}
	defer tracer.Close()
	got, err := tracer.Tops(10)
	if err != nil {
		t.Fatal(err)
	}
	row := func(events uint64, owner event.Owner) event.TopRow {
		netns := event.Netns{Inode: 0xEFFFFFF9, Name: netnsname.Host}
		return event.TopRow{Dir: event.Received, Cause: cause.Refused, Events: events, Netns: netns, Owner: owner}
	}
	want := []event.TopRow{
		row(4, event.Owner{Cgroup: "/system.slice/web.service", Unit: "web.service"}),
		row(2, event.Owner{}),
		row(2, event.Owner{Comm: "app", Cgroup: "/system.slice/web.service", Unit: "web.service"}),
	}
	if diff := cmp.Diff(want, got.Owners.Rows, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
