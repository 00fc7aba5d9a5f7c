package pcapng

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/rsttrace/rsttrace/internal/fileset"
	"github.com/rsttrace/rsttrace/internal/pcapng"
)

// Files are the files of a recording: one, or numbered ones. A file never takes the place
// of another one, follows no link, and only its user can read it.
type Files struct {
	// keep is how many numbered files there are at most, 0: no limit.
	keep     int
	numbered bool

	set    *fileset.Set
	file   *os.File
	name   string
	size   int64
	number int
}

// Create opens the first file. Numbered files have a number in front of the extension:
// resets.pcapng becomes resets-000001.pcapng. It goes on behind those that are there.
func Create(path string, numbered bool, keep int) (*Files, error) {
	set, err := fileset.Open(path)
	if err != nil {
		return nil, err
	}
	f := &Files{keep: keep, numbered: numbered, set: set}
	if err := f.create(); err != nil {
		_ = set.Close()
		return nil, err
	}
	return f, nil
}

func (f *Files) create() error {
	name := f.set.Base()
	if f.numbered {
		last, err := f.set.Last()
		if err != nil {
			return err
		}
		f.number = max(f.number, last) + 1
		name = f.set.Named(f.number)
	}
	file, err := f.set.Folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if info, at := f.set.Folder.Stat(name); at == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file in it", f.set.Full(name))
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: give another name, or remove it", f.set.Full(name))
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", f.set.Full(name), fileset.Reason(err))
	}
	f.file, f.name, f.size = file, name, 0
	return nil
}

// Name is the path of the open file.
func (f *Files) Name() string { return f.set.Full(f.name) }

// Write appends blocks to the file: all, or none.
func (f *Files) Write(blocks []byte) (int, error) {
	n, err := f.file.Write(blocks)
	if err == nil {
		f.size += int64(n)
		return n, nil
	}
	if n > 0 { // a part of a block is worth nothing
		err = errors.Join(err, f.file.Truncate(f.size))
	}
	return 0, fmt.Errorf("%s: %w", f.Name(), fileset.Reason(err))
}

// Next ends the file, begins the next one, and removes the oldest if there are too many.
func (f *Files) Next() error {
	if err := f.file.Close(); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), fileset.Reason(err))
	}
	if err := f.create(); err != nil {
		return err
	}
	return f.removeOldest()
}

// Close ends the recording. A file in which nothing was written is removed.
func (f *Files) Close() error {
	err := f.file.Close()
	if f.size == 0 {
		err = errors.Join(err, f.set.Folder.Remove(f.name))
	}
	return errors.Join(err, f.set.Close())
}

// removeOldest removes what is too many. What is no recording, or cannot be read, is
// somebody else's and stays.
func (f *Files) removeOldest() error {
	if f.keep == 0 {
		return nil
	}
	return f.set.RemoveOldest(f.keep, func(name string) bool { return name == f.name || f.isRecording(name) })
}

// headMax is enough for the first block of a recording.
const headMax = 4096

func (f *Files) isRecording(name string) bool {
	info, err := f.set.Folder.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := f.set.Folder.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	head, err := io.ReadAll(io.LimitReader(file, headMax))
	return err == nil && pcapng.IsRecording(head)
}
