package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exampleCause is the cause whose places docs/testing.md lists, however it is written.
var exampleCause = regexp.MustCompile(`(?i)stray[- ]?syn-?ack`)

// writtenByMakeDocs are the pages that "make docs" stands for.
var writtenByMakeDocs = []string{"docs/causes.md", "docs/coverage.md", "docs/api.txt"}

// TestPlacesOfACause: the page lists every file that knows the cause of its example, and
// no other. Whoever adds a cause by the page misses none.
func TestPlacesOfACause(t *testing.T) {
	page, err := os.ReadFile("testing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Adding a cause\n")
	list, _, ended := strings.Cut(section, "\nA new kernel function")
	if !found || !ended {
		t.Fatal("the list of places is not found in testing.md")
	}
	var places []string
	for _, m := range regexp.MustCompile("`([a-z]+/[\\w/.*]+)`").FindAllStringSubmatch(list, -1) {
		places = append(places, m[1])
	}
	used := make(map[string]bool)
	for _, file := range filesWithExample(t) {
		at := slices.IndexFunc(places, func(place string) bool { return covers(place, file) })
		switch {
		case at >= 0:
			used[places[at]] = true
		case strings.HasSuffix(file, "_test.go"): // a test may take any cause as its example
		case !slices.Contains(writtenByMakeDocs, file):
			t.Errorf("%s knows stray-syn-ack, and testing.md does not list it as a place of a cause", file)
		}
	}
	for _, place := range places {
		if !used[place] && place != "internal/recording/replay_test.go" { // of causes without a recording
			t.Errorf("testing.md lists %s as a place of stray-syn-ack, which is not there", place)
		}
	}
}

// covers: a place is a file, a folder, or a pattern of files.
func covers(place, file string) bool {
	matches, _ := filepath.Match(place, file)
	return matches || strings.HasPrefix(file, place+"/")
}

// filesWithExample are those of the repository, except this page and its test.
func filesWithExample(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skippedFolders, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil || name == "docs/testing.md" || name == "docs/places_test.go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && exampleCause.Match(text) {
			files = append(files, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
