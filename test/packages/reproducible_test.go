package packages

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReproducible builds all again, from a copy of the tree in another folder, with another
// umask, time zone and language. All bytes are the same.
func TestReproducible(t *testing.T) {
	dir := folder(t)
	tree, again := filepath.Join(t.TempDir(), "another place"), t.TempDir()
	output(t, "sh", "-c", `mkdir "$1" && cd "$0" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$1" 2>/dev/null; cd "$1"`, root, tree)
	commit := strings.TrimSpace(output(t, "git", "-C", root, "log", "-1", "--format=%ct"))
	build := exec.Command("sh", "-c", `umask 077 && make --no-print-directory build-all DEPS=: && tools/packages "$0" "$VERSION"`, again)
	build.Dir = tree
	build.Env = append(os.Environ(), "TZ=Asia/Kathmandu", "LANG=de_DE.UTF-8", "LC_ALL=de_DE.UTF-8", "SOURCE_DATE_EPOCH="+commit, "VERSION="+versionOf(t))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		first, second := read(t, filepath.Join(dir, entry.Name())), read(t, filepath.Join(again, entry.Name()))
		if !bytes.Equal(first, second) {
			t.Errorf("%s is another one the second time", entry.Name())
		}
	}
}

// versionOf is the version that the packages were built with.
func versionOf(t *testing.T) string {
	t.Helper()
	words := strings.Fields(output(t, filepath.Join(root, "bin", "rsttrace-amd64"), "version"))
	return strings.TrimSuffix(words[1], ",")
}
