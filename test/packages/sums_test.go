package packages

import (
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSums: the checksums are right, and no file is without.
func TestSums(t *testing.T) {
	dir := folder(t)
	output(t, "sh", "-c", `cd "$0" && sha256sum --check --strict SHA256SUMS`, dir)
	var listed []string
	for line := range strings.Lines(string(read(t, filepath.Join(dir, "SHA256SUMS")))) {
		listed = append(listed, strings.Fields(line)[1])
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "SHA256SUMS" && !slices.Contains(listed, entry.Name()) {
			t.Errorf("%s has no checksum", entry.Name())
		}
	}
	const files = 2*5 + 1 // per architecture deb, rpm, apk, tarball and the list, and the image
	if len(listed) != files {
		t.Errorf("%d files, want %d: %q", len(listed), files, listed)
	}
}

// TestListOfModules: the list has exactly the modules that the program is linked from, and
// Go. Their licences are in each package.
func TestListOfModules(t *testing.T) {
	for _, arch := range architectures {
		info, err := buildinfo.ReadFile(filepath.Join(root, "bin", "rsttrace-"+arch))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"std " + info.GoVersion}
		for _, module := range info.Deps {
			want = append(want, module.Path+" "+module.Version)
		}
		var list struct {
			BomFormat  string
			Components []struct{ Name, Version, Purl string }
		}
		if err := json.Unmarshal(read(t, one(t, "*-linux-"+arch+".cdx.json")), &list); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, component := range list.Components {
			got = append(got, component.Name+" "+component.Version)
			if component.Purl == "" {
				t.Errorf("%s: %s has no package URL", arch, component.Name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || list.BomFormat != "CycloneDX" {
			t.Errorf("%s: %s (-want +got):\n%s", arch, list.BomFormat, diff)
		}
		checkLicences(t, arch, info.Deps)
	}
}

// checkLicences wants the licences of these modules in the tarball and no others.
func checkLicences(t *testing.T, arch string, modules []*debug.Module) {
	t.Helper()
	path := one(t, patterns(arch)["tarball"])
	name := strings.TrimSuffix(filepath.Base(path), ".tar.gz") + "/LICENSES/third-party.txt"
	list, _, _ := strings.Cut(string(named(t, unpack(t, "tarball", path), name).content), "====")
	var want, got []string
	for _, module := range modules {
		want = append(want, module.Path+" "+module.Version)
	}
	for line := range strings.Lines(list) {
		if columns := strings.Fields(line); len(columns) > 2 && strings.Contains(columns[0], ".") {
			got = append(got, columns[0]+" "+columns[1])
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: modules with a licence (-linked +listed):\n%s", arch, diff)
	}
}
