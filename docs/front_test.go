package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReadersOfUntrustedBytesAreFuzzed: SECURITY.md says that each has a fuzz target.
func TestReadersOfUntrustedBytesAreFuzzed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "| bytes | ")
	table, _, ended := strings.Cut(table, "\n\n")
	if !found || !ended {
		t.Fatal("SECURITY.md has no table of untrusted bytes")
	}
	target := regexp.MustCompile(`(?m)^func Fuzz[A-Z]`)
	fuzzed := func(folder string) bool {
		files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(files, func(file string) bool {
			source, err := os.ReadFile(file)
			return err == nil && target.Match(source)
		})
	}
	readers := regexp.MustCompile("`((?:internal|pkg)/[\\w/]+)`").FindAllStringSubmatch(table, -1)
	const least = 8
	if len(readers) < least {
		t.Errorf("the table of untrusted bytes names only %d packages", len(readers))
	}
	for _, reader := range readers {
		if !fuzzed(reader[1]) {
			t.Errorf("SECURITY.md says that %s is fuzzed, and it has no fuzz target", reader[1])
		}
	}
}

// TestChangelog: its sections are those of the form that its first paragraph names, the
// newest version is on top, and each version has a link.
func TestChangelog(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(source)
	for _, kind := range regexp.MustCompile(`(?m)^### (.*)`).FindAllStringSubmatch(page, -1) {
		if kinds := []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}; !slices.Contains(kinds, kind[1]) {
			t.Errorf("%q is none of %s", kind[1], strings.Join(kinds, ", "))
		}
	}
	titles := regexp.MustCompile(`(?m)^## (.*)`).FindAllStringSubmatch(page, -1)
	if len(titles) == 0 || titles[0][1] != "[Unreleased]" {
		t.Fatal("CHANGELOG.md does not begin with [Unreleased]")
	}
	released := regexp.MustCompile(`^\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}$`)
	var newer []int
	for _, title := range titles {
		name, _, _ := strings.Cut(strings.TrimPrefix(title[1], "["), "]")
		if !strings.Contains(page, "\n["+name+"]: https://") {
			t.Errorf("%s has no link", name)
		}
		if name == "Unreleased" {
			continue
		}
		numbers := released.FindStringSubmatch(title[1])
		if numbers == nil {
			t.Errorf("%q is no version: want [1.2.3] - 2006-01-02", title[1])
			continue
		}
		version := make([]int, 3)
		for i := range version {
			version[i], _ = strconv.Atoi(numbers[i+1])
		}
		if newer != nil && slices.Compare(version, newer) >= 0 {
			t.Errorf("%s comes below %v", name, newer)
		}
		newer = version
	}
}

// TestReleaseNotes: each released version has a section, and one that there is not has none.
func TestReleaseNotes(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	notes := func(version string) (string, error) {
		out, err := exec.Command(filepath.Join(root, "tools", "release-notes"), version).Output()
		return string(out), err
	}
	for _, released := range regexp.MustCompile(`(?m)^## \[(\d\S*)\]`).FindAllStringSubmatch(string(source), -1) {
		text, err := notes("v" + released[1])
		if err != nil || !strings.Contains(text, "### ") || strings.Contains(text, "\n## ") {
			t.Errorf("notes of %s: %v\n%s", released[1], err, text)
		}
	}
	if text, err := notes("v0.0.99"); err == nil {
		t.Errorf("notes of a version that there is not:\n%s", text)
	}
}

// TestVersionsAgree: the chart and the manifests have the newest released version.
func TestVersionsAgree(t *testing.T) {
	read := func(path, pattern string) string {
		t.Helper()
		source, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if found := regexp.MustCompile(pattern).FindSubmatch(source); found != nil {
			return string(found[1])
		}
		return ""
	}
	newest := read("CHANGELOG.md", `(?m)^## \[(\d\S*)\]`)
	if newest == "" {
		t.Skip("nothing is released yet")
	}
	for _, place := range []struct{ path, pattern string }{
		{"deploy/helm/rsttrace/Chart.yaml", `(?m)^version: (\S+)`},
		{"deploy/helm/rsttrace/Chart.yaml", `(?m)^appVersion: "(\S+)"`},
		{"deploy/kubernetes/base/kustomization.yaml", `newTag: "(\S+)"`},
	} {
		if got := read(place.path, place.pattern); got != newest {
			t.Errorf("%s has %q for %s, and the newest version in CHANGELOG.md is %s", place.path, got, place.pattern, newest)
		}
	}
}

// TestComparisonHasMeasuredNumbers: the numbers in comparison.md are those of bench/README.md,
// which "make bench" writes anew.
func TestComparisonHasMeasuredNumbers(t *testing.T) {
	page, err := os.ReadFile("comparison.md")
	if err != nil {
		t.Fatal(err)
	}
	measured, err := os.ReadFile(filepath.Join(root, "bench", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\| ([^|]*)\| ([^|]*) \| \*\*([\d.]+)\*\* `)
	medians := make(map[string]string) // in per cent, by load and tracer
	load := ""
	for line := range strings.SplitSeq(string(measured), "\n") {
		cells := row.FindStringSubmatch(line)
		if cells == nil {
			continue
		}
		if cells[1] != " " {
			load, _, _ = strings.Cut(cells[1], ",")
		}
		tracer, _, _ := strings.Cut(strings.Trim(cells[2], "`"), " ")
		if medians[load+" "+cells[2]] = cells[3]; medians[load+" "+tracer] == "" {
			medians[load+" "+tracer] = cells[3]
		}
	}
	for _, of := range []string{"refused connects `rsttrace`", "refused connects bpftrace,", "refused connects perf", "requests and responses tcpdump", "requests and responses `rsttrace`"} {
		median, err := strconv.ParseFloat(medians[of], 64)
		if err != nil {
			t.Errorf("bench/README.md has no row of %s: %v", of, err)
			continue
		}
		if want := strconv.FormatFloat(100*median, 'f', 1, 64) + " %"; !strings.Contains(string(page), want) {
			t.Errorf("comparison.md does not have %s, which was measured for %s", want, of)
		}
	}
}
