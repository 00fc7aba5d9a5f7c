package packages

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rsttrace/rsttrace/internal/roottest"
)

// TestImage: for each architecture the archive has an image with these files and this
// start.
func TestImage(t *testing.T) {
	archive := "oci-archive:" + one(t, "*.oci.tar")
	for _, arch := range architectures {
		var config struct {
			Architecture, OS string
			Config           struct {
				Entrypoint []string
				User       string
				Labels     map[string]string
			}
		}
		said := output(t, "skopeo", "inspect", "--override-arch", arch, "--config", archive)
		if err := json.Unmarshal([]byte(said), &config); err != nil {
			t.Fatal(err)
		}
		if config.Architecture != arch || config.OS != "linux" || strings.Join(config.Config.Entrypoint, " ") != "/usr/bin/rsttrace" || config.Config.User != "" {
			t.Errorf("%s: %s", arch, said)
		}
		if config.Config.Labels["org.opencontainers.image.licenses"] == "" {
			t.Errorf("%s: the image has no licences: %s", arch, said)
		}
		var list strings.Builder
		for _, f := range layers(t, arch) {
			list.WriteString(f.String())
		}
		golden(t, "image.files", list.String())
	}
}

// layers are the files of the image of an architecture. skopeo checks all digests.
func layers(t *testing.T, arch string) (files []file) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), arch)
	output(t, "skopeo", "--insecure-policy", "copy", "--override-arch", arch, "oci-archive:"+one(t, "*.oci.tar"), "dir:"+dir)
	var manifest struct{ Layers []struct{ Digest string } }
	if err := json.Unmarshal(read(t, filepath.Join(dir, "manifest.json")), &manifest); err != nil {
		t.Fatal(err)
	}
	for _, layer := range manifest.Layers {
		unzipped, err := gzip.NewReader(bytes.NewReader(read(t, filepath.Join(dir, strings.TrimPrefix(layer.Digest, "sha256:")))))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, untar(t, unzipped)...)
	}
	return files
}

// TestInImage runs the program where nothing is but the image: no list of users, no /proc,
// no libraries.
func TestInImage(t *testing.T) {
	roottest.Need(t, "chroot wants CAP_SYS_CHROOT")
	dir := t.TempDir()
	for _, f := range layers(t, "amd64") {
		path := filepath.Join(dir, f.name)
		if f.folder {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, f.content, os.FileMode(f.mode)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command("/usr/bin/rsttrace", args...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: dir}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, user := range []string{"65532", "65532:65532", "0"} {
		if said, err := run("serve", "--user", user, "--check"); err != nil || said != "rsttrace: the command line is right\n" {
			t.Errorf("as user %s: %v: %s", user, err, said)
		}
	}
	if said, err := run("serve", "--user", "nobody", "--check"); err == nil || !strings.Contains(said, "want a name, a number") {
		t.Errorf("a name that is not known there: %v: %s", err, said)
	}
	// What it cannot do there is to find the kernel's types. It listens before.
	if said, err := run("serve", "--web.listen-address", "localhost:0"); err == nil || strings.Contains(said, "listen-address") || strings.Contains(said, "lookup") {
		t.Errorf("localhost without a list of hosts: %v: %s", err, said)
	}
	if said, err := run("explain", "closed-port"); err != nil || !strings.Contains(said, "What happened") {
		t.Errorf("explain: %v: %s", err, said)
	}
}
