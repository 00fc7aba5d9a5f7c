// Command gendocs writes the pages of docs/ that state what a table in the code
// or a recording states: causes.md, from the catalogue of causes, coverage.md, from
// what was recorded on real kernels, filters.md, from the fields of filters, and top.md,
// from the keys of the live screen.
//
//	gendocs ROOT
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rsttrace/rsttrace/internal/recording"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs ROOT")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	all, err := pages(root)
	if err != nil {
		return err
	}
	for name, page := range all {
		if err := os.WriteFile(filepath.Join(root, "docs", name), []byte(page), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages are the generated pages by file name.
func pages(root string) (map[string]string, error) {
	recordings, err := recording.ReadDir(filepath.Join(root, "internal", "recording", "testdata"))
	if err != nil {
		return nil, err
	}
	return map[string]string{"causes.md": causesPage(), "coverage.md": coveragePage(recordings), "filters.md": filtersPage(), "top.md": topPage()}, nil
}
