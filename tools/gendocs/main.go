// Command gendocs writes the pages of docs/ that state what a table in the code
// states: today docs/causes.md, from the catalogue of causes.
//
//	gendocs DIR
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../../docs

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs DIR")
		os.Exit(2)
	}
	for name, page := range pages() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(page), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gendocs:", err)
			os.Exit(1)
		}
	}
}

// pages are the generated pages by file name.
func pages() map[string]string {
	return map[string]string{"causes.md": causesPage()}
}
