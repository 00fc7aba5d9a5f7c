// Command licences writes LICENSES/third-party.txt: each Go module that is linked into
// rsttrace, and the text of its licence. Who hands on the program hands on this file, too.
//
//	licences ROOT
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: licences ROOT")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func write(root string) error {
	text, err := page(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, "LICENSES", "third-party.txt"), []byte(text), 0o644)
}
