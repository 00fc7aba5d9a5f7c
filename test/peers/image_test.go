package peers

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// podImage is the name of the image that writeImage makes.
const podImage = "example.org/pod:1"

// blob is a descriptor of OCI.
type blob struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// archive is a tar file that grows.
type archive struct {
	t *testing.T
	*tar.Writer
}

func (a *archive) add(name string, mode int64, content []byte) {
	a.t.Helper()
	must(a.t, a.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg}))
	_, err := a.Write(content)
	must(a.t, err)
}

func (a *archive) addBlob(mediaType string, content []byte) blob {
	a.t.Helper()
	digest := fmt.Sprintf("%x", sha256.Sum256(content))
	a.add("blobs/sha256/"+digest, 0o644, content)
	return blob{MediaType: mediaType, Digest: "sha256:" + digest, Size: len(content)}
}

func (a *archive) addJSON(mediaType string, content any) blob {
	a.t.Helper()
	text, err := json.Marshal(content)
	must(a.t, err)
	return a.addBlob(mediaType, text)
}

// writeImage writes an OCI image to a file. It has one program, test/peers/pod, which waits.
func writeImage(t *testing.T, path string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "pod")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, "./pod")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	content, err := os.ReadFile(program)
	must(t, err)
	var layer, image bytes.Buffer
	files := &archive{t, tar.NewWriter(&layer)}
	files.add("pod", 0o755, content)
	must(t, files.Close())

	all := &archive{t, tar.NewWriter(&image)}
	config := all.addJSON("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/pod"}, "Cmd": []string{"pause"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes()))}},
	})
	manifest := all.addJSON("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "config": config, "layers": []blob{all.addBlob("application/vnd.oci.image.layer.v1.tar", layer.Bytes())},
	})
	manifest.Annotations = map[string]string{"io.containerd.image.name": podImage}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []blob{manifest}})
	must(t, err)
	all.add("index.json", 0o644, index)
	all.add("oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	must(t, all.Close())
	must(t, os.WriteFile(path, image.Bytes(), 0o644))
}
