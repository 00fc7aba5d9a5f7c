package packages

import (
	"bytes"
	"debug/elf"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFiles: each package has these files, with these modes and owners, on both
// architectures.
func TestFiles(t *testing.T) {
	for _, arch := range architectures {
		for kind, pattern := range patterns(arch) {
			t.Run(kind+" "+arch, func(t *testing.T) {
				var list strings.Builder
				for _, f := range unpack(t, kind, one(t, pattern)) {
					f.name = regexp.MustCompile(`^rsttrace-[^/]+-linux-`+arch).ReplaceAllString(f.name, "rsttrace-VERSION-linux-ARCH")
					list.WriteString(f.String())
				}
				golden(t, kind+".files", list.String())
			})
		}
	}
}

// TestProgram: the program is for the architecture, needs no library, knows no path of
// the machine that built it, and is the same in all packages.
func TestProgram(t *testing.T) {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range architectures {
		built := read(t, filepath.Join(root, "bin", "rsttrace-"+arch))
		if bytes.Contains(built, []byte(here+"/")) {
			t.Errorf("%s: the program contains %s", arch, here)
		}
		program, err := elf.NewFile(bytes.NewReader(built))
		if err != nil {
			t.Fatal(err)
		}
		if program.Machine != machines[arch] {
			t.Errorf("%s: the program is for %s", arch, program.Machine)
		}
		for _, segment := range program.Progs {
			if segment.Type == elf.PT_INTERP {
				t.Errorf("%s: the program is linked dynamically", arch)
			}
		}
		for kind, pattern := range patterns(arch) {
			path := one(t, pattern)
			name := "usr/bin/rsttrace"
			if kind == "tarball" {
				name = strings.TrimSuffix(filepath.Base(path), ".tar.gz") + "/rsttrace"
			}
			if !bytes.Equal(named(t, unpack(t, kind, path), name).content, built) {
				t.Errorf("%s: the program of the %s is another one", arch, kind)
			}
		}
	}
}

// TestControl: what the package managers are told.
func TestControl(t *testing.T) {
	version := regexp.MustCompile(`[0-9]+\.[0-9]+\.[0-9]+[+_]?(git[0-9]+)?-r?1`)
	size := regexp.MustCompile(`(?m)^(Installed-Size|size|builddate|datahash|SIZE|BUILDTIME)( = |: )\S+$`)
	clean := func(text string) string {
		return size.ReplaceAllString(version.ReplaceAllString(text, "VERSION"), "$1${2}N")
	}
	for _, arch := range architectures {
		pattern := patterns(arch)
		deb, rpm := one(t, pattern["deb"]), one(t, pattern["rpm"])
		scripts := t.TempDir()
		output(t, "dpkg-deb", "-e", deb, scripts)
		var control strings.Builder
		control.WriteString(output(t, "dpkg-deb", "-f", deb))
		for _, name := range []string{"conffiles", "postinst", "prerm", "postrm"} {
			fmt.Fprintf(&control, "--- %s\n%s", name, read(t, filepath.Join(scripts, name)))
		}
		if found, _ := filepath.Glob(filepath.Join(scripts, "*")); len(found) != 6 { // these, control and md5sums
			t.Errorf("%s: scripts: %q", arch, found)
		}
		golden(t, "deb.control."+arch, clean(control.String()))
		golden(t, "rpm.control."+arch, clean(output(t, "rpm", "-qp", "--qf",
			"NAME: %{NAME}\nVERSION: %{VERSION}-%{RELEASE}\nARCH: %{ARCH}\nOS: %{OS}\nLICENSE: %{LICENSE}\nURL: %{URL}\nSUMMARY: %{SUMMARY}\n", rpm)+
			output(t, "rpm", "-qp", "--scripts", rpm)))
		golden(t, "apk.control."+arch, clean(string(named(t, unpack(t, "apk", one(t, pattern["apk"])), ".PKGINFO").content)))
	}
}
