package packages

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// root is the folder of the repository.
const root = "../.."

var architectures = []string{"amd64", "arm64"}

// folder is where the packages are.
func folder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RSTTRACE_PACKAGES")
	if dir == "" {
		t.Skip("needs packages: make packages-test builds them")
	}
	return dir
}

// one is the only file in the folder that fits a pattern.
func one(t *testing.T, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder(t), pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %q, %v, want one file", pattern, found, err)
	}
	return found[0]
}

// patterns of the packages of an architecture. Each system has a name of its own for it.
func patterns(arch string) map[string]string {
	other := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	return map[string]string{
		"deb": "rsttrace_*_" + arch + ".deb", "rpm": "rsttrace-*." + other + ".rpm", "apk": "rsttrace_*_" + other + ".apk",
		"tarball": "rsttrace-*-linux-" + arch + ".tar.gz",
	}
}

// output runs a program and returns what it writes.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	needProgram(t, name)
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, out, &stderr)
	}
	return string(out)
}

func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("needs %s: make packages-test installs it", name)
	}
}

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
