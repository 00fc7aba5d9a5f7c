package cgroup

import (
	"os"
	"testing"
	"time"
)

func TestCompleteFromProcess(t *testing.T) {
	inDocker := "4:memory:/docker/" + id1 + "\n1:name=systemd:/docker/" + id1 + "\n"
	for name, test := range map[string]struct {
		mountinfo, cgroup string // of the process
		socket            string // "" for a socket without cgroup
		want              string
	}{
		"v1 only":                      {onlyV1, inDocker, "", "/docker/" + id1},
		"container in v1 only":         {bothV1AndV2, inDocker + "0::/system.slice/containerd.service\n", "system.slice/containerd.service", "/docker/" + id1},
		"no container":                 {bothV1AndV2, "4:memory:/other\n0::/system.slice/a.service\n", "system.slice/b.service", "/system.slice/b.service"},
		"socket activation":            {onlyV2, "0::/system.slice/sshd@1.service\n", "init.scope", "/system.slice/sshd@1.service"},
		"created elsewhere":            {onlyV2, "0::/system.slice/a.service\n", "system.slice/b.service", "/system.slice/b.service"},
		"time-wait, owner still there": {onlyV2, "0::/system.slice/a.service\n", "", "/system.slice/a.service"},
		"removed":                      {onlyV2, "0::/system.slice/a.service (deleted)\n", "", "/system.slice/a.service"},
		"in the root":                  {bothV1AndV2, "4:memory:/\n1:name=systemd:/\n0::/\n", "", ""},
		"nonsense":                     {bothV1AndV2, "x", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, test.mountinfo)
			h.process(10, test.cgroup)
			mount := "sys/fs/cgroup/"
			if test.mountinfo == bothV1AndV2 {
				mount += "unified/"
			}
			var id uint64
			if test.socket != "" {
				id = h.mkdir(mount + test.socket)
			}
			r, _ := h.open(Options{})
			e := resetOf(id, 10)
			r.Complete(e)
			if e.Owner.Cgroup != test.want {
				t.Errorf("got %q, want %q", e.Owner.Cgroup, test.want)
			}
		})
	}
}

// A pid that belongs to another process by now says nothing.
func TestPIDReused(t *testing.T) {
	h := newHost(t, onlyV1)
	h.process(10, "1:name=systemd:/system.slice/young.service\n")
	own, err := os.ReadFile("/proc/self/stat")
	must(t, err)
	h.write("proc/10/stat", string(own)) // it started with this test
	r, _ := h.open(Options{})
	old := resetOf(0, 10)
	old.Time = old.Time.Add(-24 * time.Hour)
	r.Complete(old)
	if old.Owner.Cgroup != "" {
		t.Errorf("an event from before its start: %q", old.Owner.Cgroup)
	}
	young := resetOf(0, 10)
	r.Complete(young)
	if young.Owner.Cgroup != "/system.slice/young.service" {
		t.Errorf("an event of its time: %q", young.Owner.Cgroup)
	}
}

// Pids in events are those of the initial pid namespace: another /proc has
// other processes.
func TestOtherPIDNamespace(t *testing.T) {
	h := newHost(t, onlyV1)
	h.process(10, "1:name=systemd:/system.slice/other.service\n")
	h.stat(2, 0x400000, 0)
	r, _ := h.open(Options{})
	e := resetOf(0, 10)
	r.Complete(e)
	if e.Owner.Cgroup != "" {
		t.Errorf("pid 10 of another namespace is taken for ours: %q", e.Owner.Cgroup)
	}
	if got := r.Process(10).Unit; got != "other.service" {
		t.Errorf("asked about pid 10 of this /proc: %q", got)
	}
}
