package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLintian: it finds nothing. deploy/packages/deb/lintian-overrides has the exceptions,
// with their reasons.
func TestLintian(t *testing.T) {
	for _, arch := range architectures {
		// The words in a program are those of its libraries, too.
		said := output(t, "lintian", "--allow-root", "--fail-on", "error,warning,info", "--info", "--display-info", "--suppress-tags", "spelling-error-in-binary", one(t, patterns(arch)["deb"]))
		if strings.TrimSpace(said) != "" {
			t.Errorf("%s: %s", arch, said)
		}
	}
}

// TestRpmlint: it finds nothing. deploy/packages/rpm/rpmlint.toml has the exceptions.
func TestRpmlint(t *testing.T) {
	for _, arch := range architectures {
		said := output(t, "rpmlint", "--strict", "--config", filepath.Join(root, "deploy/packages/rpm/rpmlint.toml"), one(t, patterns(arch)["rpm"]))
		if !strings.Contains(said, "0 errors, 0 warnings") {
			t.Errorf("%s: %s", arch, said)
		}
	}
}

// TestUnit: systemd knows every word of the unit, and finds it well sealed. What it does
// under a real systemd the virtual machines show.
func TestUnit(t *testing.T) {
	dir := t.TempDir()
	// systemd-analyze wants the program to be there.
	program, err := filepath.Abs(filepath.Join(root, "bin", "rsttrace-amd64"))
	if err != nil {
		t.Fatal(err)
	}
	unit := strings.ReplaceAll(string(read(t, filepath.Join(root, "deploy/systemd/rsttrace.service"))), "/usr/bin/rsttrace", program)
	path := filepath.Join(dir, "rsttrace.service")
	if err := os.WriteFile(path, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, "systemd-analyze", "verify", "--man=no", path)
	const threshold = "25" // tenths: the unit says what else would take away too much
	output(t, "systemd-analyze", "security", "--offline=yes", "--threshold="+threshold, path)
}

// TestSettings: the settings of the package are right.
func TestSettings(t *testing.T) {
	output(t, filepath.Join(root, "bin", "rsttrace-amd64"), "serve", "--config", filepath.Join(root, "deploy/systemd/rsttrace.yml"), "--check")
}

// TestCompletion: a shell takes the file, and knows the commands then.
func TestCompletion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "completion")
	completion := named(t, unpack(t, "deb", one(t, patterns("amd64")["deb"])), "usr/share/bash-completion/completions/rsttrace")
	if err := os.WriteFile(path, completion.content, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := output(t, "bash", "-c", `source "$0" && complete -p rsttrace`, path); !strings.Contains(got, "-F __start_rsttrace") {
		t.Errorf("bash completes with %s", got)
	}
}
