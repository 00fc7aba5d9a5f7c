// Package fileset is about files with numbers in their names, of which the oldest are
// removed: resets-000001.pcapng, resets-000002.pcapng beside resets.pcapng.
//
// The trap to avoid: a file of such a name may be somebody else's. Whoever removes files
// says how its own are known.
package fileset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Set is the numbered files beside a path. It follows no link out of their folder.
type Set struct {
	Folder *os.Root
	path   string
}

// Open opens the folder of a path.
func Open(path string) (*Set, error) {
	folder, err := os.OpenRoot(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, NoFolder(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the folder %s: %w", filepath.Dir(path), Reason(err))
	}
	return &Set{Folder: folder, path: path}, nil
}

// NoFolder is the error for a path whose folder is not there.
func NoFolder(path string) error {
	return fmt.Errorf("there is no folder %s: make it, or name another one", filepath.Dir(path))
}

// Close closes the folder.
func (s *Set) Close() error { return s.Folder.Close() }

// Base is the name of the path in its folder.
func (s *Set) Base() string { return filepath.Base(s.path) }

// Full is the path of a name in the folder.
func (s *Set) Full(name string) string { return filepath.Join(filepath.Dir(s.path), name) }

// Named is the name of a numbered file: the number is in front of the extension.
func (s *Set) Named(number int) string {
	stem, extension := s.parts()
	return fmt.Sprintf("%s%06d%s", stem, number, extension)
}

func (s *Set) parts() (stem, extension string) {
	name := s.Base()
	extension = filepath.Ext(name)
	return strings.TrimSuffix(name, extension) + "-", extension
}

// file is a file of the set.
type file struct {
	name   string
	number int
}

// Last is the largest number of a file, 0 if there is none.
func (s *Set) Last() (int, error) {
	there, err := s.list()
	if err != nil || len(there) == 0 {
		return 0, err
	}
	return there[len(there)-1].number, nil
}

// list has the numbered files in the folder, in their order.
func (s *Set) list() ([]file, error) {
	folder, err := s.Folder.Open(".")
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", filepath.Dir(s.path), Reason(err))
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", filepath.Dir(s.path), Reason(err))
	}
	stem, extension := s.parts()
	var found []file
	for _, name := range names {
		digits, begins := strings.CutPrefix(name, stem)
		digits, ends := strings.CutSuffix(digits, extension)
		number, err := strconv.Atoi(digits)
		if begins && ends && err == nil && number > 0 && s.Named(number) == name {
			found = append(found, file{name, number})
		}
	}
	slices.SortFunc(found, func(a, b file) int { return a.number - b.number })
	return found, nil
}

// RemoveOldest removes what is more than so many files. Those that are not ours stay, and
// do not count.
func (s *Set) RemoveOldest(keep int, ours func(name string) bool) error {
	there, err := s.list()
	if err != nil {
		return err
	}
	there = slices.DeleteFunc(there, func(f file) bool { return !ours(f.name) })
	for _, old := range there[:max(0, len(there)-keep)] {
		if err := s.Folder.Remove(old.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove %s: %w", s.Full(old.name), Reason(err))
		}
	}
	return nil
}

// Reason is an error without the operation and the path that package os puts in front.
func Reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
