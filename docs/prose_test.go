package docs

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rsttrace/rsttrace/internal/prose"
	"github.com/rsttrace/rsttrace/pkg/cause"
)

// Names of prose that is in no page.
const (
	catalogueProse = "the catalogue of causes"
	helpProse      = "the help of the commands" // its test is in cmd/rsttrace
	stringsProse   = "the strings of "          // and a folder
)

// TestPagesAreInPlainWords reads every page of the repository.
func TestPagesAreInPlainWords(t *testing.T) {
	for name, source := range writtenPages(t) {
		t.Run(name, func(t *testing.T) { prose.Require(t, name, prose.Markdown(source)) })
	}
}

func TestCatalogueIsInPlainWords(t *testing.T) {
	var texts []prose.Text
	for entry := range cause.All() {
		sentences := append([]string{entry.Meaning, entry.OnTheWire, entry.AppHere, entry.AppPeer, entry.Remedy}, entry.Fix...)
		for _, s := range sentences {
			texts = append(texts, prose.Plain(s)...)
		}
		texts = append(texts, prose.Text{Prose: entry.Title, Fragment: true})
	}
	prose.Require(t, catalogueProse, texts)
}

// TestUnfinishedExists: the list of what is not in plain words names nothing
// that is gone.
func TestUnfinishedExists(t *testing.T) {
	pages := writtenPages(t)
	for _, name := range prose.Unfinished() {
		folder, isOfStrings := strings.CutPrefix(name, stringsProse)
		if isOfStrings && slices.Contains(spoken, folder) {
			continue
		}
		if _, exists := pages[name]; !exists && name != catalogueProse && name != helpProse {
			t.Errorf("%s is listed as not in plain words and does not exist", name)
		}
	}
	if !slices.IsSorted(prose.Unfinished()) {
		t.Error("the list of what is not in plain words is not sorted")
	}
}

// root is the folder of the repository.
const root = ".."

// skippedFolders have nothing that is committed.
var skippedFolders = []string{".git", "bin", "dist", "results", "results-all"}

// writtenPages are the pages that a person wrote, by their names from the root
// of the repository.
func writtenPages(t *testing.T) map[string][]byte {
	t.Helper()
	return pagesOf(t, func(source []byte) bool { return !bytes.HasPrefix(source, []byte("<!-- Generated from ")) })
}

// pagesOf are the pages of the repository that are wanted.
func pagesOf(t *testing.T, wanted func(source []byte) bool) map[string][]byte {
	t.Helper()
	pages := map[string][]byte{}
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
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil || !wanted(source) {
			return err
		}
		name, err := filepath.Rel(root, path)
		pages[filepath.ToSlash(name)] = source
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}
