package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestCompleteFromSocket(t *testing.T) {
	h := newHost(t, onlyV2)
	nginx := h.mkdir("sys/fs/cgroup/system.slice/nginx.service")
	docker := h.mkdir("sys/fs/cgroup/docker/" + id1)
	pod := h.mkdir("sys/fs/cgroup/kubepods/burstable/pod" + uid + "/" + id2)
	slice := h.mkdir("sys/fs/cgroup/system.slice")
	root := h.mkdir("sys/fs/cgroup")
	r, _ := h.open(Options{})
	for name, test := range map[string]struct {
		cgroup uint64
		want   event.Owner
	}{
		"a unit": {nginx, event.Owner{Source: event.FromCgroup, Cgroup: "/system.slice/nginx.service", Unit: "nginx.service"}},
		"a container": {docker, event.Owner{
			Source: event.FromCgroup, Cgroup: "/docker/" + id1, Container: "docker/" + id1,
		}},
		"a pod": {pod, event.Owner{
			Source: event.FromCgroup, Cgroup: "/kubepods/burstable/pod" + uid + "/" + id2, Container: "cri/" + id2, Pod: uid,
		}},
		"a slice":        {slice, event.Owner{Source: event.FromCgroup, Cgroup: "/system.slice", Unit: "system.slice"}},
		"the root":       {root, event.Owner{}},
		"no socket":      {0, event.Owner{}},
		"not to be seen": {1 << 60, event.Owner{}},
	} {
		e := resetOf(test.cgroup, 0)
		r.Complete(e)
		if diff := cmp.Diff(test.want, e.Owner); diff != "" {
			t.Errorf("%s, without a process (-want +got):\n%s", name, diff)
		}
		if test.want.Source == "" {
			continue
		}
		e = resetOf(test.cgroup, 4000)
		r.Complete(e)
		test.want.PID, test.want.Comm, test.want.Source = 4000, "app", event.FromSocket
		if diff := cmp.Diff(test.want, e.Owner); diff != "" {
			t.Errorf("%s, with a process (-want +got):\n%s", name, diff)
		}
	}
	if r.tree.walks != 2 {
		t.Errorf("%d walks, want one at the start and one for what is not to be seen", r.tree.walks)
	}
}

func TestUnknownCgroups(t *testing.T) {
	h := newHost(t, onlyV2)
	h.mkdir("sys/fs/cgroup/system.slice")
	r, clock := h.open(Options{})
	owner := func(cgroup uint64, pid uint32) string {
		e := resetOf(cgroup, pid)
		r.Complete(e)
		return e.Owner.Cgroup
	}
	first := h.mkdir("sys/fs/cgroup/system.slice/first.service")
	if got := owner(first, 0); got != "/system.slice/first.service" {
		t.Errorf("a cgroup that is younger than rsttrace: %q", got)
	}
	second := h.mkdir("sys/fs/cgroup/system.slice/second.service")
	for range 10 {
		if got := owner(second, 0); got != "" {
			t.Errorf("%q is known without a second walk in the same second", got)
		}
	}
	if r.tree.walks != 2 {
		t.Errorf("%d walks, want 2", r.tree.walks)
	}
	h.process(10, "0::/system.slice/second.service\n")
	if got := owner(second, 10); got != "/system.slice/second.service" {
		t.Errorf("its process leads to %q", got)
	}
	if r.tree.walks != 2 {
		t.Errorf("%d walks, want 2", r.tree.walks)
	}
	third := h.mkdir("sys/fs/cgroup/system.slice/third.service")
	*clock = clock.Add(time.Hour)
	if got := owner(third, 10); got != "/system.slice/third.service" {
		t.Errorf("the process is elsewhere, the socket is in %q", got)
	}
	// Gone: still known. Gone before it was looked for: never known, and not
	// looked for again.
	fourth := h.mkdir("sys/fs/cgroup/system.slice/fourth.service")
	h.remove("sys/fs/cgroup/system.slice/first.service")
	h.remove("sys/fs/cgroup/system.slice/fourth.service")
	*clock = clock.Add(time.Hour)
	if got := owner(fourth, 0); got != "" {
		t.Errorf("a cgroup that is gone: %q", got)
	}
	if got := owner(first, 0); got != "/system.slice/first.service" {
		t.Errorf("a cgroup that was seen before it went: %q", got)
	}
	walks := r.tree.walks
	*clock = clock.Add(time.Hour)
	owner(fourth, 0)
	if r.tree.walks != walks {
		t.Errorf("what is gone is looked for again")
	}
}

