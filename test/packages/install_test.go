package packages

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/internal/roottest"
)

// system is a Debian in a folder, in which nothing runs.
type system struct {
	t   *testing.T
	dir string
}

// newSystem unpacks the Debian that the virtual machines boot, too.
func newSystem(t *testing.T) *system {
	t.Helper()
	roottest.Need(t, "chroot wants CAP_SYS_CHROOT")
	needProgram(t, "mmdebstrap")
	folder(t)
	archive := strings.TrimSpace(output(t, filepath.Join(root, "test/vm/system")))
	s := &system{t, t.TempDir()}
	output(t, "tar", "-C", s.dir, "--exclude=./dev/*", "-xf", archive)
	// Scripts write there, and mount it where it is missing: a file will do.
	if err := os.WriteFile(s.path("dev/null"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *system) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a command in the system.
func (s *system) run(command string) (string, error) {
	cmd := exec.Command("chroot", s.dir, "/bin/sh", "-c", command)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (s *system) must(command string) string {
	s.t.Helper()
	out, err := s.run(command)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return out
}

func (s *system) copyIn(path, name string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), read(s.t, path), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *system) has(name string) bool {
	_, err := os.Lstat(s.path(name))
	return err == nil
}

// ownFiles of package managers change with each installation.
var ownFiles = regexp.MustCompile(`^(var/lib/dpkg|var/lib/rpm|var/log/dpkg\.log|dev/null|tmp)`)

// files lists everything in the system.
func (s *system) files() (list []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == s.dir {
			return err
		}
		name, err := filepath.Rel(s.dir, path)
		if err != nil || ownFiles.MatchString(name) {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		size := info.Size()
		if d.IsDir() {
			size = 0
		}
		list = append(list, fmt.Sprintf("%s %s %d", info.Mode(), name, size))
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

// nextVersion is the same package with a higher version.
func nextVersion(t *testing.T, deb string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "deb")
	output(t, "dpkg-deb", "-R", deb, dir)
	control := filepath.Join(dir, "DEBIAN/control")
	text := regexp.MustCompile(`(?m)^Version: .*$`).ReplaceAllString(string(read(t, control)), "Version: 99.0.0-1")
	if err := os.WriteFile(control, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	output(t, "dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", dir, dir+".deb")
	return dir + ".deb"
}

// TestInstallDeb: dpkg installs, upgrades, removes and purges the package where systemd does
// not run. Nothing is started or enabled, settings stay, and a purge leaves no trace.
func TestInstallDeb(t *testing.T) {
	s := newSystem(t)
	deb := one(t, patterns("amd64")["deb"])
	s.copyIn(deb, "tmp/first.deb")
	s.copyIn(nextVersion(t, deb), "tmp/next.deb")
	before := s.files()

	s.must("dpkg -i /tmp/first.deb")
	enabled := func() string {
		said, _ := s.run("systemctl is-enabled rsttrace")
		return strings.TrimSpace(said)
	}
	if got := enabled(); got != "disabled" {
		t.Errorf("after the installation the service is %q", got)
	}
	s.must("rsttrace version && dpkg -V rsttrace && rsttrace serve --config /etc/rsttrace/rsttrace.yml --check")

	s.must("systemctl enable rsttrace && echo 'host-name: mine' >> /etc/rsttrace/rsttrace.yml")
	s.must("dpkg -i /tmp/next.deb")
	if got := s.must("dpkg-query -W -f '${Version}' rsttrace"); got != "99.0.0-1" {
		t.Errorf("after the upgrade the version is %s", got)
	}
	if got := enabled(); got != "enabled" {
		t.Errorf("after the upgrade the service is %q", got)
	}
	if !strings.HasSuffix(s.must("cat /etc/rsttrace/rsttrace.yml"), "host-name: mine\n") {
		t.Error("the upgrade has changed the settings")
	}

	// As systemd makes it for the service.
	s.must("mkdir -p /var/lib/private/rsttrace && ln -s private/rsttrace /var/lib/rsttrace")
	s.must("dpkg -r rsttrace")
	if !s.has("etc/rsttrace/rsttrace.yml") || !s.has("var/lib/private/rsttrace") {
		t.Error("the removal has not kept settings and state")
	}
	if s.has("lib/systemd/system/rsttrace.service") || s.has("usr/bin/rsttrace") {
		t.Error("the removal has left the service")
	}
	s.must("dpkg -P rsttrace")
	if diff := cmp.Diff(before, s.files()); diff != "" {
		t.Errorf("the purge has left (+) or taken (-):\n%s", diff)
	}
}

// TestInstallRpm: rpm does the same in a system that has nothing of rpm but the package.
func TestInstallRpm(t *testing.T) {
	s := newSystem(t)
	path, err := filepath.Abs(one(t, patterns("amd64")["rpm"]))
	if err != nil {
		t.Fatal(err)
	}
	rpm := func(args ...string) {
		t.Helper()
		output(t, "rpm", append([]string{"--root", s.dir, "--dbpath", "/var/lib/rpm"}, args...)...)
	}
	rpm("--initdb")
	s.must("mkdir -p /usr/share/fish/vendor_completions.d /usr/share/licenses /usr/share/zsh/site-functions") // as in every distribution with rpm
	before := s.files()
	rpm("-i", "--nodeps", path)
	if said, _ := s.run("systemctl is-enabled rsttrace"); strings.TrimSpace(said) != "disabled" {
		t.Errorf("after the installation the service is %s", said)
	}
	s.must("rsttrace version")
	s.must("echo 'host-name: mine' >> /etc/rsttrace/rsttrace.yml")
	rpm("-U", "--nodeps", "--force", path)
	if !strings.HasSuffix(s.must("cat /etc/rsttrace/rsttrace.yml"), "host-name: mine\n") {
		t.Error("the upgrade has changed the settings")
	}
	rpm("-e", "rsttrace")
	if s.has("usr/bin/rsttrace") || s.has("usr/lib/systemd/system/rsttrace.service") {
		t.Error("the removal has left the service")
	}
	// What was changed stays, beside the name that the package had for it.
	s.must("rm -r /etc/rsttrace")
	if diff := cmp.Diff(before, s.files()); diff != "" {
		t.Errorf("the removal has left (+) or taken (-):\n%s", diff)
	}
}
