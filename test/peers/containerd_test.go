package peers

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/cgroup"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// containerdScript starts containerd with a /run of its own, where it and its shims have
// sockets, and in a pid namespace: all that it has started ends with it.
const containerdScript = `
mount -t tmpfs none /run
exec "$@"
`

// containerdConfig needs nothing that only some kernels have. A process without
// CAP_SYS_RESOURCE may not lower its oom_score_adj.
const containerdConfig = `
version = 2
root = %[1]q
state = %[2]q
oom_score = 0
[grpc]
  address = %[3]q
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %[4]q
  disable_apparmor = true
  restrict_oom_score_adj = true
  enable_selinux = false
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = %[5]q
`

// startContainerd returns the socket of a containerd that has the image of the pods. The
// folder is for all of its files.
func startContainerd(t *testing.T, folder string) (socket string) {
	t.Helper()
	runc, err := find("runc")
	must(t, err)
	shim, err := find("containerd-shim-runc-v2")
	must(t, err)
	t.Setenv("PATH", filepath.Dir(shim)+":"+filepath.Dir(runc)+":"+os.Getenv("PATH"))
	useLibraries(t)
	config, socket := filepath.Join(folder, "config.toml"), filepath.Join(folder, "containerd.sock")
	text := fmt.Sprintf(containerdConfig, filepath.Join(folder, "root"), filepath.Join(folder, "state"), socket, podImage, runc)
	must(t, os.WriteFile(config, []byte(text), 0o644))
	path, err := find("containerd")
	must(t, err)
	p := start(t, "unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-euc", containerdScript, "sh", path, "--config", config)
	kubelet := newKubelet(t, socket)
	p.await("answers", func() bool {
		_, err := kubelet.ask("Version", nil)
		return err == nil
	})
	image := filepath.Join(folder, "image.tar")
	writeImage(t, image)
	ctr, err := find("ctr")
	must(t, err)
	load := exec.Command(ctr, "--address", socket, "--namespace", "k8s.io", "images", "import", "--snapshotter", "native", image)
	if output, err := load.CombinedOutput(); err != nil {
		t.Fatalf("ctr: %v\n%s", err, output)
	}
	return socket
}

// removeCgroups removes a control group with all below it, from every hierarchy. The kernel
// removes none where a process is still ending.
func removeCgroups(t *testing.T, name string) {
	t.Helper()
	await(t, name+" is removed", func() bool {
		left, err := filepath.Glob("/sys/fs/cgroup/*/" + name)
		must(t, err)
		left = append(left, "/sys/fs/cgroup/"+name)
		gone := true
		for _, top := range left {
			var folders []string
			_ = filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil // what is gone already is right
			})
			for _, folder := range slices.Backward(folders) {
				gone = os.Remove(folder) == nil && gone
			}
		}
		return gone
	})
}

// onNode is rsttrace as on a node where the kubelet has no files, with the socket of
// containerd at its usual place.
const onNode = `
mount -t tmpfs none /run
mount -t tmpfs none /var/log
mkdir /run/containerd
ln -s "$0" /run/containerd/containerd.sock
exec "$@"
`

func startOnNode(t *testing.T, socket string, args ...string) *program {
	t.Helper()
	return start(t, "unshare", append([]string{"--mount", "--propagation", "private", "sh", "-euc", onNode, socket, rsttraceProgram}, args...)...)
}

// TestContainerd: a real runtime, asked in its own language, knows the pod, the container and
// the workload of a reset.
func TestContainerd(t *testing.T) {
	need(t, "containerd", "containerd-shim-runc-v2", "ctr", "runc", "unshare")
	folder, group := t.TempDir(), fmt.Sprintf("rsttrace-test-%d", os.Getpid())
	t.Cleanup(func() { removeCgroups(t, group) }) // when containerd has ended, and before its files go
	socket := startContainerd(t, folder)
	at := freeAddress(t)
	shop := pod{
		namespace: "shop", name: "cart-6d9f4c8b7d-x2k5p", uid: "0a1b2c3d-1111-2222-3333-444455556666", container: "app",
		labels: map[string]string{"app": "cart", "pod-template-hash": "6d9f4c8b7d"},
		cgroup: "/" + group + "/kubepods", args: []string{"reset", at},
	}
	newKubelet(t, socket).run(shop)

	_, port, _ := strings.Cut(at, ":")
	// Only who knows the name of the pod passes this filter.
	rsttrace := startOnNode(t, socket, "--each", "--output", "json", "--port", port, "--pod", "shop/cart-6d9f4c8b7d-x2k5p", "--direction", "sent")
	var owner event.Owner
	rsttrace.await("names the pod", func() bool {
		lines := bufio.NewScanner(strings.NewReader(rsttrace.output.String()))
		for lines.Scan() {
			var e event.Event
			if json.Unmarshal(lines.Bytes(), &e) == nil && e.Owner.Workload != "" {
				owner = e.Owner
				return true
			}
		}
		return false
	})
	if owner.Pod != "shop/cart-6d9f4c8b7d-x2k5p" || owner.Container != "containerd/app" || owner.Workload != "shop/cart" || owner.Comm != "pod" {
		t.Errorf("the owner is %+v", owner)
	}
	doctor := startOnNode(t, socket, "doctor")
	await(t, "doctor ends", doctor.hasEnded)
	if said := doctor.output.String(); !strings.Contains(said, "containerd   answers at /run/containerd/containerd.sock\n") {
		t.Errorf("doctor: %s", said)
	}
	if got := cgroup.Parse(owner.Cgroup); got.PodUID != shop.uid {
		t.Errorf("the pod of %s is %q", owner.Cgroup, got.PodUID)
	}
}