// Note finds what is gone when the event is completed.
func TestNote(t *testing.T) {
	h := newHost(t, onlyV2)
	h.mkdir("sys/fs/cgroup")
	r, _ := h.open(Options{})
	e := resetOf(h.mkdir("sys/fs/cgroup/short.scope"), 0)
	r.Note(e)
	h.remove("sys/fs/cgroup/short.scope")
	r.Complete(e)
	if e.Owner.Unit != "short.scope" {
		t.Errorf("got %+v, want the unit", e.Owner)
	}
}

// TestLearn: a cgroup is known that nobody could have looked for.
func TestLearn(t *testing.T) {
	h := newHost(t, onlyV2)
	h.mkdir("sys/fs/cgroup")
	r, _ := h.open(Options{})
	const id = 1 << 40
	r.Learn(id, "/system.slice/docker-"+id1+".scope")
	e := resetOf(id, 0)
	r.Complete(e)
	if want := "docker/" + id1; e.Owner.Container != want {
		t.Errorf("got %+v, want container %s", e.Owner, want)
	}
	if r.tree.walks != 1 {
		t.Errorf("%d walks, want that of the start", r.tree.walks)
	}
}

// TestOwnerCgroup: where no socket is left that has a cgroup, that of the process
// counts which the kernel saw, also when the process is gone. A socket's own comes
// first where it says something.
func TestOwnerCgroup(t *testing.T) {
	for name, test := range map[string]struct {
		mountinfo, socket, owner string
		want                     string
	}{
		"no socket":                      {onlyV2, "", "system.slice/a.service", "/system.slice/a.service"},
		"socket activation":              {onlyV2, "init.scope", "system.slice/a.service", "/system.slice/a.service"},
		"created elsewhere":              {onlyV2, "system.slice/b.service", "system.slice/a.service", "/system.slice/b.service"},
		"created outside of a container": {bothV1AndV2, "system.slice/b.service", "docker/" + id1, "/docker/" + id1},
		"in the root":                    {onlyV2, "system.slice/b.service", "", "/system.slice/b.service"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, test.mountinfo)
			mount := "sys/fs/cgroup/"
			if test.mountinfo == bothV1AndV2 {
				mount += "unified/"
			}
			e := resetOf(0, 10) // of which there is nothing in /proc
			if test.socket != "" {
				e.Kernel.Cgroup = h.mkdir(mount + test.socket)
			}
			e.Kernel.OwnerCgroup = h.mkdir(mount + test.owner)
			r, _ := h.open(Options{})
			r.Note(e)
			r.Complete(e)
			if e.Owner.Cgroup != test.want {
				t.Errorf("got %+v, want %s", e.Owner, test.want)
			}
		})
	}
}

// TestSettled: what the cgroup of a socket settles is what Complete fills in,
// whoever the process is.
func TestSettled(t *testing.T) {
	for name, test := range map[string]struct {
		mountinfo, socket string
		settled, named    bool
	}{
		"a unit":                  {onlyV2, "system.slice/a.service", true, false},
		"a container":             {onlyV2, "docker/" + id1, true, true},
		"a pod":                   {onlyV2, "kubepods/pod" + uid, true, true},
		"a unit, beside v1":       {bothV1AndV2, "system.slice/a.service", false, false},
		"a container, beside v1":  {bothV1AndV2, "docker/" + id1, true, true},
		"the root":                {onlyV2, ".", false, false},
		"what systemd has opened": {onlyV2, "init.scope", false, false},
		"no socket":               {onlyV2, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, test.mountinfo)
			h.process(10, "4:memory:/docker/"+id2+"\n0::/docker/"+id2+"\n")
			mount := "sys/fs/cgroup/"
			if test.mountinfo == bothV1AndV2 {
				mount += "unified/"
			}
			var id uint64
			if test.socket != "" {
				id = h.mkdir(mount + test.socket)
			}
			r, _ := h.open(Options{})
			owner, named, settled := r.Settled(resetOf(id, 10))
			if settled != test.settled || named != test.named {
				t.Errorf("settled %v, named %v", settled, named)
			}
			e := resetOf(id, 10)
			r.Complete(e)
			if bySocket := e.Owner.Container != "docker/"+id2; bySocket != settled {
				t.Errorf("settled %v, and Complete gives %+v", settled, e.Owner)
			}
			if settled && (owner.Cgroup != e.Owner.Cgroup || owner.Unit != e.Owner.Unit || owner.Container != e.Owner.Container || owner.Pod != e.Owner.Pod) {
				t.Errorf("%+v, and Complete gives %+v", owner, e.Owner)
			}
		})
	}
	h := newHost(t, onlyV2)
	h.mkdir("sys/fs/cgroup")
	r, _ := h.open(Options{})
	if _, _, settled := r.Settled(resetOf(1<<60, 10)); settled {
		t.Error("a cgroup that is not to be seen settles something")
	}
}

