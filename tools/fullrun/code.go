package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// code has a hash for each part of the code.
type code map[string]string

// onlyTests is what no program has: data of tests, and packages that only tests import.
var onlyTests = []string{"testdata", "prose", "roottest", "browsertest", "cputime", "fixture"}

// roots hold what runs on a kernel or as a service, and what is run to prove it.
var roots = []string{
	"bpf", "cmd", "deploy/packages", "deploy/systemd", "go.mod", "headers", "internal", "pkg", "test/vm",
	"tools/packages", "tools/vm-service", "tools/vm-service-guest", "tools/vm-test",
}

// codeOf reads the code below a folder. Parts are the folders with files, and the
// files among the roots. Tests, their data and pages are left out: a change there
// leaves the program as it is.
func codeOf(root string) (code, error) {
	files := map[string][]string{}
	for _, r := range roots {
		err := filepath.WalkDir(filepath.Join(root, r), func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && slices.Contains(onlyTests, d.Name()):
				return fs.SkipDir
			case d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".tmp"):
				return nil
			}
			part := r
			if path != filepath.Join(root, r) {
				if part, err = filepath.Rel(root, filepath.Dir(path)); err != nil {
					return err
				}
			}
			files[filepath.ToSlash(part)] = append(files[filepath.ToSlash(part)], path)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	c := code{}
	for part, paths := range files {
		hash, err := hashOf(paths)
		if err != nil {
			return nil, err
		}
		c[part] = hash
	}
	return c, nil
}

// hashOf is over the names and the contents of files.
func hashOf(paths []string) (string, error) {
	slices.Sort(paths)
	const digits = 16
	all := sha256.New()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(all, "%s %x\n", filepath.Base(path), sha256.Sum256(content))
	}
	return fmt.Sprintf("%x", all.Sum(nil))[:digits], nil
}

// changed lists the parts that differ, sorted: changed, new or gone.
func (c code) changed(now code) []string {
	var parts []string
	for part, hash := range now {
		if c[part] != hash {
			parts = append(parts, part)
		}
	}
	for part := range c {
		if _, still := now[part]; !still {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}
