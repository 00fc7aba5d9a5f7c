package cgroup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Two ids, as long as those of containers.
const (
	id1 = "4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d8e0c9b7a4f1d"
	id2 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

	uid        = "8a7c2f3e-1b2d-4c5e-9f00-0123456789ab"
	uidEscaped = "8a7c2f3e_1b2d_4c5e_9f00_0123456789ab"
	staticUID  = "0123456789abcdef0123456789abcdef"
)

func TestParse(t *testing.T) {
	for path, want := range map[string]Location{
		"":                            {},
		"/":                           {},
		"/init.scope":                 {Unit: "init.scope"},
		"/system.slice/nginx.service": {Unit: "nginx.service"},
		"/system.slice/system-getty.slice/getty@tty1.service": {Unit: "getty@tty1.service"},
		"/system.slice": {Unit: "system.slice"},
		"/user.slice/user-1000.slice/session-3.scope":                                        {Unit: "session-3.scope"},
		"/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service":               {Unit: "sync.service"},
		"/user.slice/user-1000.slice/user@1000.service/init.scope":                           {Unit: "init.scope"},
		`/user.slice/user-1000.slice/user@1000.service/app.slice/app-a\x2db-17.scope`:        {Unit: `app-a\x2db-17.scope`},
		"/system.slice/docker.service/worker":                                                {Unit: "docker.service"},
		"/system.slice/_cpu.service":                                                         {Unit: "cpu.service"},
		"/system.slice/sshd.socket":                                                          {Unit: "sshd.socket"},
		"/system.slice/not a unit.service":                                                   {Unit: "system.slice"},
		"/.service":                                                                          {},
		"/.slice":                                                                            {},
		"/launcher/63e3a3a8dcdfbbb3c42376f1aa7532b1":                                         {},
		"/docker/" + id1:                                                                     {Container: Container{Runtime: "docker", ID: id1}},
		"/docker/" + id1 + "/system.slice/app.service":                                       {Unit: "app.service", Container: Container{Runtime: "docker", ID: id1}},
		"/docker/" + id1 + "/docker/" + id2:                                                  {Container: Container{Runtime: "docker", ID: id2}},
		"/batch/" + id1:                                                                      {Container: Container{ID: id1}},
		"/system.slice/docker-" + id1 + ".scope":                                             {Unit: "docker-" + id1 + ".scope", Container: Container{Runtime: "docker", ID: id1}},
		"/system.slice/nerdctl-" + id1 + ".scope":                                            {Unit: "nerdctl-" + id1 + ".scope", Container: Container{Runtime: "containerd", ID: id1}},
		"/system.slice/other-" + id1 + ".scope":                                              {Unit: "other-" + id1 + ".scope", Container: Container{ID: id1}},
		"/docker/" + id1[:63]:                                                                {},
		"/docker/" + strings.ToUpper(id1):                                                    {},
		"/machine.slice/libpod-" + id1 + ".scope/container":                                  {Unit: "libpod-" + id1 + ".scope", Container: Container{Runtime: "podman", ID: id1}},
		"/machine.slice/libpod-conmon-" + id1 + ".scope":                                     {Unit: "libpod-conmon-" + id1 + ".scope"},
		"/system.slice/web.service/libpod-payload-" + id1:                                    {Unit: "web.service", Container: Container{Runtime: "podman", ID: id1}},
		"/system.slice/web.service/supervisor":                                               {Unit: "web.service"},
		"/libpod_parent/libpod-" + id1:                                                       {Container: Container{Runtime: "podman", ID: id1}},
		"/machine.slice/machine-libpod_pod_" + id2 + ".slice/libpod-" + id1 + ".scope":       {Unit: "libpod-" + id1 + ".scope", Container: Container{Runtime: "podman", ID: id1}},
		"/kubepods/burstable/pod" + uid + "/" + id1:                                          {Container: Container{Runtime: "cri", ID: id1}, PodUID: uid},
		"/kubepods/pod" + staticUID + "/" + id1:                                              {Container: Container{Runtime: "cri", ID: id1}, PodUID: staticUID},
		"/kubepods/besteffort/pod" + uid + "/crio-" + id1:                                    {Container: Container{Runtime: "crio", ID: id1}, PodUID: uid},
		"/kubepods/besteffort/pod" + uid + "/crio-conmon-" + id1:                             {PodUID: uid},
		"/kubepods/besteffort/pod" + uid:                                                     {PodUID: uid},
		"/kubepods/besteffort/podsomething":                                                  {},
		"/kubepods.slice/kubepods-pod" + uidEscaped + ".slice/crio-" + id1 + ".scope":        {Unit: "crio-" + id1 + ".scope", Container: Container{Runtime: "crio", ID: id1}, PodUID: uid},
		"/kubepods.slice/kubepods-pod" + uidEscaped + ".slice/docker-" + id1 + ".scope":      {Unit: "docker-" + id1 + ".scope", Container: Container{Runtime: "docker", ID: id1}, PodUID: uid},
		"/kubepods.slice/kubepods-pod" + uidEscaped + ".slice/crio-conmon-" + id1 + ".scope": {Unit: "crio-conmon-" + id1 + ".scope", PodUID: uid},
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidEscaped + ".slice/cri-containerd-" + id1 + ".scope": {
			Unit: "cri-containerd-" + id1 + ".scope", Container: Container{Runtime: "containerd", ID: id1}, PodUID: uid,
		},
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidEscaped + ".slice": {
			Unit: "kubepods-burstable-pod" + uidEscaped + ".slice", PodUID: uid,
		},
		"/system.slice/containerd.service/kubepods-burstable-pod" + uidEscaped + ".slice:cri-containerd:" + id1: {
			Unit: "containerd.service", Container: Container{Runtime: "containerd", ID: id1}, PodUID: uid,
		},
		// kind: a node in a container
		"/docker/" + id2 + "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" + uidEscaped + ".slice/cri-containerd-" + id1 + ".scope": {
			Unit: "cri-containerd-" + id1 + ".scope", Container: Container{Runtime: "containerd", ID: id1}, PodUID: uid,
		},
		"/lxc/web":                                      {Container: Container{Runtime: "lxc", Name: "web"}},
		"/lxc/101/ns/system.slice/cron.service":         {Unit: "cron.service", Container: Container{Runtime: "lxc", Name: "101"}},
		"/lxc.payload.web/init.scope":                   {Unit: "init.scope", Container: Container{Runtime: "lxc", Name: "web"}},
		"/lxc.payload/web":                              {Container: Container{Runtime: "lxc", Name: "web"}},
		"/lxc.monitor.web":                              {},
		"/lxc.monitor/web":                              {},
		`/machine.slice/machine-web\x2d1.scope`:         {Unit: `machine-web\x2d1.scope`, Container: Container{Runtime: "nspawn", Name: "web-1"}},
		`/machine.slice/machine-qemu\x2d1\x2dweb.scope`: {Unit: `machine-qemu\x2d1\x2dweb.scope`},
		"/machine.slice/systemd-nspawn@web.service/payload/system.slice/app.service": {
			Unit: "app.service", Container: Container{Runtime: "nspawn", Name: "web"},
		},
		"/machine.slice/systemd-nspawn@web.service/supervisor": {Unit: "systemd-nspawn@web.service"},
		// from another cgroup namespace
		"/../../docker/" + id1: {Container: Container{Runtime: "docker", ID: id1}},
	} {
		want.Path = path
		if diff := cmp.Diff(want, Parse(path)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestContainerString(t *testing.T) {
	for want, c := range map[string]Container{
		"":              {},
		"docker/web-1":  {Runtime: "docker", ID: id1, Name: "web-1"},
		"docker/" + id1: {Runtime: "docker", ID: id1},
		id1:             {ID: id1},
		"lxc/web":       {Runtime: "lxc", Name: "web"},
	} {
		if got := c.String(); got != want || c.Known() != (want != "") {
			t.Errorf("%+v: %q, known %t, want %q", c, got, c.Known(), want)
		}
	}
}

// FuzzParse: whatever is in a path, what is told about it stands in it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"/", "/docker/" + id1, "/kubepods.slice/kubepods-pod" + uidEscaped + ".slice/crio-" + id1 + ".scope",
		"/system.slice/_a.service", `/machine.slice/machine-a\x2db.scope`, "/lxc.payload.web", "//..//\x00\xff", ":::",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		p := Parse(path)
		if p.Path != path {
			t.Fatalf("path %q becomes %q", path, p.Path)
		}
		if !strings.Contains(path, p.Unit) || strings.Contains(p.Unit, "/") {
			t.Fatalf("unit %q is not in %q", p.Unit, path)
		}
		if !strings.Contains(path, p.Container.ID) || p.Container.ID != "" && len(p.Container.ID) != 64 {
			t.Fatalf("container %q is not in %q", p.Container.ID, path)
		}
		if !strings.Contains(unescape(path), p.Container.Name) || strings.Contains(p.Container.Name, "/") {
			t.Fatalf("container %q is not in %q", p.Container.Name, path)
		}
		if !strings.Contains(strings.ReplaceAll(path, "_", "-"), p.PodUID) {
			t.Fatalf("pod %q is not in %q", p.PodUID, path)
		}
		if !p.Container.Known() && p.Container.Runtime != "" {
			t.Fatalf("%q: a runtime without container", path)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Parse("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + uidEscaped + ".slice/cri-containerd-" + id1 + ".scope")
	}
}