func TestLooksAreBounded(t *testing.T) {
	h := newHost(t, onlyV1)
	for pid := range 2 * looksMax {
		h.process(100+pid, "1:name=systemd:/system.slice/a.service\n")
	}
	r, clock := h.open(Options{})
	known := func() (n int) {
		for pid := range 2 * looksMax {
			e := resetOf(0, uint32(100+pid))
			r.Complete(e)
			if e.Owner.Unit != "" {
				n++
			}
		}
		return n
	}
	if n := known(); n != looksMax {
		t.Errorf("%d processes were looked at in a second, want %d", n, looksMax)
	}
	*clock = clock.Add(processFor - 1)
	if n := known(); n != looksMax {
		t.Errorf("%d processes are known, want the %d of before", n, looksMax)
	}
}

// Nothing of what it reads has to be there.
func TestEmptyHost(t *testing.T) {
	r := Open(Options{Root: t.TempDir()})
	defer r.Close()
	e := resetOf(17, 10)
	r.Note(e)
	r.Complete(e)
	if e.Owner.Cgroup != "" {
		t.Errorf("got %+v", e.Owner)
	}
	if got := r.Process(1); got != (Location{}) {
		t.Errorf("got %+v", got)
	}
}

// On this host: the id in a record is the inode number of the directory.
func TestRealCgroups(t *testing.T) {
	r := Open(Options{})
	defer r.Close()
	if r.tree.mount == "" {
		t.Skip("no cgroup v2 hierarchy is mounted")
	}
	before := filepath.Join(r.tree.mount, fmt.Sprintf("rsttrace-test-%d", os.Getpid()))
	if err := os.Mkdir(before, 0o755); err != nil {
		t.Skipf("cannot make a cgroup: %v", err)
	}
	t.Cleanup(func() { must(t, os.Remove(before)) })
	below := filepath.Join(before, "docker-"+id1+".scope")
	must(t, os.Mkdir(below, 0o755))
	t.Cleanup(func() { must(t, os.Remove(below)) })

	e := resetOf(inodeOf(t, below), 0)
	r.Complete(e)
	if want := "docker/" + id1; e.Owner.Container != want || filepath.Base(filepath.Dir(e.Owner.Cgroup)) != filepath.Base(before) {
		t.Errorf("got %+v, want container %s", e.Owner, want)
	}
	pid := uint32(os.Getpid())
	if !r.hostPIDs {
		t.Skip("/proc is not that of the initial pid namespace")
	}
	own := r.process(resetOf(0, pid)).location
	if own.Path == "" {
		t.Errorf("this process is in no cgroup")
	}
}

func BenchmarkComplete(b *testing.B) {
	h := newHost(b, onlyV2)
	id := h.mkdir("sys/fs/cgroup/docker/" + id1)
	r := Open(Options{Root: h.root})
	defer r.Close()
	e := resetOf(id, 10)
	b.ReportAllocs()
	for b.Loop() {
		r.Note(e)
		r.Complete(e)
	}
	if e.Owner.Container == "" {
		b.Fatal("not resolved")
	}
}

// TestInContainer: rsttrace sees the hierarchy of the host from within a cgroup of its own, as
// a pod with /sys/fs/cgroup of its node does. The part that is its own is mounted, too.
func TestInContainer(t *testing.T) {
	for name, mountinfo := range map[string]string{
		"own part first": "30 1 0:26 / /own rw - cgroup2 cgroup2 rw\n31 1 0:26 /../../.. /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
		"own part last":  "31 1 0:26 /../../.. /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n30 1 0:26 / /own rw - cgroup2 cgroup2 rw\n",
	} {
		h := newHost(t, mountinfo)
		h.mkdir("own")
		group := h.mkdir("sys/fs/cgroup/system.slice/a.service")
		h.process(10, "0::/../../../system.slice/b.service\n")
		r, _ := h.open(Options{NoNames: true})
		for _, test := range []struct {
			e    *event.Event
			want string
		}{
			{resetOf(group, 0), "/system.slice/a.service"},
			{resetOf(0, 10), "/system.slice/b.service"},
		} {
			r.Complete(test.e)
			if test.e.Owner.Cgroup != test.want {
				t.Errorf("%s: %q, want %q", name, test.e.Owner.Cgroup, test.want)
			}
		}
	}
}
